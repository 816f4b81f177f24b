import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exactRuntime } from '../../../test/support/runtime-settings.ts';
import { writeTinyModel } from '../../../test/support/tiny-model.ts';
import type { ModelFile } from '../../model/model.ts';
import { openModel } from '../../model/open.ts';
import { uniform } from '../../base/random.ts';
import { runtimeSettings } from '../settings.ts';
import { createAdapter, type Adapter } from '../decoder/adapter.ts';
import { createGenerator } from '../generation/generation.ts';
import { createOptimizerState } from '../training/optimizer.ts';
import { createTrainer } from '../training/training.ts';

describe('precisions', function () {
  this.timeout(60_000);
  let folder: string;
  let model: ModelFile;
  let adapter: Adapter;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'selfq-precision-'));
    await writeTinyModel(folder, { embeddingScale: 0.4 });
    model = await openModel(folder, { cacheDir: folder });
    let drawn = 0;
    adapter = createAdapter(model.config, 4, 8, () => uniform(3, drawn++));
    adapter.pairs.forEach(({ b }, pair) => b.forEach((_, i) => (b[i] = (uniform(4, pair, i) - 0.5) * 0.2)));
  });

  after(async () => {
    await model.close();
    await rm(folder, { recursive: true, force: true });
  });

  it('of sampler and trainer are one policy, whichever is chosen', async () => {
    const requests = ['one', 'another prompt'].map((text, i) => ({
      ...{ prompt: { text }, samples: 4, maxTokens: 20, temperature: 1, seed: i },
    }));
    for (const samplerPrecision of runtimeSettings.samplerPrecision.kind.choices) {
      const generator = await createGenerator(model, {
        ...{ ...exactRuntime, cacheDir: folder, slots: 8, contextTokens: 64, samplerPrecision },
      });
      generator.setAdapter(adapter);
      const sampled = (await generator.generate(requests, { adapter: true })).flat();
      await generator.release();
      const again = (await generator.generate(requests, { adapter: true })).flat();
      assert.deepEqual(again, sampled, 'after release as before');
      await generator.close();
      for (const trainPrecision of runtimeSettings.trainPrecision.kind.choices) {
        const trainer = await createTrainer({
          ...{ ...exactRuntime, model, cacheDir: folder, trained: adapter, trainPrecision, microBatchTokens: 48 },
          optimizer: createOptimizerState(adapter),
          onLoad: () => undefined,
        });
        const hooks = { onProgress: () => undefined, signal: new AbortController().signal };
        const logprobs = await trainer.logprobs(sampled, true, hooks);
        await trainer.close();
        const differences = logprobs.flatMap((own, i) => own.map((x, t) => Math.abs(x - sampled[i]!.logprobs[t]!)));
        const mean = differences.reduce((sum, x) => sum + x, 0) / differences.length;
        assert.ok(mean < 0.05, `${samplerPrecision} against ${trainPrecision}: ${mean} nats`);
      }
    }
  });
});
