import { Tensor, type InferenceSession } from 'onnxruntime-node';
import { zip } from '../../base/arrays.ts';
import { BoundaryError } from '../../base/errors.ts';
import type { TrainOptions } from '../../protocol/runtime.ts';
import { ropeTables, type RopeTables } from '../decoder/rope.ts';
import { isFull, parametersOf, type Parameter } from '../decoder/trained.ts';
import { devices } from '../devices/devices.ts';
import { isOutOfMemory } from '../devices/failures.ts';
import { assertAttention } from '../devices/attention-probe.ts';
import { collectGarbage, createSession, runInto, type Tensors } from '../devices/session.ts';
import type { PreparedWeights } from '../weights/weights.ts';
import { batchInputs, lossInputs, parameterInputs, positionsOf, type WeightedSequence } from './graph-inputs.ts';
import type { TrainerOptions } from './trainer.ts';
import {
  headRows,
  planMicroBatches,
  type BatchSequence,
  type MicroBatch,
  type MicroBatchLayout,
} from './training-batches.ts';
import { buildTrainingGraph, gradientPort, trainingPorts, type TrainingGraphOptions } from './training-graph.ts';

/** How the matrices that are not trained are stored. */
export type FrozenOptions = Pick<TrainingGraphOptions, 'matrices' | 'roundKept'>;

/** Logprobs of the policy alone, with gradients, or logprobs of the model without what was trained. */
type SessionKind = 'evaluate' | 'differentiate' | 'reference';

/** The policy as sessions for micro-batches, one at a time, each made when it is first needed. */
export class TrainingSessions {
  readonly #weights: PreparedWeights;
  readonly #frozen: FrozenOptions;
  readonly #options: TrainerOptions;
  readonly #parameters: readonly Parameter[];
  readonly #trained: Tensors;
  #current: { kind: SessionKind; session: InferenceSession } | undefined;
  #untrained: Tensors | undefined;
  #attentionTested: Promise<void> | undefined;
  /** Where the gradients of one micro-batch land, in the order of the parameters. */
  #partialGradients: Float32Array[] | undefined;
  #rope: RopeTables = { cos: new Float32Array(0), sin: new Float32Array(0) };

  constructor({ weights, frozen }: { weights: PreparedWeights; frozen: FrozenOptions }, options: TrainerOptions) {
    this.#weights = weights;
    this.#frozen = frozen;
    this.#options = options;
    this.#parameters = parametersOf(options.trained);
    this.#trained = parameterInputs(this.#parameters);
  }

  /** Micro-batches of a size that suits the sessions. */
  plan(sequences: readonly BatchSequence[]): MicroBatch[] {
    // Matrices that are not packed are packed for every product: the head should then get many rows at once.
    const rows = this.#frozen.matrices ? headRows.packed : headRows.mapped;
    return planMicroBatches(sequences, this.#options.microBatchTokens, rows);
  }

  /** Logprobs of the response rows, nats; `adapter: false` = without what was trained. */
  async evaluate(batch: MicroBatch, layout: MicroBatchLayout, adapter: boolean): Promise<Float32Array> {
    const session = await this.#session(adapter || !isFull(this.#options.trained) ? 'evaluate' : 'reference');
    const trained = adapter ? this.#trained : this.#withoutTrained();
    return this.#run(session, batch, { ...this.#batchInputs(batch, layout), ...trained }, {});
  }

  /** Logprobs of the response rows, nats; adds the gradient to `gradients`, which {@link emptyGradients} made. */
  async differentiate(
    batch: MicroBatch,
    layout: MicroBatchLayout,
    sequences: readonly WeightedSequence[],
    options: TrainOptions,
    gradients: readonly Float32Array[],
  ): Promise<Float32Array> {
    const session = await this.#session('differentiate');
    const loss = lossInputs(batch, layout, sequences, options);
    const inputs = { ...this.#batchInputs(batch, layout), ...this.#trained, ...loss };
    const partial = (this.#partialGradients ??= this.emptyGradients());
    const outputs = zip(this.#parameters, partial).map(([{ name, shape }, data]): [string, Tensor] => [
      gradientPort(name),
      new Tensor('float32', data, shape),
    ]);
    const logprobs = await this.#run(session, batch, inputs, Object.fromEntries(outputs));
    zip(gradients, partial).forEach(([sum, part]) => addTo(sum, part));
    return logprobs;
  }

  /** Zeros in the shapes of the parameters. */
  emptyGradients(): Float32Array[] {
    return this.#parameters.map(({ data }) => new Float32Array(data.length));
  }

  /** Frees the session; the next call makes one again. */
  async close(): Promise<void> {
    const session = this.#current?.session;
    this.#current = undefined;
    if (session && this.#options.profile !== undefined) {
      session.endProfiling();
    }
    await session?.release();
  }

  /** Logprobs of the response rows; other outputs land in the buffers of `outputs`. */
  async #run(
    session: InferenceSession,
    { tokens, rows }: MicroBatch,
    inputs: Tensors,
    outputs: Tensors,
  ): Promise<Float32Array> {
    const logprobs = new Float32Array(rows);
    await (this.#attentionTested ??= assertAttention());
    try {
      const all = { [trainingPorts.logprobs]: new Tensor('float32', logprobs, [rows, 1]), ...outputs };
      await runInto(session, inputs, all);
    } catch (error) {
      throw isOutOfMemory(error) ? outOfMemory(tokens, error) : error;
    }
    return logprobs;
  }

  /** Inputs of the base model: none instead of trained weights; an adapter whose B is zero adds nothing. */
  #withoutTrained(): Tensors {
    const { trained } = this.#options;
    if (isFull(trained)) {
      return {};
    }
    const pairs = trained.pairs.map((pair) => ({ ...pair, b: new Float32Array(pair.b.length) }));
    return (this.#untrained ??= parameterInputs(parametersOf({ ...trained, pairs })));
  }

  async #session(kind: SessionKind): Promise<InferenceSession> {
    if (this.#current?.kind === kind) {
      return this.#current.session;
    }
    // Each holds its own copy of the weights.
    await this.close();
    const session = await this.#create(kind);
    this.#current = { kind, session };
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

  #batchInputs(batch: MicroBatch, layout: MicroBatchLayout): Tensors {
    const { config } = this.#weights;
    const positions = positionsOf(layout);
    if (this.#rope.cos.length < (positions * config.headSize) / 2) {
      this.#rope = ropeTables(config, positions);
    }
    return batchInputs(batch, layout, this.#rope, config.headSize);
  }
}

function addTo(sum: Float32Array, part: Float32Array): void {
  for (let i = 0; i < sum.length; i++) {
    sum[i]! += part[i]!;
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
