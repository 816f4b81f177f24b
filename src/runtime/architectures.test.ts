import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exactRuntime } from '../../test/support/runtime-settings.ts';
import { gradientAlone, gradientByName, noiseAdapter, projections } from '../../test/support/gradient.ts';
import { writeTinyModel } from '../../test/support/tiny-model.ts';
import type { ModelFile } from '../model/model.ts';
import { openModel } from '../model/open.ts';
import type { TrainSequence } from '../protocol/runtime.ts';
import type { Adapter } from './decoder/adapter.ts';
import { tinyArchitectures } from './fixtures/tiny-architectures.ts';
import { createGenerator } from './generation/generation.ts';
import { Inference } from './generation/inference.ts';
import { packAdapter } from './decoder/lora-inputs.ts';
import { readFullWeights } from './decoder/trained.ts';
import { createOptimizerState } from './training/optimizer.ts';
import type { CallHooks } from './training/trainer.ts';
import { createTrainer } from './training/training.ts';
import type { WeightFormat } from './weights/weight-plan.ts';
import { prepareWeights } from './weights/weights.ts';

/** Made by scripts/fixtures/tiny-architectures.py, which says what the fields are. */
interface Fixture {
  rank: number;
  alpha: number;
  models: Record<string, Truth>;
}
interface Truth {
  promptTokenIds: number[];
  tokenIds: number[];
  logprobs: number[];
  greedy: { tokenIds: number[]; gaps: number[] };
  adapted: number[];
  /** On the adapter. */
  gradient: Record<string, [norm: number, ...projections: number[]]>;
  /** On every weight, without the adapter. */
  full: Truth['gradient'];
}

const { rank, alpha, models } = JSON.parse(
  readFileSync(new URL('fixtures/tiny-architectures.json', import.meta.url), 'utf8'),
) as Fixture;

const hooks: CallHooks = { signal: new AbortController().signal, onProgress: () => undefined };

for (const [name, options] of Object.entries(tinyArchitectures)) {
  const truth = models[name]!;
  describe(`a tiny model of ${name}`, () => {
    let dir = '';
    let model: ModelFile;
    let adapter: Adapter;
    before(async () => {
      dir = await mkdtemp(join(tmpdir(), 'selfq-architecture-'));
      await writeTinyModel(dir, options);
      model = await openModel(dir);
      adapter = noiseAdapter(model.config, rank, alpha, 0.2);
    });
    after(async () => {
      await model.close();
      await rm(dir, { recursive: true });
    });

    it('is generated from as transformers does: greedy tokens', async () => {
      const generator = await createGenerator(model, { ...exactRuntime, cacheDir: dir, contextTokens: 256 });
      const { promptTokenIds, greedy } = truth;
      const text = String.fromCharCode(...promptTokenIds);
      const request = { prompt: { text }, samples: 1, maxTokens: greedy.tokenIds.length, temperature: 0, seed: 1 };
      const [[completion] = []] = await generator.generate([request], { adapter: false });
      await generator.close();
      assert.deepEqual(completion?.promptTokenIds, promptTokenIds);
      assert.deepEqual(completion.tokenIds, greedy.tokenIds);
    });

    for (const [format, bound] of [
      ['fp32', 1e-4],
      ['nb32', 0.05],
    ] as const) {
      it(`has the logprobs of transformers in the cache of ${format}, with and without adapter`, async () => {
        const inference = await load(format);
        for (const [expected, lora] of [
          [truth.logprobs, undefined],
          [truth.adapted, packAdapter(model.config, adapter)],
        ] as const) {
          inference.lora = lora ?? inference.lora;
          const actual = await forcedLogprobs(inference);
          assert.ok(meanDifference(actual, expected) < bound, `${meanDifference(actual, expected)}`);
        }
        await inference.close();
      });
    }

    it('is trained as torch and PEFT do: logprobs and gradient', async () => {
      const optimizer = createOptimizerState(adapter);
      const own = { model, cacheDir: dir, trained: adapter, optimizer, onLoad: () => undefined };
      const trainer = await createTrainer({ ...exactRuntime, ...own });
      const [plain] = await trainer.logprobs([truth], false, hooks);
      assert.ok(meanDifference(plain!, truth.logprobs) < 1e-5);
      const [record] = await trainer.train([sequenceOf(truth)], gradientAlone, hooks);
      await trainer.close();
      assert.ok(meanDifference(record!.sequences[0]!.logprobs!, truth.adapted) < 1e-5);
      assertGradient(gradientByName(adapter, optimizer), truth.gradient);
    });

    it('is trained as torch does when every weight is: logprobs and gradient, whatever is computed again', async () => {
      for (const gradientCheckpointing of ['none', 'selective', 'full'] as const) {
        const weights = await readFullWeights(model);
        const optimizer = createOptimizerState(weights);
        const own = { model, cacheDir: dir, trained: weights, optimizer, onLoad: () => undefined };
        const trainer = await createTrainer({ ...exactRuntime, ...own, gradientCheckpointing });
        const sequence = { ...sequenceOf(truth), oldLogprobs: truth.logprobs };
        const [record] = await trainer.train([sequence], gradientAlone, hooks);
        const [reference] = await trainer.logprobs([truth], false, hooks);
        await trainer.close();
        for (const logprobs of [record!.sequences[0]!.logprobs!, reference!]) {
          assert.ok(meanDifference(logprobs, truth.logprobs) < 1e-5);
        }
        assertGradient(new Map(weights.tensors.map(({ name }, i) => [name, optimizer.first[i]!])), truth.full);
      }
    });

    async function load(format: WeightFormat): Promise<Inference> {
      const weights = await prepareWeights(model, dir, format);
      return Inference.load(model.config, weights, { threads: 1, contextTokens: 256 });
    }

    /** Logprobs of the fixture's completion: its prompt in one run, then token by token. */
    async function forcedLogprobs(inference: Inference): Promise<number[]> {
      const { promptTokenIds, tokenIds } = truth;
      inference.reserve(1, 256);
      await inference.prefill(0, 0, promptTokenIds.slice(0, -1), () => undefined);
      const logprobs: number[] = [];
      for (const [position, token] of tokenIds.entries()) {
        const input = tokenIds[position - 1] ?? promptTokenIds.at(-1)!;
        const logits = await inference.decode([[input]], [promptTokenIds.length + position]);
        logprobs.push(logprobOf(logits, token));
      }
      return logprobs;
    }
  });
}

function assertGradient(gradient: ReadonlyMap<string, Float32Array>, truth: Truth['gradient']): void {
  assert.deepEqual(new Set(gradient.keys()), new Set(Object.keys(truth)));
  for (const [index, [tensor, [norm, ...expected]]] of Object.entries(truth).entries()) {
    const actual = gradient.get(tensor)!;
    assert.ok(Math.abs(Math.hypot(...actual) / norm - 1) < 1e-3, `${tensor}: norm ${Math.hypot(...actual)}`);
    const own = projections(actual, index);
    expected.forEach((x, bit) =>
      assert.ok(Math.abs(own[bit]! - x) < 1e-3 * norm, `${tensor}: projection ${own[bit]}, not ${x}`),
    );
  }
}

/** With old logprobs equal to the current ones every ratio is 1, and the loss has the gradient of -logprob. */
function sequenceOf({ promptTokenIds, tokenIds, adapted }: Truth): TrainSequence {
  return { id: 's', promptTokenIds, tokenIds, advantage: 1, oldLogprobs: adapted };
}

function meanDifference(a: readonly number[], b: readonly number[]): number {
  assert.equal(a.length, b.length);
  return a.reduce((sum, x, i) => sum + Math.abs(x - b[i]!), 0) / a.length;
}

function logprobOf(logits: Float32Array, token: number): number {
  const largest = logits.reduce((most, logit) => Math.max(most, logit), -Infinity);
  const total = logits.reduce((sum, logit) => sum + Math.exp(logit - largest), 0);
  return logits[token]! - largest - Math.log(total);
}
