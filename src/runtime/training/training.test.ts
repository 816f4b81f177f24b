import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exactRuntime } from '../../../test/support/runtime-settings.ts';
import { writeTinyModel } from '../../../test/support/tiny-model.ts';
import type { ModelFile } from '../../model/model.ts';
import { openModel } from '../../model/open.ts';
import { uniform } from '../../base/random.ts';
import type { TrainOptions, TrainSequence } from '../../protocol/runtime.ts';
import type { GradientCheckpointing, TrainPrecision } from '../settings.ts';
import { createAdapter, type Adapter } from '../decoder/adapter.ts';
import { tokenLoss, tokenWeights } from './loss.ts';
import { createOptimizerState, type OptimizerState } from './optimizer.ts';
import type { CallHooks, Trainer, TrainerOptions } from './trainer.ts';
import { parametersOf } from '../decoder/trained.ts';
import { createTrainer } from './training.ts';

const options: TrainOptions = {
  lossType: 'dapo',
  epsilonLow: 0.2,
  epsilonHigh: 0.28,
  dualClip: 3,
  beta: 0,
  learningRate: 0,
  adamBeta1: 0.9,
  adamBeta2: 0.999,
  weightDecay: 0,
  maxGradNorm: Infinity,
  miniBatchSequences: 0,
  maxCompletionTokens: 16,
};

const hooks = (signal = new AbortController().signal): CallHooks => ({ signal, onProgress: () => undefined });

describe('a trainer on a tiny model', () => {
  let folder: string;
  let model: ModelFile;
  const opened: Trainer[] = [];

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'training-'));
    await writeTinyModel(join(folder, 'model'), { kvHeads: 1, heads: 2 });
    model = await openModel(join(folder, 'model'));
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((trainer) => trainer.close()));
  });
  after(async () => {
    await model.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** A trainer whose adapter is not at its start, so that gradients reach A as well. */
  async function open(
    changes: Partial<TrainerOptions> = {},
  ): Promise<{ trainer: Trainer; adapter: Adapter; optimizer: OptimizerState }> {
    let drawn = 0;
    const adapter = createAdapter(model.config, 4, 8, () => uniform(3, drawn++));
    adapter.pairs.forEach(({ b }, pair) => b.forEach((_, i) => (b[i] = (uniform(4, pair, i) - 0.5) * 0.2)));
    const optimizer = createOptimizerState(adapter);
    const whole = {
      ...exactRuntime,
      model,
      cacheDir: folder,
      trained: adapter,
      optimizer,
      onLoad: () => undefined,
      ...changes,
    };
    const trainer = await createTrainer(whole);
    opened.push(trainer);
    return { trainer, adapter, optimizer };
  }

  const randomIds = (key: number, count: number) =>
    Array.from({ length: count }, (_, i) => Math.floor(uniform(5, key, i) * 256));
  const prompts = [randomIds(1, 7), randomIds(2, 12)];
  /** Completions of two prompts, of different lengths and advantages. */
  async function batch(trainer: Trainer, advantages = [1.5, -0.5, 0, 0.8, -1.1]): Promise<TrainSequence[]> {
    const bare = advantages.map((advantage, i) => ({
      id: `s${i}`,
      promptTokenIds: prompts[i % 2]!,
      tokenIds: randomIds(10 + i, 3 + ((i * 5) % 7)),
      advantage,
    }));
    const current = await trainer.logprobs(bare, true, hooks());
    const reference = await trainer.logprobs(bare, false, hooks());
    return bare.map((sequence, i) => ({
      ...sequence,
      // Ratios from e^-0.6 to e^1.4 take every branch of the clips.
      oldLogprobs: current[i]!.map((logprob, t) => logprob - 0.4 - (uniform(6, i, t) - 0.5) * 2),
      refLogprobs: reference[i]!,
    }));
  }

  /** With learning rate 0 a first update leaves the gradient in the optimiser's first moments, times 1 - adamBeta1. */
  async function gradientOf(
    sequences: TrainSequence[],
    changes: Partial<TrainOptions> = {},
    trainerChanges: Partial<TrainerOptions> = {},
  ) {
    const { trainer, optimizer } = await open(trainerChanges);
    const [record, ...others] = await trainer.train(sequences, { ...options, ...changes }, hooks());
    assert.ok(record?.applied && others.length === 0);
    return { record, gradient: optimizer.first.map((moment) => moment.map((x) => x / (1 - options.adamBeta1))) };
  }

  function assertClose(actual: readonly Float32Array[], expected: readonly Float32Array[], tolerance: number): void {
    const flat = (tensors: readonly Float32Array[]) => tensors.flatMap((tensor) => [...tensor]);
    const [a, b] = [flat(actual), flat(expected)];
    const norm = Math.hypot(...b);
    assert.ok(norm > 0);
    const distance = Math.hypot(...a.map((x, i) => x - b[i]!)) / norm;
    assert.ok(distance < tolerance, `relative distance ${distance}`);
  }

  it('gives the same gradient however much the backward pass computes again', async () => {
    const { trainer } = await open();
    const sequences = await batch(trainer);
    const of = async (trainPrecision: TrainPrecision, gradientCheckpointing: GradientCheckpointing) =>
      (await gradientOf(sequences, {}, { trainPrecision, gradientCheckpointing })).gradient;
    const kept = await of('exact', 'none');
    assertClose(await of('exact', 'selective'), kept, 1e-6);
    assertClose(await of('exact', 'full'), kept, 1e-6);
    // What is kept of rounded products is rounded as well.
    const rounded = await of('balanced', 'none');
    assertClose(await of('balanced', 'selective'), rounded, 0.05);
    assertClose(await of('balanced', 'full'), rounded, 0.05);
  });

  it('gives a completion the same logprobs alone and beside others of its prompt', async () => {
    const { trainer } = await open();
    const sequences = await batch(trainer);
    const together = await trainer.logprobs(sequences, true, hooks());
    for (const [i, sequence] of sequences.entries()) {
      const [alone] = await trainer.logprobs([sequence], true, hooks());
      assert.equal(alone!.length, sequence.tokenIds.length);
      alone!.forEach((logprob, t) => assert.ok(Math.abs(logprob - together[i]![t]!) < 1e-5));
    }
  });

  it('switches the adapter off for the base model', async () => {
    const { trainer, adapter } = await open();
    const sequences = await batch(trainer);
    const base = await trainer.logprobs(sequences, false, hooks());
    const adapted = await trainer.logprobs(sequences, true, hooks());
    assert.notDeepEqual(base, adapted);
    adapter.pairs.forEach(({ b }) => b.fill(0));
    assert.deepEqual(await trainer.logprobs(sequences, true, hooks()), base);
  });

  it('follows the slope of the loss: gradients of all parameters against central differences', async () => {
    const { trainer, adapter } = await open();
    const changes = { beta: 0.1 };
    const sequences = await batch(trainer);
    const { gradient } = await gradientOf(sequences, changes);
    const parameters = parametersOf(adapter).map(({ data }) => data);
    const weights = tokenWeights(
      sequences.map(({ tokenIds }) => tokenIds.length),
      options,
    );
    const lossAt = async (direction: readonly Float32Array[], distance: number) => {
      const saved = parameters.map((tensor) => tensor.slice());
      parameters.forEach((tensor, p) => tensor.forEach((x, i) => (tensor[i] = x + distance * direction[p]![i]!)));
      const logprobs = await trainer.logprobs(sequences, true, hooks());
      parameters.forEach((tensor, p) => tensor.set(saved[p]!));
      return sequences.reduce(
        (sum, { oldLogprobs, refLogprobs, advantage }, i) =>
          logprobs[i]!.reduce(
            (part, logprob, t) =>
              part +
              weights[i]! *
                tokenLoss(logprob, oldLogprobs[t]!, refLogprobs![t], advantage, { ...options, ...changes }).loss,
            sum,
          ),
        0,
      );
    };
    for (let trial = 0; trial < 6; trial++) {
      // One kind of layer at a time, so that each is seen, in random directions.
      const direction = parameters.map((tensor, p) =>
        tensor.map((_, i) => (p % 6 === trial ? Math.sign(uniform(7, trial, p, i) - 0.5) : 0)),
      );
      const h = 1e-3;
      const slope = ((await lossAt(direction, h)) - (await lossAt(direction, -h))) / (2 * h);
      const expected = gradient.reduce(
        (sum, tensor, p) => tensor.reduce((part, g, i) => part + g * direction[p]![i]!, sum),
        0,
      );
      assert.ok(Math.abs(slope - expected) < 0.01 * Math.max(1, Math.abs(expected)), `${slope}, not ${expected}`);
    }
  });

  it('reports the loss that loss.ts gives for its logprobs', async () => {
    const { trainer } = await open();
    const sequences = await batch(trainer);
    for (const lossType of ['dapo', 'grpo', 'dr_grpo'] as const) {
      const { record } = await gradientOf(sequences, { lossType, beta: 0.1 });
      const expected = record.sequences.reduce((sum, { id, tokenWeight, logprobs }) => {
        const { oldLogprobs, refLogprobs, advantage } = sequences.find((sequence) => sequence.id === id)!;
        return logprobs!.reduce(
          (part, logprob, t) =>
            part +
            tokenWeight *
              tokenLoss(logprob, oldLogprobs[t]!, refLogprobs![t], advantage, { ...options, beta: 0.1 }).loss,
          sum,
        );
      }, 0);
      assert.ok(Math.abs(record.loss - expected) < 1e-9);
      assert.ok(record.kl > 0 && record.clipRatio > 0 && record.clipRatio < 1);
    }
  });

  it('leaves completions of zero advantage out without changing loss or gradient', async () => {
    const { trainer } = await open();
    const sequences = await batch(trainer);
    const left = await gradientOf(sequences);
    assert.deepEqual(
      left.record.sequences.map(({ logprobs }) => logprobs !== undefined),
      [true, true, false, true, true],
    );
    // An advantage too small to matter keeps the completion in.
    const kept = await gradientOf(sequences.map((s) => ({ ...s, advantage: s.advantage || 1e-12 })));
    assert.ok(kept.record.sequences.every(({ logprobs }) => logprobs));
    assertClose(left.gradient, kept.gradient, 1e-4);
    assert.ok(Math.abs(left.record.loss - kept.record.loss) < 1e-6);
  });

  it('comes near to the exact gradient in 8 and 16 bit', async () => {
    const { trainer } = await open();
    const sequences = await batch(trainer);
    const exact = await gradientOf(sequences);
    const distance = async (trainPrecision: TrainPrecision) => {
      const { gradient } = await gradientOf(sequences, {}, { trainPrecision });
      const difference = gradient.flatMap((tensor, p) => [...tensor.map((x, i) => x - exact.gradient[p]![i]!)]);
      return Math.hypot(...difference) / Math.hypot(...exact.gradient.flatMap((tensor) => [...tensor]));
    };
    const rounded = await distance('balanced');
    assert.ok(rounded < 0.1, `${rounded}`);
    assert.ok((await distance('half')) < 3e-3, `${await distance('half')}`);
    assert.equal(await distance('exact'), 0);
  });

  it('takes one optimiser step for each mini-batch', async () => {
    const { trainer, optimizer } = await open();
    const sequences = await batch(trainer);
    const records = await trainer.train(sequences, { ...options, miniBatchSequences: 2 }, hooks());
    assert.deepEqual(
      records.map((record) => record.sequences.map(({ id }) => id)),
      [['s0', 's1'], ['s2', 's3'], ['s4']],
    );
    assert.equal(optimizer.step, 3);
  });

  it('changes nothing and says so when a number is not finite', async () => {
    const { trainer, adapter, optimizer } = await open();
    const sequences = await batch(trainer);
    const before = structuredClone({ adapter, optimizer });
    const broken = sequences.map((sequence) => ({ ...sequence, oldLogprobs: sequence.oldLogprobs.map(() => NaN) }));
    const [record] = await trainer.train(broken, { ...options, learningRate: 0.1 }, hooks());
    assert.equal(record!.applied, false);
    assert.deepEqual({ adapter, optimizer }, before);
  });

  it('puts everything back when it is interrupted between mini-batches', async () => {
    const { trainer, adapter, optimizer } = await open();
    const sequences = await batch(trainer);
    const before = structuredClone({ adapter, optimizer });
    const controller = new AbortController();
    const stopAfterFirst = { signal: controller.signal, onProgress: () => controller.abort() };
    await assert.rejects(
      trainer.train(sequences, { ...options, learningRate: 0.1, miniBatchSequences: 2 }, stopAfterFirst),
      { boundary: 'interrupted' },
    );
    assert.deepEqual({ adapter, optimizer }, before);
  });

  it('reports progress up to the number of trained tokens', async () => {
    const { trainer } = await open();
    const sequences = await batch(trainer);
    const seen: number[][] = [];
    await trainer.train(sequences, options, {
      ...hooks(),
      onProgress: (tokens, total) => seen.push([tokens, total]),
    });
    const total = sequences
      .filter(({ advantage }) => advantage !== 0)
      .reduce((sum, { tokenIds }) => sum + tokenIds.length, 0);
    assert.deepEqual(seen.at(-1), [total, total]);
  });

  it('makes rewarded completions likelier and punished ones less likely', async () => {
    const { trainer } = await open();
    const sequences = await batch(trainer, [1, -1, 1, -1]);
    const sums = async () =>
      (await trainer.logprobs(sequences, true, hooks())).map((logprobs) => logprobs.reduce((a, b) => a + b, 0));
    const before = await sums();
    for (let update = 0; update < 5; update++) {
      const oldLogprobs = await trainer.logprobs(sequences, true, hooks());
      const current = sequences.map((sequence, i) => ({ ...sequence, oldLogprobs: oldLogprobs[i]! }));
      await trainer.train(current, { ...options, learningRate: 0.01, maxGradNorm: 1 }, hooks());
    }
    (await sums()).forEach((after, i) => {
      assert.ok((after - before[i]!) * sequences[i]!.advantage > 0.5, `${i}: ${before[i]} -> ${after}`);
    });
  });
});
