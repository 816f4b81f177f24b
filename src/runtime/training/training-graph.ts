import { zip } from '../../base/arrays.ts';
import { decoderLayout, type DecoderLayer, type DecoderLayout, type Linear, type Norm } from '../../model/layout.ts';
import type { DecoderConfig } from '../../model/model.ts';
import { Tape, type CheckpointPolicy, type SavedKind } from '../../onnx/autodiff.ts';
import { elementType, Graph, type Value } from '../../onnx/graph.ts';
import { add } from '../../onnx/operators/add.ts';
import { attention, type SharedPrompts } from '../../onnx/operators/attention.ts';
import { embedding } from '../../onnx/operators/embedding.ts';
import { gatherRows } from '../../onnx/operators/gather-rows.ts';
import { linear, type FrozenMatrix, type Lora } from '../../onnx/operators/linear.ts';
import { logProbability } from '../../onnx/operators/log-probability.ts';
import { policyLoss } from '../../onnx/operators/policy-loss.ts';
import { reshapeRows } from '../../onnx/operators/reshape.ts';
import { rmsNorm } from '../../onnx/operators/rms-norm.ts';
import { rotary, type Rotation } from '../../onnx/operators/rotary.ts';
import { siluGate } from '../../onnx/operators/silu-gate.ts';
import type { RuntimeSettings } from '../settings.ts';
import type { LoraPair } from '../decoder/adapter.ts';
import { decode, type DecoderOps } from '../decoder/decoder.ts';
import { exactMatrices, type FrozenMatrices } from '../weights/frozen-matrices.ts';
import { checkpointPolicy } from './recomputation.ts';
import { addSequenceOutput } from '../devices/session.ts';
import { pairShapes, parameterShapes, type ParameterShape } from '../decoder/trained.ts';
import type { PreparedWeights } from '../weights/weights.ts';

/** Output of the gradient of a parameter, whose own name is that of a graph's input. */
export const gradientPort = (parameter: string) => `${parameter}.gradient`;

/** Names of the input of token ids, int64 [tokens], and of the output, fp32 [rows, 1]. */
export const trainingPorts = { ids: 'ids', logprobs: 'logprobs' } as const;
/** Inputs that hold one number for each response token, [rows, 1]. */
export const lossColumns = ['oldLogprobs', 'refLogprobs', 'advantages', 'tokenWeights'] as const;
/** Inputs that hold one number. */
export const lossScalars = ['epsilonLow', 'epsilonHigh', 'dualClip', 'beta'] as const;

/** The sizes and scale of a pair of matrices that are inputs of the graph. */
export type PairSizes = Pick<LoraPair, 'name' | 'inputs' | 'outputs' | 'rank' | 'scale'>;

/** How a training graph is built. */
export interface TrainingGraphOptions extends Pick<RuntimeSettings, 'gradientCheckpointing'> {
  /** An adapter whose matrices are inputs; the model's weights are constants then. */
  lora?: { pairs: readonly PairSizes[] };
  /** Every weight of the model is an input, to be trained without an adapter. */
  full?: boolean;
  /** Whether the graph computes gradients of its inputs, or logprobs alone. */
  gradients: boolean;
  /**
   * Whether blocks of rows and of attention are computed one after the other, so that what lies between stays in the
   * processor's caches. False for devices, whose loops the processor would drive.
   */
  loops: boolean;
  /** How the matrices that are not trained are kept. Default: in fp32. */
  matrices?: (graph: Graph, weights: PreparedWeights) => FrozenMatrices;
  /** Whether what is kept for the backward pass is rounded, as integer products round it anyway. Default false. */
  roundKept?: boolean;
}

/**
 * The policy over a micro-batch (see `training-batches.ts`): logprobs of the response tokens, [rows, 1], and the
 * gradients of what is trained for sum(tokenWeights * loss). Every size but the model's is symbolic, so that one session
 * serves every batch.
 */
export function buildTrainingGraph(weights: PreparedWeights, options: TrainingGraphOptions): Graph {
  const graph = new Graph();
  const tape = new Tape(graph);
  const source = options.full ? asInputs(graph, weights) : weights;
  const matricesOf = (owner: Graph) => (options.matrices ?? exactMatrices)(owner, source);
  const layout = decoderLayout(weights.config);
  const { lora, gradients, gradientCheckpointing, loops, roundKept = false } = options;
  const ops = new DifferentiableOps(tape, {
    ...{ weights: source, matricesOf, matrices: matricesOf(graph), loops },
    pairs: pairInputs(graph, lora?.pairs ?? []),
    rotation: rotationInputs(graph, weights.config),
    rows: sharedPromptInputs(graph),
    rowBlocks: graph.input('rowBlocks', 'int64', [1]),
    checkpoints: gradients ? checkpointPolicy(gradientCheckpointing, roundKept) : undefined,
  });
  const hidden = decode(weights.config, ops);
  addSequenceOutput(graph, graph.op('Cast', [graph.op('Size', [trainingPorts.ids])], { to: elementType.int32 }));
  const rows = gatherRows(tape, hidden, graph.input('rows', 'int64', ['rows']));
  const targets = graph.input('targets', 'int64', ['chunks', 'chunk', 1]);
  const logprobs = logProbability(tape, rows, targets, {
    head: (owner) => matricesOf(owner).head(layout),
    hidden: weights.config.hidden,
    gradients,
  });
  graph.output(trainingPorts.logprobs, logprobs, 'float', ['rows', 1]);
  if (gradients) {
    addGradients(tape, logprobs, lora ? lora.pairs.flatMap(matricesOfPair) : parameterShapes(weights.config));
  }
  return graph;
}

/** The weights as inputs of the graph instead of constants. */
function asInputs(graph: Graph, weights: PreparedWeights): PreparedWeights {
  for (const { name, shape } of parameterShapes(weights.config)) {
    graph.input(name, 'float', shape);
  }
  const { head } = decoderLayout(weights.config);
  const [stored] = head.stored;
  return { ...weights, addTo: (_, name) => (name === `${head.name}.weight` ? `${stored}.weight` : name) };
}

function matricesOfPair(pair: PairSizes): ParameterShape[] {
  const { a, b } = pairShapes(pair);
  return [a, b];
}

function addGradients(tape: Tape, logprobs: Value, parameters: readonly ParameterShape[]): void {
  const { graph } = tape;
  const column = (name: (typeof lossColumns)[number]) => graph.input(name, 'float', ['rows', 1]);
  const scalar = (name: (typeof lossScalars)[number]) => graph.input(name, 'float', []);
  const loss = policyLoss(tape, logprobs, {
    oldLogprobs: column('oldLogprobs'),
    refLogprobs: column('refLogprobs'),
    advantages: column('advantages'),
    epsilonLow: scalar('epsilonLow'),
    epsilonHigh: scalar('epsilonHigh'),
    dualClip: scalar('dualClip'),
    beta: scalar('beta'),
  });
  const names = parameters.map(({ name }) => name);
  const gradients = tape.gradients(loss, column('tokenWeights'), names);
  for (const [{ name, shape }, gradient] of zip(parameters, gradients)) {
    graph.output(gradientPort(name), gradient, 'float', shape);
  }
}

/**
 * The rank is left open although it is known: a graph knows gradients of known size by their shape before they are
 * computed, and then nothing can be made to wait for them. Pairs of one rank share its symbol.
 */
function pairInputs(graph: Graph, pairs: readonly PairSizes[]): Surroundings['pairs'] {
  return new Map(
    pairs.map((pair) => {
      const { a, b } = pairShapes(pair);
      const rank = `rank${pair.rank}`;
      const inputs = {
        a: graph.input(a.name, 'float', [rank, pair.inputs]),
        b: graph.input(b.name, 'float', [pair.outputs, rank]),
      };
      return [pair.name, { ...inputs, scale: pair.scale }];
    }),
  );
}

function rotationInputs(graph: Graph, { headSize }: DecoderConfig): Rotation {
  const dims = ['tokens', headSize / 2];
  return { cos: graph.input('cos', 'float', dims), sin: graph.input('sin', 'float', dims) };
}

function sharedPromptInputs(graph: Graph): SharedPrompts {
  return {
    promptRows: graph.input('promptRows', 'int64', ['prompts', 'promptLength']),
    answerRows: graph.input('answerRows', 'int64', ['answers', 'answerLength']),
    keyRows: graph.input('keyRows', 'int64', ['answers', 'keyLength']),
    cells: graph.input('cells', 'int64', ['tokens']),
    members: graph.input('members', 'float', ['prompts', 'answers']),
    promptMask: graph.input('promptMask', 'float', [1, 'promptLength', 'promptLength']),
    answerMask: graph.input('answerMask', 'float', ['answers', 'answerLength', 'keyLength']),
  };
}

/** What the result of each linear layer is to a part of the graph that is computed again. */
const savedKinds: Readonly<Record<Linear['role'], SavedKind>> = {
  q: 'projection',
  k: 'projection',
  v: 'projection',
  qkv: 'projection',
  head: 'projection',
  gate: 'wide',
  up: 'wide',
  o: 'term',
  down: 'term',
};

/** What all operations of one graph share. */
interface Surroundings {
  weights: PreparedWeights;
  matricesOf: (graph: Graph) => FrozenMatrices;
  /** Those of the graph that the operations are added to. */
  matrices: FrozenMatrices;
  loops: boolean;
  /** The adapter of each linear layer by its name; its matrices are inputs of the graph. */
  pairs: ReadonlyMap<string, Lora>;
  rotation: Rotation;
  rows: SharedPrompts;
  /** In how many blocks rows are computed where they do not depend on each other, int64 [1]. */
  rowBlocks: Value;
  checkpoints: CheckpointPolicy | undefined;
}

/** The decoder out of differentiable operators; values are [tokens, width]. */
class DifferentiableOps implements DecoderOps<Value> {
  readonly #tape: Tape;
  readonly #all: Surroundings;

  constructor(tape: Tape, all: Surroundings) {
    this.#tape = tape;
    this.#all = all;
  }

  embed({ name }: DecoderLayout['embedding']): Value {
    const { graph } = this.#tape;
    const ids = graph.input(trainingPorts.ids, 'int64', ['tokens']);
    return embedding(this.#tape, this.#all.weights.addTo(graph, `${name}.weight`), ids);
  }

  rmsNorm(x: Value, { name }: Norm): Value {
    const weight = this.#all.weights.addTo(this.#tape.graph, `${name}.weight`);
    return rmsNorm(this.#tape, x, weight, this.#all.weights.config.rmsEpsilon);
  }

  linear(x: Value, layer: Linear): Value {
    return this.#product(x, layer, this.#all.matrices.matrix(layer));
  }

  #product(x: Value, { name, role }: Linear, matrix: FrozenMatrix): Value {
    return linear(this.#tape, x, matrix, { lora: this.#all.pairs.get(name), kind: savedKinds[role] });
  }

  attention(x: Value, layer: DecoderLayer): Value {
    const { loops, rows, weights, matrices } = this.#all;
    const { q, k, v } = matrices.attention(layer);
    const rotated = (flat: Value, norm: Norm | undefined, width: number) => {
      const heads = norm ? this.#headNorm(flat, norm, width) : flat;
      return rotary(this.#tape, heads, this.#all.rotation);
    };
    const queries = rotated(this.#product(x, layer.q, q), layer.headNorms?.q, layer.q.outputs);
    const keys = rotated(this.#product(x, layer.k, k), layer.headNorms?.k, layer.k.outputs);
    const values = this.#product(x, layer.v, v);
    return attention(this.#tape, queries, keys, values, rows, { ...weights.config, loops });
  }

  /** Each head of x [tokens, width] with its own norm. */
  #headNorm(x: Value, norm: Norm, width: number): Value {
    const normed = this.rmsNorm(reshapeRows(this.#tape, x, width, norm.width), norm);
    return reshapeRows(this.#tape, normed, norm.width, width);
  }

  gate(gate: Value, up: Value): Value {
    return siluGate(this.#tape, gate, up);
  }

  add(a: Value, b: Value): Value {
    return add(this.#tape, a, b);
  }

  byRows(x: Value, build: (ops: DecoderOps<Value>, x: Value) => Value): Value {
    const { checkpoints, loops, rowBlocks, matricesOf } = this.#all;
    return checkpoints && loops
      ? this.#tape.byRows(x, rowBlocks, checkpoints, (tape, rows) =>
          build(new DifferentiableOps(tape, { ...this.#all, matrices: matricesOf(tape.graph) }), rows),
        )
      : build(this, x);
  }

  layer(x: Value, build: (ops: DecoderOps<Value>, x: Value) => Value): Value {
    const { checkpoints } = this.#all;
    return checkpoints
      ? this.#tape.checkpoint(x, checkpoints, (tape, input) => build(new DifferentiableOps(tape, this.#all), input))
      : build(this, x);
  }
}
