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

/** A rank-4 adapter with an effect that cannot be overlooked. */
async function writeRandomAdapter(modelPath: string, dir: string): Promise<void> {
  const model = await openModel(modelPath);
  let drawn = 0;
  const adapter = createAdapter(model.config, 4, 12, () => uniform(6, drawn++));
  adapter.pairs.forEach(({ b }) => b.forEach((_, i) => (b[i] = (uniform(7, drawn++) - 0.5) * 0.4)));
  await writeCheckpoint(dir, { adapter, optimizer: createOptimizerState(adapter) }, 'tiny');
  await model.close();
}
