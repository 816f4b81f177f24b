import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { exactRuntime } from '../../test/support/runtime-settings.ts';
import { gradientAlone, gradientByName, noiseAdapter, projections } from '../../test/support/gradient.ts';
import { cacheDir } from '../base/cache-dir.ts';
import { resolveModel } from '../model/installed.ts';
import type { ModelFile } from '../model/model.ts';
import { openModel } from '../model/open.ts';
import type { TrainOptions, TrainSequence } from '../protocol/runtime.ts';
import type { Adapter } from './decoder/adapter.ts';
import { createOptimizerState } from './training/optimizer.ts';
import type { CallHooks, Trainer } from './training/trainer.ts';
import { createTrainer } from './training/training.ts';

/** Made by scripts/fixtures/torch-logprobs.py. */
interface LogprobFixture {
  modelHash: string;
  prompts: {
    promptTokenIds: number[];
    greedy: { tokenIds: number[]; logprobs: number[] };
    sampled: { tokenIds: number[]; logprobs: number[] };
  }[];
}

/** Made by scripts/fixtures/torch-gradient.py, which says what the fields are. */
interface GradientFixture {
  rank: number;
  alpha: number;
  options: Pick<TrainOptions, 'lossType' | 'epsilonLow' | 'epsilonHigh' | 'dualClip' | 'beta'>;
  loss: number;
  gradNorm: number;
  sequences: (Omit<TrainSequence, 'id'> & { logprobs: number[] })[];
  projections: number[];
  tensors: Record<string, [norm: number, ...projections: number[]]>;
  whole: Record<string, string>;
}

function fixture(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`fixtures/${name}`, import.meta.url), 'utf8'));
}

const hooks: CallHooks = { signal: new AbortController().signal, onProgress: () => undefined };

function cosine(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    ab += a[i]! * b[i]!;
    aa += a[i]! ** 2;
    bb += b[i]! ** 2;
  }
  return ab / Math.sqrt(aa * bb);
}

describe('the trainer on the default model', function () {
  // A few thousand tokens through half a billion weights, in fp32.
  this.timeout(600_000);
  let model: ModelFile;
  let trainer: Trainer;
  let adapter: Adapter;
  const gradient = fixture('torch-gradient.json') as GradientFixture;

  before(async () => {
    // Where it is absent this says which command fetches it.
    model = await openModel(await resolveModel('qwen2.5-coder-0.5b', cacheDir()), { cacheDir: cacheDir() });
    adapter = noiseAdapter(model.config, gradient.rank, gradient.alpha, 0.02);
  });
  after(() => model.close());

  async function open() {
    const optimizer = createOptimizerState(adapter);
    const own = { model, cacheDir: cacheDir(), trained: adapter, optimizer, onLoad: () => undefined };
    trainer = await createTrainer({ ...exactRuntime, threads: 0, ...own });
    return optimizer;
  }
  afterEach(() => trainer.close());

  it('gives the logprobs of transformers for completions of 32 prompts', async () => {
    await open();
    const { modelHash, prompts } = fixture('torch-logprobs.json') as LogprobFixture;
    assert.equal(modelHash, model.hash);
    assert.equal(prompts.length, 32);
    const cases = prompts.flatMap(({ promptTokenIds, greedy, sampled }) => [
      { promptTokenIds, ...greedy },
      { promptTokenIds, ...sampled },
    ]);
    const actual = await trainer.logprobs(cases, false, hooks);
    const differences = cases.flatMap(({ logprobs }, i) => logprobs.map((x, t) => Math.abs(x - actual[i]![t]!)));
    const mean = differences.reduce((a, b) => a + b) / differences.length;
    assert.ok(mean <= 1e-4, `mean |difference| ${mean}`);
    assert.ok(Math.max(...differences) <= 1e-3, `largest ${Math.max(...differences)}`);
  });

  it('gives the loss and gradient of torch and PEFT', async () => {
    const optimizer = await open();
    const sequences = gradient.sequences.map((sequence, i) => ({ ...sequence, id: `s${i}` }));
    const options: TrainOptions = { ...gradientAlone, ...gradient.options, maxCompletionTokens: 16 };
    const [record] = await trainer.train(sequences, options, hooks);
    assert.ok(record?.applied);
    for (const [i, { logprobs }] of record.sequences.entries()) {
      logprobs!.forEach((x, t) => assert.ok(Math.abs(x - gradient.sequences[i]!.logprobs[t]!) < 1e-3));
    }
    assert.ok(Math.abs(record.loss - gradient.loss) < 1e-4 * Math.abs(gradient.loss), `loss ${record.loss}`);
    assert.ok(Math.abs(record.gradNorm / gradient.gradNorm - 1) < 1e-3, `norm ${record.gradNorm}`);

    const tensors = gradientByName(adapter, optimizer);
    assert.deepEqual([...tensors.keys()], Object.keys(gradient.tensors));
    for (const [name, data] of Object.entries(gradient.whole)) {
      const bytes = Uint8Array.from(Buffer.from(data, 'base64'));
      const similarity = cosine(tensors.get(name)!, new Float32Array(bytes.buffer));
      assert.ok(similarity >= 0.9999, `${name}: cosine ${similarity}`);
    }
    const difference = gradient.projections.map((x) => -x);
    for (const [index, [name, tensor]] of [...tensors].entries()) {
      const [norm, ...expected] = gradient.tensors[name]!;
      const own = projections(tensor, index);
      own.forEach((x, bit) => (difference[bit]! += x));
      // A projection on random signs is as large as the norm, so this is a distance relative to it.
      expected.forEach((x, bit) => assert.ok(Math.abs(own[bit]! - x) < 0.01 * norm, `${name}: ${own[bit]}, not ${x}`));
    }
    // The mean square of the projections of a difference is the square of its norm (Johnson and Lindenstrauss).
    const distance = Math.sqrt(difference.reduce((sum, x) => sum + x * x, 0) / difference.length) / gradient.gradNorm;
    const similarity = 1 - distance ** 2 / 2;
    assert.ok(similarity >= 0.9999, `cosine ${similarity}`);
    assert.ok(distance < 1e-3, `relative distance ${distance}`);
  });
});
