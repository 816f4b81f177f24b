import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BoundaryError } from '../../base/errors.ts';
import { uniform } from '../../base/random.ts';
import type { DecoderConfig, ModelFile } from '../../model/model.ts';
import { dequantizeBlocks, quantizeBlocks } from './quantize.ts';
import { planPreparation } from './weight-plan.ts';
import { prepareWeights } from './weights.ts';

const config: DecoderConfig = {
  architecture: 'qwen2',
  layers: 2,
  hidden: 64,
  ffn: 96,
  heads: 4,
  kvHeads: 2,
  headSize: 16,
  vocabulary: 50,
  ropeBase: 10_000,
  rmsEpsilon: 1e-6,
  contextLength: 128,
  attentionBias: true,
  headNorm: false,
  tiedEmbedding: false,
};

/** A model of random numbers that remembers which tensors were asked for. */
function randomModel(overrides: Partial<DecoderConfig> = {}): ModelFile & { asked: string[] } {
  const whole = { ...config, ...overrides };
  const sizes = new Map(
    planPreparation(whole, 'fp32').steps.map(({ outputs: [shape] }) => [
      shape.name,
      shape.dims.reduce((product, size) => product * size, 1),
    ]),
  );
  const asked: string[] = [];
  return {
    path: 'random',
    hash: 'abc',
    config: whole,
    tokenizer: {
      encode: () => [],
      encodeText: () => [],
      decode: () => '',
      stream: () => ({ push: () => '', end: () => '' }),
      renderChat: () => '',
      endIds: [],
    },
    asked,
    has: (name) => sizes.has(name),
    tensor: (name) => {
      asked.push(name);
      const index = [...sizes.keys()].indexOf(name);
      return Promise.resolve(Float32Array.from({ length: sizes.get(name) ?? 0 }, (_, i) => uniform(index, i) - 0.5));
    },
    close: () => Promise.resolve(),
  };
}

describe('quantizeBlocks', () => {
  it('rounds every number to within half a step of its block', () => {
    const weights = Float32Array.from(
      { length: 640 },
      (_, i) => (uniform(1, i) - 0.5) * 10 ** (Math.floor(i / 32) % 7),
    );
    const rounded = quantizeBlocks([weights.subarray(0, 320), weights.subarray(320)]);
    const back = dequantizeBlocks(rounded);
    for (const [i, weight] of weights.entries()) {
      const step = rounded.scale[Math.floor(i / 32)]!;
      assert.ok(Math.abs(back[i]! - weight) <= step * 0.501, `${i}: ${back[i]} for ${weight}, step ${step}`);
    }
  });

  it('keeps the largest number of a block and a block of zeros', () => {
    const weights = new Float32Array(64);
    weights[5] = -3.5;
    const back = dequantizeBlocks(quantizeBlocks([weights]));
    assert.ok(Math.abs(back[5]! + 3.5) < 1e-6);
    assert.deepEqual(back.filter((value) => value !== 0).length, 1);
  });
});

describe('quantizeBlocks on numbers of a GGUF file', () => {
  // A step as the files store it: an fp16 number.
  const step = 1234 * 2 ** -20;
  for (const [format, least, most] of [
    ['Q8_0', -127, 127],
    ['Q5_0', -16, 15],
    ['Q4_0', -8, 7],
  ] as const) {
    it(`keeps them exactly (${format})`, () => {
      const weights = Float32Array.from({ length: 3200 }, (_, i) => {
        const random = least + Math.floor(uniform(3, i) * (most - least + 1));
        return step * (i % 32 === 5 ? least : random);
      });
      assert.deepEqual(dequantizeBlocks(quantizeBlocks([weights])), weights);
    });
  }
});

describe('prepareWeights', () => {
  let cache: string;
  beforeEach(async () => {
    cache = await mkdtemp(join(tmpdir(), 'weights-'));
  });
  afterEach(() => rm(cache, { recursive: true, force: true }));

  it('stores every tensor of the checkpoint in fp32', async () => {
    const model = randomModel();
    const weights = await prepareWeights(model, cache, 'fp32');
    for (const name of [...model.asked]) {
      assert.deepEqual(await weights.read(name), await model.tensor(name), name);
    }
    assert.deepEqual(weights.tensor('lm_head.weight').dims, [50, 64]);
  });

  it('stacks q, k and v in 8 bit', async () => {
    const model = randomModel();
    const weights = await prepareWeights(model, cache, 'nb32');
    const { q, scale } = quantizeBlocks(
      await Promise.all(['q', 'k', 'v'].map((part) => model.tensor(`model.layers.1.self_attn.${part}_proj.weight`))),
    );
    const prefix = 'model.layers.1.self_attn.qkv_proj';
    const { data, dims } = weights.tensor(`${prefix}.q`);
    const file = await readFile(join(weights.folder, data.location));
    assert.deepEqual(dims, [128, 2, 32]);
    assert.deepEqual(new Uint8Array(file.subarray(data.offset, data.offset + data.length)), q);
    assert.deepEqual(await weights.read(`${prefix}.scale`), scale);
    assert.deepEqual(weights.tensor(`${prefix}.bias`).dims, [128]);
  });

  it('lets a tied head lie where the embedding lies', async () => {
    for (const format of ['fp32', 'nb32'] as const) {
      const weights = await prepareWeights(randomModel({ tiedEmbedding: true, attentionBias: false }), cache, format);
      const suffix = format === 'fp32' ? 'weight' : 'q';
      assert.deepEqual(weights.tensor(`lm_head.${suffix}`).data, weights.tensor(`model.embed_tokens.${suffix}`).data);
    }
  });

  it('reads nothing from the model when the folder is whole', async () => {
    await prepareWeights(randomModel(), cache, 'nb32');
    const again = randomModel();
    const stages: number[] = [];
    await prepareWeights(again, cache, 'nb32', (done) => stages.push(done));
    assert.deepEqual([again.asked, stages], [[], []]);
  });

  it('rebuilds what is torn or of another layout', async () => {
    const { folder } = await prepareWeights(randomModel(), cache, 'nb32');
    const index = await readFile(join(folder, 'index.json'), 'utf8');
    const damages: (() => Promise<void>)[] = [
      () => truncate(join(folder, 'weights.bin'), 100),
      () => truncate(join(folder, 'index.json'), 100),
      () => writeFile(join(folder, 'index.json'), index.replace(/"version":\d+/, '"version":0')),
      () => rm(join(folder, 'weights.bin')),
    ];
    for (const damage of damages) {
      await damage();
      const model = randomModel();
      const weights = await prepareWeights(model, cache, 'nb32');
      assert.ok(model.asked.length > 0, 'nothing was rebuilt');
      assert.equal((await weights.read('model.norm.weight')).length, 64);
    }
  });

  it('leaves nothing behind when the model fails, and clears what dead processes left', async () => {
    await mkdir(join(cache, 'prepared', 'abc-nb32.tmp-999999999'), { recursive: true });
    const torn = { ...randomModel(), tensor: () => Promise.resolve(new Float32Array(32)) };
    await assert.rejects(prepareWeights(torn, cache, 'nb32'), BoundaryError);
    assert.deepEqual(await readdir(join(cache, 'prepared')), []);
  });

  it('refuses sizes that are not made of whole blocks', async () => {
    await assert.rejects(prepareWeights(randomModel({ ffn: 100 }), cache, 'nb32'), /multiple of 32/);
  });

  it('reports progress up to the whole', async () => {
    const seen: [number, number][] = [];
    const weights = await prepareWeights(randomModel(), cache, 'fp32', (done, total) => seen.push([done, total]));
    assert.deepEqual(seen.at(-1), [seen[0]![1], seen[0]![1]]);
    assert.ok(seen.length > weights.config.layers);
  });
});
