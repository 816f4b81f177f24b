import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exactRuntime } from '../../../test/support/runtime-settings.ts';
import { openModel } from '../../model/open.ts';
import { uniform } from '../../base/random.ts';
import type { Completion, GenerateRequest } from '../../protocol/runtime.ts';
import type { RuntimeSettings } from '../settings.ts';
import { gradientAlone } from '../../../test/support/gradient.ts';
import { writeTinyModel } from '../../../test/support/tiny-model.ts';
import { createAdapter } from '../decoder/adapter.ts';
import { writeCheckpoint } from '../training/checkpoint.ts';
import { createRuntime, type RuntimeHandlers } from './runtime.ts';
import { createOptimizerState } from '../training/optimizer.ts';

/** What 8-bit weights and activations cost this tiny model of random weights, nats; larger models lose far less. */
const rounding = 0.06;

describe('a loaded runtime', () => {
  let folder: string;
  let runtime: RuntimeHandlers;
  const context = { onProgress: () => undefined, signal: new AbortController().signal };

  // Two key-value heads, so that q, k and v differ in size and place.
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'runtime-'));
    await writeTinyModel(join(folder, 'model'), { hidden: 128, heads: 8, kvHeads: 2, layers: 2 });
    await mkdir(join(folder, 'adapter'));
    await mkdir(join(folder, 'saved'));
    await writeRandomAdapter(join(folder, 'model'), join(folder, 'adapter'));
    await mkdir(join(folder, 'saved-weights'));
    runtime = createRuntime();
    await load('lora');
  });
  after(() => rm(folder, { recursive: true, force: true }));

  const load = (trainedWeights: RuntimeSettings['trainedWeights'], sleepMode: RuntimeSettings['sleepMode'] = 'on') =>
    runtime.load(
      {
        ...exactRuntime,
        modelPath: join(folder, 'model'),
        cacheDir: folder,
        slots: 8,
        contextTokens: 256,
        loraRank: 8,
        loraAlpha: 16,
        seed: 3,
        trainedWeights,
        sleepMode,
      },
      context,
    );

  const requests: GenerateRequest[] = ['first', 'the second prompt'].map((text, i) => ({
    prompt: { text },
    samples: 6,
    maxTokens: 40,
    temperature: 1,
    seed: i,
  }));

  async function generate(adapter: boolean): Promise<Completion[]> {
    return (await runtime.generate({ requests, adapter }, context)).flat();
  }

  /** Mean |sampler - trainer| over all tokens, nats. */
  async function disagreement(completions: Completion[], adapter: boolean): Promise<number> {
    const exact = (await runtime.logprobs({ sequences: completions, adapter }, context)).flat();
    const sampled = completions.flatMap(({ logprobs }) => logprobs);
    assert.equal(exact.length, sampled.length);
    return exact.reduce((sum, value, i) => sum + Math.abs(value - sampled[i]!), 0) / exact.length;
  }

  it('samples from the policy that it trains: base model and adapter agree with the exact logprobs', async () => {
    const base = await generate(false);
    assert.ok((await disagreement(base, false)) < rounding);
    // The adapter of another rank than the one that was loaded.
    await runtime.loadCheckpoint({ dir: join(folder, 'adapter') }, context);
    const adapted = await generate(true);
    assert.ok((await disagreement(adapted, true)) < rounding);
    assert.ok((await disagreement(adapted, false)) > 5 * rounding, 'the adapter is too weak for this test');
    assert.deepEqual(await generate(false), base);
  });

  it('generates the same after a checkpoint was written and read', async () => {
    await runtime.loadCheckpoint({ dir: join(folder, 'adapter') }, context);
    const before = await generate(true);
    await runtime.saveCheckpoint({ dir: join(folder, 'saved'), baseModel: 'tiny' }, context);
    await runtime.loadCheckpoint({ dir: join(folder, 'saved') }, context);
    assert.deepEqual(await generate(true), before);
  });

  async function update(completions: Completion[]): Promise<void> {
    const sequences = completions.map((completion, i) => ({
      ...completion,
      id: String(i),
      advantage: i % 2 === 0 ? 1 : -1,
      oldLogprobs: completion.logprobs,
    }));
    const options = { ...gradientAlone, learningRate: 0.02, adamBeta1: 0.9, maxGradNorm: 1, maxCompletionTokens: 40 };
    const [record] = await runtime.train({ sequences, options }, context);
    assert.ok(record?.applied);
  }

  const tokensOf = (completions: Completion[]): number[][] => completions.map(({ tokenIds }) => tokenIds);

  it('generates with the trained adapter after an update', async () => {
    const before = await generate(true);
    await update(before);
    const after = await generate(true);
    assert.notDeepEqual(tokensOf(after), tokensOf(before));
    assert.ok((await disagreement(after, true)) < rounding);
  });

  it('computes the same whether sampler and trainer sleep in turns or not', async () => {
    const results: Completion[][] = [];
    for (const sleepMode of ['on', 'off'] as const) {
      await load('lora', sleepMode);
      await update(await generate(true));
      await update(await generate(true));
      results.push(await generate(true));
    }
    assert.deepEqual(results[1], results[0]);
  });

  it('generates with the trained weights where all are trained, with the same base model', async () => {
    const base = await generate(false);
    await load('full');
    const before = await generate(true);
    assert.deepEqual(before, base, 'before an update they are one');
    await update(before);
    const after = await generate(true);
    assert.notDeepEqual(tokensOf(after), tokensOf(before));
    assert.ok((await disagreement(after, true)) < rounding);
    assert.ok((await disagreement(after, false)) > 5 * rounding, 'the update is too weak for this test');
    assert.deepEqual(await generate(false), base);

    await runtime.saveCheckpoint({ dir: join(folder, 'saved-weights'), baseModel: 'tiny' }, context);
    await runtime.loadCheckpoint({ dir: join(folder, 'adapter') }, context);
    assert.notDeepEqual(tokensOf(await generate(true)), tokensOf(after));
    await runtime.loadCheckpoint({ dir: join(folder, 'saved-weights') }, context);
    assert.deepEqual(await generate(true), after);
  });
});

describe('a runtime that is asked for integer products', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'runtime-products-'));
    await writeTinyModel(join(folder, 'model'), { hidden: 128, heads: 8, kvHeads: 2, layers: 2 });
  });
  after(() => rm(folder, { recursive: true, force: true }));

  const context = { onProgress: () => undefined, signal: new AbortController().signal };
  const strict = { samplerPrecision: 'strict', evalPrecision: 'strict', trainPrecision: 'exact' } as const;
  const balanced = { samplerPrecision: 'balanced', evalPrecision: 'balanced', trainPrecision: 'balanced' } as const;

  /** What a runtime says of its precisions and computes, on a processor whose integer products are `exact` or not. */
  async function compute(exact: boolean, asked: Partial<RuntimeSettings>) {
    let checks = 0;
    const runtime = createRuntime(() => {
      checks++;
      return Promise.resolve(exact);
    });
    const paths = { modelPath: join(folder, 'model'), cacheDir: folder };
    const request = { ...exactRuntime, ...paths, slots: 8, contextTokens: 128, seed: 3, ...asked };
    const { precisions } = await runtime.load(request, context);
    const requests = [{ prompt: { text: 'a prompt' }, samples: 4, maxTokens: 20, temperature: 1, seed: 1 }];
    const completions = (await runtime.generate({ requests, adapter: true }, context)).flat();
    const promptTokenIds = Array.from({ length: 12 }, (_, i) => 97 + i);
    const sequences = [{ promptTokenIds, tokenIds: [...promptTokenIds].reverse() }];
    const [logprobs] = await runtime.logprobs({ sequences, adapter: true }, context);
    await runtime.load(request, context);
    return { precisions, completions, logprobs, checks };
  }

  it('computes them where they are exact', async () => {
    const { precisions, completions, logprobs } = await compute(true, balanced);
    assert.deepEqual(precisions, balanced);
    const other = await compute(true, strict);
    assert.notDeepEqual(completions, other.completions);
    assert.notDeepEqual(logprobs, other.logprobs);
  });

  it('samples in strict and trains in exact where they saturate, says why, and checks the processor once', async () => {
    const { precisions, completions, logprobs, checks } = await compute(false, balanced);
    const { reason, ...used } = precisions;
    assert.deepEqual(used, strict);
    assert.match(
      reason ?? '',
      /evalPrecision=balanced is computed as strict, .* as exact because integer products saturate/,
    );
    assert.equal(checks, 1);
    const expected = await compute(true, strict);
    assert.deepEqual(completions, expected.completions);
    assert.deepEqual(logprobs, expected.logprobs);
    assert.equal(expected.precisions.reason, undefined);
  });

  it('names fp32 as the precision of full fine-tuning, whatever was asked for', async () => {
    const { precisions } = await compute(true, { ...balanced, trainedWeights: 'full' });
    assert.deepEqual(precisions, { ...balanced, trainPrecision: 'exact' });
  });

  it('says whether they are exact where it is asked for the device alone', async () => {
    for (const exact of [true, false]) {
      const runtime = createRuntime(() => Promise.resolve(exact));
      const { integerProducts } = await runtime.probeDevice({ device: 'cpu' }, context);
      assert.equal(integerProducts, exact);
    }
  });
});

/** A rank-4 adapter with an effect that cannot be overlooked. */
async function writeRandomAdapter(modelPath: string, dir: string): Promise<void> {
  const model = await openModel(modelPath);
  let drawn = 0;
  const adapter = createAdapter(model.config, 4, 12, () => uniform(6, drawn++));
  adapter.pairs.forEach(({ b }) => b.forEach((_, i) => (b[i] = (uniform(7, drawn++) - 0.5) * 0.4)));
  await writeCheckpoint(dir, { adapter, optimizer: createOptimizerState(adapter) }, 'tiny');
  await model.close();
}
