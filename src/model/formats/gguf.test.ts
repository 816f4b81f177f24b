import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeGguf, type GgufContent } from './gguf-writer.ts';
import { assertRefused } from '../../../test/support/refusal.ts';
import { tinyLlama } from '../../../test/support/tiny-gguf.ts';
import { BoundaryError } from '../../base/errors.ts';
import { readGgufHeader } from './gguf.ts';
import { openModel } from '../open.ts';

const f32 = 0;

/** The same as a qwen3 model: heads of size 8, wider together than the model, and a norm for those of q and k. */
function tinyQwen3(): GgufContent {
  const { metadata, tensors } = tinyLlama();
  const shapes: Record<string, number[]> = { q: [16, 8], k: [8, 8], v: [8, 8], output: [8, 16] };
  const own = (name: string, shape: number[]) => {
    const values = Float32Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) => i);
    return { name, shape, type: f32, bytes: new Uint8Array(values.buffer) };
  };
  const renamed = Object.entries(metadata).map(([key, value]) => [key.replace(/^llama\./, 'qwen3.'), value]);
  return {
    metadata: {
      ...(Object.fromEntries(renamed) as GgufContent['metadata']),
      'general.architecture': 'qwen3',
      'qwen3.attention.key_length': 8,
      'qwen3.rope.freq_base': { float: 1_000_000 },
      'tokenizer.ggml.pre': 'qwen2',
    },
    tensors: [
      ...tensors.map(({ name, shape, ...rest }) => {
        const part = /attn_(q|k|v|output)\./.exec(name)?.[1];
        return part === undefined ? { name, shape, ...rest } : own(name, shapes[part]!);
      }),
      own('blk.0.attn_q_norm.weight', [8]),
      own('blk.0.attn_k_norm.weight', [8]),
    ],
  };
}

describe('a GGUF file', () => {
  let dir = '';
  let path = '';
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'selfq-gguf-'));
    path = join(dir, 'model.gguf');
  });
  afterEach(() => rm(dir, { recursive: true }));

  async function refusesChanged(metadata: GgufContent['metadata'], words: RegExp): Promise<void> {
    const content = tinyLlama();
    writeGguf(path, { ...content, metadata: { ...content.metadata, ...metadata } });
    await assertRefused(path, words);
  }

  it('gives its metadata with the types it was written in', async () => {
    const metadata = {
      name: 'é',
      small: { int8: -3 },
      large: { int64: 2n ** 60n },
      half: { float: 0.5 },
      tenth: { double: 0.1 },
      yes: true,
      words: { strings: ['a', '', 'ĠĠ'] },
      numbers: { ints: [-1, 7] },
    };
    writeGguf(path, { metadata, tensors: [] });
    const read = await readGgufHeader(path);
    assert.deepEqual([...read.metadata.values()], ['é', -3, 2n ** 60n, 0.5, 0.1, true, ['a', '', 'ĠĠ'], [-1, 7]]);
    assert.equal(read.version, 3);
  });

  it('opens under the names and shapes of Hugging Face', async () => {
    writeGguf(path, tinyLlama());
    const model = await openModel(path);
    assert.deepEqual(model.config, {
      architecture: 'llama',
      layers: 1,
      hidden: 8,
      ffn: 16,
      heads: 2,
      kvHeads: 1,
      headSize: 4,
      vocabulary: 257,
      ropeBase: 10_000,
      rmsEpsilon: Math.fround(1e-5),
      contextLength: 128,
      attentionBias: false,
      headNorm: false,
      tiedEmbedding: true,
    });
    assert.equal((await model.tensor('model.layers.0.mlp.down_proj.weight'))[127], 127);
    assert.equal(model.has('model.norm.weight'), true);
    assert.equal(model.has('lm_head.weight'), false);
    assert.deepEqual(model.tokenizer.encode('hi<|im_end|>'), [104, 105, 256]);
    await model.close();
  });

  it('undoes the interleaving of rotary halves in q and k of llama models, and only there', async () => {
    writeGguf(path, tinyLlama());
    const model = await openModel(path);
    const firstOfRows = async (name: string): Promise<number[]> => {
      const values = await model.tensor(`model.layers.0.self_attn.${name}.weight`);
      return Array.from(values).filter((_, i) => i % 8 === 0);
    };
    // Row r of the file starts with 8 r; a head's rows are (0 of half one, 0 of half two, 1 of half one, …).
    assert.deepEqual(await firstOfRows('q_proj'), [0, 16, 8, 24, 32, 48, 40, 56]);
    assert.deepEqual(await firstOfRows('k_proj'), [0, 16, 8, 24]);
    assert.deepEqual(await firstOfRows('v_proj'), [0, 8, 16, 24]);
    await model.close();
  });

  it('opens as qwen3 with the norms of its heads, and with q and k as they lie', async () => {
    writeGguf(path, tinyQwen3());
    const model = await openModel(path);
    const { architecture, headSize, headNorm, attentionBias, ropeBase } = model.config;
    assert.deepEqual(
      { architecture, headSize, headNorm, attentionBias, ropeBase },
      { architecture: 'qwen3', headSize: 8, headNorm: true, attentionBias: false, ropeBase: 1_000_000 },
    );
    assert.equal((await model.tensor('model.layers.0.self_attn.q_norm.weight'))[7], 7);
    assert.deepEqual(
      [...(await model.tensor('model.layers.0.self_attn.k_proj.weight'))],
      Array.from({ length: 64 }, (_, i) => i),
    );
    await model.close();
    const content = tinyQwen3();
    writeGguf(path, { ...content, tensors: content.tensors.slice(0, -1) });
    await assertRefused(path, /has no tensor model\.layers\.0\.self_attn\.k_norm\.weight/);
  });

  it('brings the rotary factors of Llama 3 along', async () => {
    const content = tinyLlama();
    const bytes = new Uint8Array(Float32Array.of(1, 8).buffer);
    content.tensors.push({ name: 'rope_freqs.weight', shape: [2], type: f32, bytes });
    writeGguf(path, content);
    const model = await openModel(path);
    assert.deepEqual(model.config.ropeFactors, [1, 8]);
    await model.close();
  });

  it('is refused when it is no GGUF file, empty, or of another version', async () => {
    await writeFile(path, '<!DOCTYPE html><title>404</title>');
    await assertRefused(path, /is no GGUF file: it starts with "<!DO"/);
    await writeFile(path, '');
    await assertRefused(path, /is empty/);
    writeGguf(path, { ...tinyLlama(), version: 1 });
    await assertRefused(path, /is GGUF version 1; versions 2 and 3 can be read/);
  });

  it('is refused as torn wherever it ends too early, with how much is missing', async () => {
    writeGguf(path, tinyLlama());
    const whole = await readFile(path);
    await truncate(path, whole.length - 100);
    await assertRefused(path, /is torn: it ends after \d+ bytes, 100 bytes before the end of blk\.0\.ffn_down\.weight/);
    for (const length of [3, 7, 23, 40, 500, 3000]) {
      await writeFile(path, whole.subarray(0, length));
      await assertRefused(path, /torn|no GGUF/);
    }
  });

  it('is refused as damaged when a count is absurd, without allocating for it', async () => {
    writeGguf(path, tinyLlama());
    const bytes = await readFile(path);
    bytes.writeBigUInt64LE(2n ** 62n, 16);
    await writeFile(path, bytes);
    await assertRefused(path, /is damaged: byte 16 announces 4611686018427387904 entries/);
  });

  it('never fails otherwise than as a model fault, whichever byte of its header is wrong', async () => {
    writeGguf(path, tinyLlama());
    const whole = await readFile(path);
    for (let i = 0; i < 600; i += 7) {
      const bytes = Buffer.from(whole);
      bytes[i] = bytes[i]! ^ 0xff;
      await writeFile(path, bytes);
      const model = await openModel(path).catch((error: unknown) => {
        assert.ok(error instanceof BoundaryError && error.boundary === 'model', `byte ${i}: ${String(error)}`);
      });
      await model?.close();
    }
  });

  it('is refused by name where it holds a tensor that is not computed with', async () => {
    const own = (name: string, shape: number[]) => {
      const values = new Float32Array(shape.reduce((a, b) => a * b));
      return { name, shape, type: f32, bytes: new Uint8Array(values.buffer) };
    };
    for (const [name, shape] of [
      ['blk.0.attn_output.bias', [8]],
      ['blk.0.ffn_down.bias', [8]],
      ['blk.0.attn_q.bias', [8]],
      ['blk.1.attn_norm.weight', [8]],
      ['output_norm.bias', [8]],
    ] as const) {
      const content = tinyLlama();
      content.tensors.push(own(name, [...shape]));
      writeGguf(path, content);
      // A bias of q asks for those of k and v.
      await assertRefused(path, name === 'blk.0.attn_q.bias' ? /has no tensor .*bias/ : new RegExp(`holds ${name}`));
    }
  });

  it('computes with the biases of q, k and v, which are interleaved as their matrices are', async () => {
    const content = tinyLlama();
    for (const [part, length] of [
      ['q', 8],
      ['k', 4],
      ['v', 4],
    ] as const) {
      const values = Float32Array.from({ length }, (_, i) => i);
      const bytes = new Uint8Array(values.buffer);
      content.tensors.push({ name: `blk.0.attn_${part}.bias`, shape: [length], type: f32, bytes });
    }
    writeGguf(path, content);
    const model = await openModel(path);
    assert.equal(model.config.attentionBias, true);
    const biasOf = async (part: string) => [...(await model.tensor(`model.layers.0.self_attn.${part}_proj.bias`))];
    assert.deepEqual(await biasOf('q'), [0, 2, 1, 3, 4, 6, 5, 7]);
    assert.deepEqual(await biasOf('k'), [0, 2, 1, 3]);
    assert.deepEqual(await biasOf('v'), [0, 1, 2, 3]);
    await model.close();
  });

  it('is refused when it has a tensor or a key twice', async () => {
    const content = tinyLlama();
    writeGguf(path, { ...content, tensors: [...content.tensors, ...content.tensors.slice(0, 1)] });
    await assertRefused(path, /has the tensor "token_embd\.weight" twice/);
    writeGguf(path, content);
    const bytes = await readFile(path);
    // Two keys of equal length become one.
    const at = bytes.indexOf('llama.context_length');
    bytes.write('llama.block_count\0\0\0', at, 'latin1');
    bytes.writeBigUInt64LE(17n, at - 8);
    await writeFile(path, bytes);
    await assertRefused(path, /twice|damaged|torn/);
  });

  it('is refused for an array of millions of bytes before memory is filled with it', async () => {
    const header = Buffer.alloc(24);
    header.write('GGUF');
    header.writeUInt32LE(3, 4);
    header.writeBigUInt64LE(1n, 16);
    const key = Buffer.from('a');
    const array = Buffer.alloc(8 + key.length + 4 + 4 + 8);
    array.writeBigUInt64LE(1n, 0);
    key.copy(array, 8);
    array.writeUInt32LE(9, 9);
    array.writeUInt32LE(0, 13);
    array.writeBigUInt64LE(30_000_000n, 17);
    await writeFile(path, Buffer.concat([header, array, Buffer.alloc(30_000_000)]));
    const before = process.memoryUsage().rss;
    await assertRefused(path, /an array of 30000000 values, more than any model has/);
    assert.ok(process.memoryUsage().rss - before < 250e6);
  });

  it('refuses by name the numbers that change the computation', async () => {
    await refusesChanged({ 'llama.rope.scaling.factor': { float: 4 } }, /llama\.rope\.scaling\.factor to 4/);
    await refusesChanged({ 'llama.attention.scale': { float: 0.5 } }, /llama\.attention\.scale to 0\.5/);
    await refusesChanged({ 'llama.attention.causal': false }, /only causal attention/);
    await refusesChanged({ 'llama.attention.value_length': 8 }, /values of 8; only equal ones/);
    await refusesChanged({ 'llama.block_count': 1_000_000_000 }, /gives its layers as 1000000000/);
    await refusesChanged({ 'llama.embedding_length': 0 }, /gives its hidden as 0/);
  });

  it('names an unknown architecture, variant or tokenizer', async () => {
    await refusesChanged({ 'general.architecture': 'mamba' }, /architecture "mamba"; qwen2, qwen3, llama can be run/);
    await refusesChanged({ 'llama.expert_count': 8 }, /mixture of experts/);
    await refusesChanged({ 'split.count': 3 }, /one part of a split model/);
    await refusesChanged({ 'llama.rope.scaling.type': 'yarn' }, /scales its rotary positions \(yarn\)/);
    await refusesChanged({ 'llama.rope.dimension_count': 2 }, /rotates 2 of 4 dimensions/);
    await refusesChanged({ 'llama.block_count': 'one' }, /llama\.block_count that is not a number/);
    await refusesChanged({ 'tokenizer.ggml.model': 'llama' }, /tokenizer of kind "llama"/);
    await refusesChanged({ 'tokenizer.ggml.pre': 'falcon' }, /named "falcon", which is not known/);
    await refusesChanged({ 'tokenizer.ggml.merges': 'none' }, /lacks tokenizer\.ggml\.merges/);
  });

  it('names a tensor that is missing, misshapen or of an unreadable type', async () => {
    const content = tinyLlama();
    writeGguf(path, { ...content, tensors: content.tensors.slice(0, -1) });
    await assertRefused(path, /has no tensor model\.layers\.0\.mlp\.down_proj\.weight/);
    await refusesChanged(
      { 'llama.feed_forward_length': 32 },
      /of shape \[16, 8\] where its configuration asks for \[32, 8\]/,
    );
    const exotic = content.tensors.map((tensor) => ({ ...tensor, type: tensor.shape.length === 2 ? 23 : f32 }));
    writeGguf(path, { ...content, tensors: exotic });
    await assertRefused(path, /stores .+ as IQ4_XS, which cannot be read/);
  });

  it('is missed with the command that fetches one', async () => {
    await assert.rejects(openModel(join(dir, 'none.gguf')), (error) => {
      assert.ok(error instanceof BoundaryError);
      assert.match(error.remedy, /selfq models pull qwen2\.5-coder-0\.5b/);
      return true;
    });
  });
});
