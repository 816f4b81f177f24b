import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeGguf } from './gguf-writer.ts';
import { writeTinyModel } from '../../../test/support/tiny-model.ts';
import { BoundaryError } from '../../base/errors.ts';
import { uniform } from '../../base/random.ts';
import { byteLevelAlphabet } from '../tokenizer/byte-level.ts';
import { expectedTensors } from '../layout.ts';
import { toBfloat16, writeMerged, type LowRankUpdate } from './merged.ts';
import type { ModelFile } from '../model.ts';
import { openModel } from '../open.ts';
import { readSafetensorsHeader } from './safetensors.ts';

/** A pair for each named linear layer, all numbers random. */
function randomAdapter(model: ModelFile, parts: readonly string[], seed = 9): LowRankUpdate {
  const rank = 3;
  let drawn = 0;
  const random = (length: number): Float32Array => Float32Array.from({ length }, () => uniform(seed, drawn++) - 0.5);
  const pairs = [...expectedTensors(model.config)].flatMap(([name, shape]) => {
    const [outputs = 0, inputs = 0] = shape;
    const layer = name.replace(/\.weight$/, '');
    const own = name.endsWith('.weight') && parts.some((part) => layer.endsWith(part));
    return own
      ? [{ name: layer, inputs, outputs, rank, scale: 2, a: random(rank * inputs), b: random(outputs * rank) }]
      : [];
  });
  return { pairs };
}

/** The sum written out: W[o, i] + scale * sum over r of B[o, r] A[r, i]. */
function merged(values: Float32Array, adapter: LowRankUpdate, name: string): Float64Array {
  const result = Float64Array.from(values);
  const pair = adapter.pairs.find((candidate) => `${candidate.name}.weight` === name);
  if (pair) {
    for (let o = 0; o < pair.outputs; o++) {
      for (let i = 0; i < pair.inputs; i++) {
        for (let r = 0; r < pair.rank; r++) {
          const product = pair.b[o * pair.rank + r]! * pair.a[r * pair.inputs + i]!;
          result[o * pair.inputs + i]! += pair.scale * product;
        }
      }
    }
  }
  return result;
}

describe('a model with its adapter merged in', () => {
  let dir: string;
  let base: ModelFile;
  let adapter: LowRankUpdate;

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'merged-'));
    await writeTinyModel(join(dir, 'base'));
    base = await openModel(join(dir, 'base'));
    adapter = randomAdapter(base, ['q_proj', 'down_proj']);
  });

  afterEach(async () => {
    await base.close();
    await rm(dir, { recursive: true });
  });

  const out = (): string => join(dir, 'out');

  it('opens as a model whose tensors are base plus (alpha / rank) B A', async () => {
    await writeMerged(base, adapter, out(), { type: 'float32' });
    const model = await openModel(out());
    assert.deepEqual(model.config, base.config);
    for (const name of expectedTensors(base.config).keys()) {
      const expected = merged(await base.tensor(name), adapter, name);
      const actual = await model.tensor(name);
      assert.equal(actual.length, expected.length);
      assert.ok(
        actual.every((value, i) => Math.abs(value - expected[i]!) < 1e-5),
        name,
      );
    }
    await model.close();
  });

  it('is stored in bfloat16, each number the nearest one, and keeps tokenizer and chat template', async () => {
    const bytes = await writeMerged(base, adapter, out(), { type: 'bfloat16' });
    const { tensors } = await readSafetensorsHeader(join(out(), 'model.safetensors'));
    assert.deepEqual(new Set([...tensors.values()].map(({ dtype }) => dtype)), new Set(['BF16']));
    const model = await openModel(out());
    const name = 'model.layers.1.mlp.down_proj.weight';
    const expected = merged(await base.tensor(name), adapter, name);
    assert.ok((await model.tensor(name)).every((value, i) => Math.abs(value / expected[i]! - 1) < 2 ** -8));
    const messages = [{ role: 'user', content: 'Grüße, 123' }];
    const prompt = model.tokenizer.renderChat(messages);
    assert.equal(prompt, base.tokenizer.renderChat(messages));
    assert.deepEqual(model.tokenizer.encode(prompt), base.tokenizer.encode(prompt));
    assert.deepEqual(model.tokenizer.endIds, base.tokenizer.endIds);
    const sizes = [...expectedTensors(base.config).values()].map((shape) => shape.reduce((a, b) => a * b, 2));
    assert.equal(
      bytes,
      sizes.reduce((a, b) => a + b),
    );
    const config = JSON.parse(await readFile(join(out(), 'config.json'), 'utf8')) as Record<string, unknown>;
    assert.equal(config['torch_dtype'], 'bfloat16');
    await model.close();
  });

  it('rounds to the nearest bfloat16, ties to even', () => {
    const cases: [number, number][] = [
      [1, 0x3f80],
      [-2.5, 0xc020],
      // Half-way between 1 and its successor 1 + 2^-7, and between that and the next.
      [1 + 2 ** -8, 0x3f80],
      [1 + 3 * 2 ** -8, 0x3f82],
      [1 + 2 ** -8 + 2 ** -20, 0x3f81],
      [Infinity, 0x7f80],
      [3.4e38, 0x7f80],
    ];
    assert.deepEqual(
      [...toBfloat16(Float32Array.from(cases, ([value]) => value))],
      cases.map(([, bits]) => bits),
    );
    assert.ok((toBfloat16(Float32Array.of(NaN))[0]! & 0x7f) > 0);
  });

  it('is cut into files with an index when it is large', async () => {
    await writeMerged(base, adapter, out(), { type: 'float32', shardBytes: 150_000 });
    const names = await readdir(out());
    const shards = names.filter((name) => /^model-0000\d-of-0000\d\.safetensors$/.test(name));
    assert.ok(shards.length >= 3, names.join());
    const index = JSON.parse(await readFile(join(out(), 'model.safetensors.index.json'), 'utf8')) as {
      metadata: { total_size: number };
      weight_map: Record<string, string>;
    };
    assert.deepEqual(Object.keys(index.weight_map).sort(), [...expectedTensors(base.config).keys()].sort());
    for (const shard of shards) {
      const { tensors } = await readSafetensorsHeader(join(out(), shard));
      assert.ok([...tensors.keys()].every((name) => index.weight_map[name] === shard));
    }
    await (await openModel(out())).close();
  });

  it('leaves nothing behind when it fails, and does not touch a folder that holds something', async () => {
    const foreign = randomAdapter(base, ['q_proj']);
    foreign.pairs[0]!.name = 'model.layers.7.self_attn.q_proj';
    const wrong = writeMerged(base, foreign, out(), { type: 'bfloat16' });
    await assert.rejects(wrong, (error) => error instanceof BoundaryError && /layers\.7/.test(error.message));
    const stop = new AbortController();
    const stopped = writeMerged(base, adapter, out(), {
      type: 'bfloat16',
      signal: stop.signal,
      onProgress: () => stop.abort(),
    });
    await assert.rejects(stopped, (error) => error instanceof BoundaryError && error.boundary === 'interrupted');
    assert.deepEqual(await readdir(dir), ['base']);

    const occupied = writeMerged(base, adapter, join(dir, 'base'), { type: 'bfloat16' });
    await assert.rejects(occupied, (error) => error instanceof BoundaryError && error.boundary === 'usage');
    assert.ok((await readdir(join(dir, 'base'))).includes('model.safetensors'));
  });

  it('brings configuration, tokenizer and chat template of a GGUF file', async () => {
    const path = join(dir, 'llama.gguf');
    await writeLlama(path);
    const model = await openModel(path);
    const change = randomAdapter(model, ['v_proj']);
    await writeMerged(model, change, out(), { type: 'float32', files: new Map([['README.md', '# tiny\n']]) });
    const copy = await openModel(out());
    // Texts hold decimal numbers, the GGUF file fp32 ones.
    const rounded = ({ config }: ModelFile): object => ({
      ...config,
      rmsEpsilon: Math.fround(config.rmsEpsilon),
      ropeFactors: config.ropeFactors?.map(Math.fround),
    });
    assert.deepEqual(rounded(copy), rounded(model));
    for (const name of expectedTensors(model.config).keys()) {
      const expected = merged(await model.tensor(name), change, name);
      assert.ok((await copy.tensor(name)).every((value, i) => Math.abs(value - expected[i]!) < 1e-5));
    }
    const messages = [{ role: 'user', content: 'naïve 12' }];
    assert.equal(copy.tokenizer.renderChat(messages), '<bos>user: naïve 12<end>');
    const text = copy.tokenizer.renderChat(messages);
    assert.deepEqual(copy.tokenizer.encode(text), model.tokenizer.encode(text));
    assert.equal(copy.tokenizer.decode(copy.tokenizer.encode(text)), text);
    assert.deepEqual(copy.tokenizer.endIds, model.tokenizer.endIds);
    assert.equal(await readFile(join(out(), 'README.md'), 'utf8'), '# tiny\n');
    await model.close();
    await copy.close();
  });

  it('refuses rotary divisors that config.json cannot express', async () => {
    const path = join(dir, 'odd.gguf');
    await writeLlama(path, [1, 1, 2, 3, 5, 8, 13, 21]);
    const model = await openModel(path);
    await assert.rejects(
      writeMerged(model, undefined, out(), { type: 'float32' }),
      (error) => error instanceof BoundaryError && /rotary/.test(error.message),
    );
    await model.close();
  });
});

/** Divisors of Llama 3.1 for head size 16 and base 500,000, from the formula of the paper's published code. */
const llama31Factors = Array.from({ length: 8 }, (_, i) => {
  const wavelength = 2 * Math.PI * 500_000 ** (i / 8);
  if (wavelength < 8192 / 4) {
    return 1;
  }
  if (wavelength > 8192) {
    return 8;
  }
  const smooth = (8192 / wavelength - 1) / 3;
  return 1 / ((1 - smooth) / 8 + smooth);
});

async function writeLlama(path: string, ropeFactors: readonly number[] = llama31Factors): Promise<void> {
  const tokens = [...byteLevelAlphabet(), 'ab', '<bos>', '<end>'];
  const types = [...tokens.map(() => 1)];
  types[257] = types[258] = 3;
  let drawn = 0;
  const tensor = (name: string, shape: readonly number[]) => {
    const length = shape.reduce((product, size) => product * size, 1);
    const values = Float32Array.from({ length }, () => uniform(5, drawn++) - 0.5);
    return { name, shape, type: 0, bytes: new Uint8Array(values.buffer) };
  };
  writeGguf(path, {
    metadata: {
      'general.architecture': 'llama',
      'llama.embedding_length': 32,
      'llama.block_count': 1,
      'llama.feed_forward_length': 64,
      'llama.attention.head_count': 2,
      'llama.attention.head_count_kv': 1,
      'llama.attention.layer_norm_rms_epsilon': { float: 1e-5 },
      'llama.context_length': 512,
      'llama.rope.freq_base': { float: 500_000 },
      'tokenizer.ggml.model': 'gpt2',
      'tokenizer.ggml.pre': 'llama-bpe',
      'tokenizer.ggml.tokens': { strings: tokens },
      'tokenizer.ggml.token_type': { ints: types },
      'tokenizer.ggml.merges': { strings: ['a b'] },
      'tokenizer.ggml.bos_token_id': 257,
      'tokenizer.ggml.eos_token_id': 258,
      'tokenizer.chat_template':
        '{{ bos_token }}{% for m in messages %}{{ m.role }}: {{ m.content }}{{ eos_token }}{% endfor %}',
    },
    tensors: [
      tensor('token_embd.weight', [259, 32]),
      tensor('output_norm.weight', [32]),
      tensor('blk.0.attn_norm.weight', [32]),
      tensor('blk.0.ffn_norm.weight', [32]),
      tensor('blk.0.attn_q.weight', [32, 32]),
      tensor('blk.0.attn_k.weight', [16, 32]),
      tensor('blk.0.attn_v.weight', [16, 32]),
      tensor('blk.0.attn_output.weight', [32, 32]),
      tensor('blk.0.ffn_gate.weight', [64, 32]),
      tensor('blk.0.ffn_up.weight', [64, 32]),
      tensor('blk.0.ffn_down.weight', [32, 64]),
      {
        name: 'rope_freqs.weight',
        shape: [ropeFactors.length],
        type: 0,
        bytes: new Uint8Array(Float32Array.from(ropeFactors).buffer),
      },
    ],
  });
}
