import { Tensor, type InferenceSession } from 'onnxruntime-node';
import { elementsOf } from '../../model/layout.ts';
import { BoundaryError } from '../../base/errors.ts';
import type { TrainOptions, TrainSequence, UpdateRecord } from '../../protocol/runtime.ts';
import { devices } from '../devices/devices.ts';
import { isOutOfMemory } from '../devices/failures.ts';
import { halfMatrices, int8Matrices } from '../weights/frozen-matrices.ts';
import { collectGarbage } from '../devices/garbage.ts';
import { tokenLoss, tokenWeights } from './loss.ts';
import { applyUpdate } from './optimizer.ts';
import { trainerFormats } from '../weights/precision.ts';
import { ropeTables, type RopeTables } from '../decoder/rope.ts';
import { chooseRunMode, createSession, runModes, type RunInto, type Tensors } from '../devices/session.ts';
import { isFull, parametersOf, type Parameter } from '../decoder/trained.ts';
import type { CallHooks, CreateTrainer, Trainer, TrainerOptions } from './trainer.ts';
import {
  headRows,
  layOut,
  planMicroBatches,
  type BatchSequence,
  type MicroBatch,
  type MicroBatchLayout,
} from './training-batches.ts';
import {
  buildTrainingGraph,
  gradientPort,
  lossColumns,
  lossScalars,
  trainingPorts,
  type TrainingGraphOptions,
} from './training-graph.ts';
import { isInt8 } from '../weights/weight-plan.ts';
import { prepareWeights, seenFromAbove, type PreparedWeights } from '../weights/weights.ts';

/** A trainer. The sessions, which hold the weights, come with the first call that needs them. */
export const createTrainer: CreateTrainer = async (options): Promise<Trainer> => {
  const { model, cacheDir, trainPrecision, trained, onLoad } = options;
  const format = isFull(trained) ? 'fp32' : trainerFormats[trainPrecision];
  const weights = seenFromAbove(await prepareWeights(model, cacheDir, 'fp32', onLoad));
  let frozen: FrozenOptions = {};
  if (format !== 'fp32') {
    const own = seenFromAbove(await prepareWeights(model, cacheDir, format, onLoad));
    const matrices = isInt8(format) ? int8Matrices : halfMatrices;
    frozen = { matrices: (graph) => matrices(graph, weights, own), roundKept: isInt8(format) };
  }
  const policy = new Policy(weights, options, frozen);
  return {
    train: (sequences, settings, hooks) => train(policy, options, sequences, settings, hooks),
    logprobs: (sequences, adapter, hooks) => logprobs(policy, sequences, adapter, hooks),
    release: () => policy.close(),
    close: () => policy.close(),
  };
};

async function logprobs(
  policy: Policy,
  sequences: readonly BatchSequence[],
  adapter: boolean,
  hooks: CallHooks,
): Promise<number[][]> {
  const result = sequences.map((): number[] => []);
  const progress = progressOf(sequences, hooks);
  for (const batch of policy.plan(sequences)) {
    checkSignal(hooks);
    const layout = layOut(batch);
    const outputs = await policy.evaluate(batch, layout, adapter);
    scatter(layout, outputs, result);
    progress(batch);
  }
  return result;
}

/** All optimiser steps of one call, or none: what was changed is put back when a later step fails. */
async function train(
  policy: Policy,
  { trained, optimizer }: TrainerOptions,
  sequences: readonly TrainSequence[],
  options: TrainOptions,
  hooks: CallHooks,
): Promise<UpdateRecord[]> {
  const miniBatches = split(sequences, options.miniBatchSequences);
  const parameters = parametersOf(trained).map(({ data }) => data);
  const restore =
    miniBatches.length > 1 ? snapshot([...parameters, ...optimizer.first, ...optimizer.second]) : undefined;
  const step = optimizer.step;
  const progress = progressOf(
    sequences.filter((sequence) => isTrained(sequence, options)),
    hooks,
  );
  const records: UpdateRecord[] = [];
  try {
    for (const miniBatch of miniBatches) {
      const { gradients, ...record } = await differentiate(policy, miniBatch, options, hooks, progress);
      const finite = Number.isFinite(record.loss);
      const { gradNorm, applied } = finite
        ? applyUpdate(parameters, gradients, optimizer, options)
        : { gradNorm: NaN, applied: false };
      records.push({ ...record, gradNorm, learningRate: options.learningRate, applied });
    }
  } catch (error) {
    restore?.();
    optimizer.step = step;
    throw error;
  }
  return records;
}

type Progress = (batch: MicroBatch) => void;

/** Loss and gradient of one mini-batch, accumulated over its micro-batches. */
async function differentiate(
  policy: Policy,
  sequences: readonly TrainSequence[],
  options: TrainOptions,
  hooks: CallHooks,
  progress: Progress,
): Promise<Pick<UpdateRecord, 'sequences' | 'loss' | 'kl' | 'clipRatio'> & { gradients: Float32Array[] }> {
  const weights = tokenWeights(
    sequences.map(({ tokenIds }) => tokenIds.length),
    options,
  );
  // A zero advantage without a KL term gives no gradient; its tokens stay in the denominators above and below.
  const trained = sequences.flatMap((sequence, index) =>
    isTrained(sequence, options) ? [{ ...sequence, tokenWeight: weights[index]! }] : [],
  );
  const current = trained.map((): number[] => []);
  const gradients = policy.emptyGradients();
  for (const batch of policy.plan(trained)) {
    checkSignal(hooks);
    const layout = layOut(batch);
    const outputs = await policy.differentiate(batch, layout, trained, options, gradients);
    scatter(layout, outputs, current);
    progress(batch);
  }
  const logprobsOf = new Map(trained.map(({ id }, index) => [id, current[index]!]));
  return {
    ...summarize(trained, current, sequences, options),
    sequences: sequences.map(({ id }, index) => {
      const own = logprobsOf.get(id);
      return { id, tokenWeight: weights[index]!, ...(own && { logprobs: own }) };
    }),
    gradients,
  };
}

/** Loss of the mini-batch; KL and share of clipped ratios as means over all of its tokens. */
function summarize(
  trained: readonly (TrainSequence & { tokenWeight: number })[],
  current: readonly (readonly number[])[],
  all: readonly TrainSequence[],
  options: TrainOptions,
): Pick<UpdateRecord, 'loss' | 'kl' | 'clipRatio'> {
  let loss = 0;
  let kl = 0;
  let clipped = 0;
  for (const [index, sequence] of trained.entries()) {
    const { oldLogprobs, refLogprobs, advantage, tokenWeight, importanceWeights } = sequence;
    for (const [t, logprob] of current[index]!.entries()) {
      const token = tokenLoss(logprob, oldLogprobs[t]!, refLogprobs?.[t], advantage, options);
      loss += tokenWeight * (importanceWeights?.[t] ?? 1) * token.loss;
      kl += token.kl;
      clipped += Number(token.clipped);
    }
  }
  const tokens = Math.max(countTokens(all), 1);
  return { loss, kl: kl / tokens, clipRatio: clipped / tokens };
}

function isTrained({ advantage, tokenIds }: TrainSequence, { beta }: TrainOptions): boolean {
  return tokenIds.length > 0 && (advantage !== 0 || beta > 0);
}

function countTokens(sequences: readonly { tokenIds: readonly number[] }[]): number {
  return sequences.reduce((sum, { tokenIds }) => sum + tokenIds.length, 0);
}

function split<T>(items: readonly T[], size: number): T[][] {
  if (size === 0 || items.length <= size) {
    return items.length === 0 ? [] : [[...items]];
  }
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size));
}

function snapshot(tensors: readonly Float32Array[]): () => void {
  const copies = tensors.map((tensor) => tensor.slice());
  return () => tensors.forEach((tensor, i) => tensor.set(copies[i]!));
}

/** Reports completion tokens, so that the numbers do not depend on how batches are made. */
function progressOf(sequences: readonly BatchSequence[], { onProgress }: CallHooks): Progress {
  const total = countTokens(sequences);
  let done = 0;
  return ({ blocks }) => {
    done += countTokens(blocks.flatMap(({ completions }) => completions));
    onProgress(done, total);
  };
}

function checkSignal({ signal }: CallHooks): void {
  if (signal.aborted) {
    throw new BoundaryError('interrupted', 'Training was interrupted.', 'Resume the run to repeat the step.');
  }
}

function scatter({ spans }: MicroBatchLayout, values: Float32Array, result: number[][]): void {
  for (const { index, first, count } of spans) {
    result[index] = Array.from(values.subarray(first, first + count));
  }
}

/** How the matrices are kept that are not trained. */
type FrozenOptions = Pick<TrainingGraphOptions, 'matrices' | 'roundKept'>;

/** Logprobs of the policy alone, with gradients, or logprobs of the model without what was trained. */
type SessionKind = 'evaluate' | 'differentiate' | 'reference';

/** The policy as sessions, each made when it is first needed. */
class Policy {
  readonly #weights: PreparedWeights;
  readonly #frozen: FrozenOptions;
  readonly #options: TrainerOptions;
  readonly #sessions = new Map<SessionKind, InferenceSession>();
  readonly #parameters: readonly Parameter[];
  readonly #trained: Tensors;
  #noLora: Tensors | undefined;
  #mode: RunInto | undefined;
  /** Where the gradients of one micro-batch land, in the order of the parameters. */
  #shares: Tensors | undefined;
  #rope: RopeTables = { cos: new Float32Array(0), sin: new Float32Array(0) };

  constructor(weights: PreparedWeights, options: TrainerOptions, frozen: FrozenOptions) {
    this.#weights = weights;
    this.#frozen = frozen;
    this.#options = options;
    this.#parameters = parametersOf(options.trained);
    this.#trained = tensorsOf(this.#parameters);
  }

  plan(sequences: readonly BatchSequence[]): MicroBatch[] {
    // Matrices that are not packed are packed for every product: the head had better meet many rows at once.
    return planMicroBatches(
      sequences,
      this.#options.microBatchTokens,
      this.#frozen.matrices ? headRows.packed : headRows.mapped,
    );
  }

  /** Logprobs of the response rows. */
  async evaluate(batch: MicroBatch, layout: MicroBatchLayout, adapter: boolean): Promise<Float32Array> {
    const session = await this.#session(adapter || !isFull(this.#options.trained) ? 'evaluate' : 'reference');
    const trained = adapter ? this.#trained : this.#withoutTrained();
    return this.#run(session, batch, { ...this.#inputs(batch, layout), ...trained }, {});
  }

  /** Logprobs of the response rows; adds the gradient to `gradients`. */
  async differentiate(
    batch: MicroBatch,
    layout: MicroBatchLayout,
    sequences: readonly (TrainSequence & { tokenWeight: number })[],
    options: TrainOptions,
    gradients: readonly Float32Array[],
  ): Promise<Float32Array> {
    const session = await this.#session('differentiate');
    const loss = lossInputs(batch, layout, sequences, options);
    const inputs = { ...this.#inputs(batch, layout), ...this.#trained, ...loss };
    this.#shares ??= Object.fromEntries(this.#parameters.map(({ name, shape }) => [gradientPort(name), zeros(shape)]));
    const logprobs = await this.#run(session, batch, inputs, this.#shares);
    for (const [index, { data }] of Object.values(this.#shares).entries()) {
      const sum = gradients[index]!;
      const share = data as Float32Array;
      for (let i = 0; i < sum.length; i++) {
        sum[i]! += share[i]!;
      }
    }
    return logprobs;
  }

  /** Logprobs of the response rows; other outputs land in the buffers of `outputs`. */
  async #run(
    session: InferenceSession,
    { tokens, rows }: MicroBatch,
    inputs: Tensors,
    outputs: Tensors,
  ): Promise<Float32Array> {
    const logprobs = new Float32Array(rows);
    this.#mode ??= runModes[await chooseRunMode()];
    try {
      const whole = { [trainingPorts.logprobs]: new Tensor('float32', logprobs, [rows, 1]), ...outputs };
      await this.#mode(session, inputs, whole);
    } catch (error) {
      throw isOutOfMemory(error) ? outOfMemory(tokens, error) : error;
    }
    return logprobs;
  }

  /** What the base model takes: nothing in place of weights of its own; an adapter whose B is zero adds nothing. */
  #withoutTrained(): Tensors {
    if (isFull(this.#options.trained)) {
      return {};
    }
    this.#noLora ??= tensorsOf(
      this.#parameters.map((parameter) =>
        parameter.name.endsWith('lora_B') ? { ...parameter, data: new Float32Array(parameter.data.length) } : parameter,
      ),
    );
    return this.#noLora;
  }

  emptyGradients(): Float32Array[] {
    return this.#parameters.map(({ data }) => new Float32Array(data.length));
  }

  async close(): Promise<void> {
    for (const session of this.#sessions.values()) {
      if (this.#options.profile !== undefined) {
        session.endProfiling();
      }
      await session.release();
    }
    this.#sessions.clear();
  }

  async #session(kind: SessionKind): Promise<InferenceSession> {
    const known = this.#sessions.get(kind);
    if (known) {
      return known;
    }
    // Each holds its own copy of the weights.
    await this.close();
    const session = await this.#create(kind);
    this.#sessions.set(kind, session);
    // What is left of its graph.
    collectGarbage();
    return session;
  }

  #create(kind: SessionKind): Promise<InferenceSession> {
    const { trained, device, threads, profile, gradientCheckpointing } = this.#options;
    const graph = buildTrainingGraph(this.#weights, {
      ...(kind !== 'reference' && (isFull(trained) ? { full: true } : { lora: trained })),
      gradients: kind === 'differentiate',
      gradientCheckpointing,
      loops: devices[device].loops,
      ...this.#frozen,
    });
    // Integer products are slow on matrices that are not packed; fp32 ones are packed in passing.
    const prepack = this.#frozen.matrices !== undefined;
    return createSession(
      graph,
      { device, threads, prepack, memoryPattern: false, ...(profile !== undefined && { profile }) },
      this.#weights.folder,
    );
  }

  #inputs(
    { tokens, rowBlocks, rows, chunks, promptLength, answerLength }: MicroBatch,
    layout: MicroBatchLayout,
  ): Tensors {
    const half = this.#weights.config.headSize / 2;
    const positions = layout.positions.reduce((most, position) => Math.max(most, position), 0) + 1;
    const { prompts, answers } = layout;
    const keyLength = promptLength + answerLength;
    if (this.#rope.cos.length < positions * half) {
      this.#rope = ropeTables(this.#weights.config, positions);
    }
    const angles = (table: Float32Array) => {
      const own = new Float32Array(tokens * half);
      layout.positions.forEach((p, i) => own.set(table.subarray(p * half, (p + 1) * half), i * half));
      return new Tensor('float32', own, [tokens, half]);
    };
    return {
      ids: new Tensor('int64', layout.ids, [tokens]),
      rowBlocks: new Tensor('int64', BigInt64Array.of(BigInt(rowBlocks)), [1]),
      cos: angles(this.#rope.cos),
      sin: angles(this.#rope.sin),
      promptRows: new Tensor('int64', layout.promptRows, [prompts, promptLength]),
      answerRows: new Tensor('int64', layout.answerRows, [answers, answerLength]),
      keyRows: new Tensor('int64', layout.keyRows, [answers, keyLength]),
      cells: new Tensor('int64', layout.cells, [tokens]),
      members: new Tensor('float32', layout.members, [prompts, answers]),
      promptMask: new Tensor('float32', layout.promptMask, [1, promptLength, promptLength]),
      answerMask: new Tensor('float32', layout.answerMask, [answers, answerLength, keyLength]),
      rows: new Tensor('int64', layout.rows, [rows]),
      targets: new Tensor('int64', layout.targets, [chunks, rows / chunks, 1]),
    };
  }
}

function outOfMemory(tokens: number, cause: unknown): BoundaryError {
  return new BoundaryError(
    'environment',
    `The memory does not suffice to train on ${tokens} tokens at once.`,
    'Lower the longest completions (`--set maxAnswerTokens=…`, `--set maxProposalTokens=…`), close other programs, or ' +
      'take a smaller model.',
    { cause },
  );
}

/** The columns of the loss; rows of padding have weight 0. */
function lossInputs(
  { rows }: MicroBatch,
  { spans }: MicroBatchLayout,
  sequences: readonly (TrainSequence & { tokenWeight: number })[],
  options: TrainOptions,
): Tensors {
  const columns = Object.fromEntries(lossColumns.map((name) => [name, new Float32Array(rows)])) as Record<
    (typeof lossColumns)[number],
    Float32Array
  >;
  for (const { index, first, count } of spans) {
    const { oldLogprobs, refLogprobs, advantage, tokenWeight, importanceWeights } = sequences[index]!;
    columns.oldLogprobs.set(oldLogprobs, first);
    columns.refLogprobs.set(refLogprobs ?? oldLogprobs, first);
    columns.advantages.fill(advantage, first, first + count);
    columns.tokenWeights.fill(tokenWeight, first, first + count);
    importanceWeights?.forEach((weight, i) => (columns.tokenWeights[first + i]! *= weight));
  }
  return {
    ...Object.fromEntries(lossColumns.map((name) => [name, new Tensor('float32', columns[name], [rows, 1])])),
    ...Object.fromEntries(lossScalars.map((name) => [name, new Tensor('float32', Float32Array.of(options[name]), [])])),
  };
}

function tensorsOf(parameters: readonly Parameter[]): Tensors {
  return Object.fromEntries(parameters.map(({ name, shape, data }) => [name, new Tensor('float32', data, shape)]));
}

function zeros(dims: readonly number[]): Tensor {
  return new Tensor('float32', new Float32Array(elementsOf(dims)), dims);
}
