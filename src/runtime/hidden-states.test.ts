import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { noiseAdapter } from '../../test/support/gradient.ts';
import { exactRuntime } from '../../test/support/runtime-settings.ts';
import { writeTinyModel } from '../../test/support/tiny-model.ts';
import type { ModelFile } from '../model/model.ts';
import { openModel } from '../model/open.ts';
import { packAdapter } from './decoder/lora-inputs.ts';
import { tinyArchitectures } from './fixtures/tiny-architectures.ts';
import { createGenerator } from './generation/generation.ts';
import { Inference } from './generation/inference.ts';
import { prepareWeights } from './weights/weights.ts';

/** Made by scripts/fixtures/hidden-states.py, which says what the fields are. */
interface Fixture {
  rank: number;
  alpha: number;
  models: Record<string, { promptTokenIds: number[]; mean: number[]; adapted: number[] }>;
}

const { rank, alpha, models } = JSON.parse(
  readFileSync(new URL('fixtures/hidden-states.json', import.meta.url), 'utf8'),
) as Fixture;

for (const [name, options] of Object.entries(tinyArchitectures)) {
  const truth = models[name]!;
  const text = String.fromCharCode(...truth.promptTokenIds);
  describe(`the mean hidden state of a tiny model of ${name}`, () => {
    let dir = '';
    let model: ModelFile;
    before(async () => {
      dir = await mkdtemp(join(tmpdir(), 'selfq-hidden-'));
      await writeTinyModel(dir, options);
      model = await openModel(dir);
    });
    after(async () => {
      await model.close();
      await rm(dir, { recursive: true });
    });

    it('is that of transformers on exact weights, with and without adapter', async () => {
      const weights = await prepareWeights(model, dir, 'fp32');
      const inference = await Inference.load(model.config, weights, { threads: 1, contextTokens: 256 });
      const adapter = noiseAdapter(model.config, rank, alpha, 0.2);
      const embed = () => inference.embed(truth.promptTokenIds, () => undefined);
      assertClose(await embed(), truth.mean);
      inference.lora = packAdapter(model.config, adapter);
      assertClose(await embed(), truth.adapted);
      await inference.close();
    });

    it('has the direction of transformers on the weights of sampling, and disturbs no completion', async () => {
      const generator = await createGenerator(model, { ...exactRuntime, cacheDir: dir, contextTokens: 256 });
      const request = { prompt: { text }, samples: 2, maxTokens: 8, temperature: 1, seed: 3 };
      const before = await generator.generate([request], { adapter: false });
      const [first, second] = await generator.embed([{ text }, { text: text.slice(0, 20) }], { adapter: false });
      assert.ok(cosine(first!, truth.mean) > 0.999, String(cosine(first!, truth.mean)));
      assert.ok(cosine(second!, truth.mean) < 0.999);
      assert.deepEqual(await generator.generate([request], { adapter: false }), before);
      await assert.rejects(generator.embed([{ text: '' }], { adapter: false }), /empty/);
      await generator.close();
    });
  });
}

function assertClose(actual: readonly number[], expected: readonly number[]): void {
  assert.equal(actual.length, expected.length);
  const largest = Math.max(...expected.map((value, i) => Math.abs(value - (actual[i] ?? NaN))));
  assert.ok(largest < 1e-4, `they differ by ${largest}`);
}

function cosine(a: readonly number[], b: readonly number[]): number {
  const dot = (x: readonly number[], y: readonly number[]) => x.reduce((sum, value, i) => sum + value * (y[i] ?? 0), 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}
