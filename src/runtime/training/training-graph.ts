import type { DecoderConfig } from '../../model/model.ts';
import { Tape, type CheckpointPolicy } from '../../onnx/autodiff.ts';
import { Graph, type Value } from '../../onnx/graph.ts';
import { add } from '../../onnx/operators/add.ts';
import { attention, type SharedPrompts } from '../../onnx/operators/attention.ts';
import { embedding } from '../../onnx/operators/embedding.ts';
import { gatherRows } from '../../onnx/operators/gather-rows.ts';
import { linear } from '../../onnx/operators/linear.ts';
import { logProbability } from '../../onnx/operators/log-probability.ts';
import { policyLoss } from '../../onnx/operators/policy-loss.ts';
import { reshapeRows } from '../../onnx/operators/reshape.ts';
import { rmsNorm } from '../../onnx/operators/rms-norm.ts';
import { rotary, type Rotation } from '../../onnx/operators/rotary.ts';
import { siluGate } from '../../onnx/operators/silu-gate.ts';
import type { RuntimeSettings } from '../settings.ts';
import { adaptedLinears, decode, type DecoderOps } from '../decoder/decoder.ts';
import { exactMatrices, type FrozenMatrices } from '../weights/frozen-matrices.ts';
import { checkpointPolicy } from './recomputation.ts';
import { addSequenceOutput } from '../devices/session.ts';
import { parameterShapes, type ParameterShape } from '../decoder/trained.ts';
import type { PreparedWeights } from '../weights/weights.ts';

/** Output of the gradient of a parameter, whose own name is that of a graph's input. */
export const gradientPort = (parameter: string) => `${parameter}.gradient`;

export const trainingPorts = { ids: 'ids', logprobs: 'logprobs' } as const;
/** Inputs that hold one number for each response token, [rows, 1]. */
export const lossColumns = ['oldLogprobs', 'refLogprobs', 'advantages', 'tokenWeights'] as const;
/** Inputs that hold one number. */
export const lossScalars = ['epsilonLow', 'epsilonHigh', 'dualClip', 'beta'] as const;

export interface TrainingGraphOptions extends Pick<RuntimeSettings, 'gradientCheckpointing'> {
  /** An adapter whose matrices are inputs; the model's weights are constants then. */
  lora?: { rank: number; alpha: number };
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
  const { lora, gradients, gradientCheckpointing, loops, roundKept = false } = options;
  const ops = new DifferentiableOps(tape, {
    ...{ weights: source, matricesOf, matrices: matricesOf(graph), lora, loops },
    pairs: lora ? pairInputs(graph, weights.config) : new Map<string, never>(),
    rotation: rotationInputs(graph, weights.config),
    rows: sharedPromptInputs(graph),
    rowBlocks: graph.input('rowBlocks', 'int64', [1]),
    checkpoints: gradients ? checkpointPolicy(gradientCheckpointing, roundKept) : undefined,
  });
  const hidden = decode(weights.config, ops);
  addSequenceOutput(graph, graph.op('Cast', [graph.op('Size', [trainingPorts.ids])], { to: 6 }));
  const rows = gatherRows(tape, hidden, graph.input('rows', 'int64', ['rows']));
  const targets = graph.input('targets', 'int64', ['chunks', 'chunk', 1]);
  const logprobs = logProbability(tape, rows, targets, {
    head: (owner) => matricesOf(owner).head(),
    hidden: weights.config.hidden,
    gradients: options.gradients,
  });
  graph.output(trainingPorts.logprobs, logprobs, 'float', ['rows', 1]);
  if (options.gradients) {
    addGradients(tape, logprobs, parameterShapes(weights.config, options.lora));
  }
  return graph;
}

/** The weights as inputs of the graph instead of constants. */
function asInputs(graph: Graph, weights: PreparedWeights): PreparedWeights {
  const names = parameterShapes(weights.config).map(({ name, shape }) => graph.input(name, 'float', shape));
  const tied = (name: string) => (names.includes(name) ? name : 'model.embed_tokens.weight');
  return { ...weights, addTo: (_, name) => tied(name) };
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
  for (const [index, { name, shape }] of parameters.entries()) {
    graph.output(gradientPort(name), gradients[index]!, 'float', shape);
  }
}

/**
 * The rank is left open although it is known: a graph knows gradients of known size by their shape before they are
 * computed, and then nothing can be made to wait for them.
 */
function pairInputs(graph: Graph, config: DecoderConfig): Surroundings['pairs'] {
  return new Map(
    adaptedLinears(config).map(({ name, inputs, outputs }) => [
      name,
      {
        a: graph.input(`${name}.lora_A`, 'float', ['rank', inputs]),
        b: graph.input(`${name}.lora_B`, 'float', [outputs, 'rank']),
      },
    ]),
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

/** What all operations of one graph share. */
interface Surroundings {
  weights: PreparedWeights;
  matricesOf: (graph: Graph) => FrozenMatrices;
  /** Those of the graph that the operations are added to. */
  matrices: FrozenMatrices;
  lora: TrainingGraphOptions['lora'];
  loops: boolean;
  /** Both matrices of each linear layer of an adapter, inputs of the graph. */
  pairs: ReadonlyMap<string, { a: Value; b: Value }>;
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

  embed(name: string): Value {
    const { graph } = this.#tape;
    const ids = graph.input(trainingPorts.ids, 'int64', ['tokens']);
    return embedding(this.#tape, this.#all.weights.addTo(graph, `${name}.weight`), ids);
  }

  rmsNorm(x: Value, name: string): Value {
    const weight = this.#all.weights.addTo(this.#tape.graph, `${name}.weight`);
    return rmsNorm(this.#tape, x, weight, this.#all.weights.config.rmsEpsilon);
  }

  linear(x: Value, name: string): Value {
    const { lora, matrices, pairs } = this.#all;
    const pair = pairs.get(name);
    return linear(this.#tape, x, matrices.matrix(name), {
      lora: lora && pair && { ...pair, scale: lora.alpha / lora.rank },
      kind: /(o|down)_proj$/.test(name) ? 'term' : /(gate|up)_proj$/.test(name) ? 'wide' : 'projection',
    });
  }

  attention(x: Value, _layer: number, prefix: string): Value {
    const { loops, rows, weights } = this.#all;
    const { config } = weights;
    const rotated = (part: 'q' | 'k') => {
      const flat = this.linear(x, `${prefix}.${part}_proj`);
      const heads = config.headNorm ? this.#headNorm(flat, `${prefix}.${part}_norm`) : flat;
      return rotary(this.#tape, heads, this.#all.rotation);
    };
    const [q, k] = [rotated('q'), rotated('k')];
    const v = this.linear(x, `${prefix}.v_proj`);
    return attention(this.#tape, q, k, v, rows, { ...config, loops });
  }

  /** The norm of each head of x [tokens, n * headSize] by itself. */
  #headNorm(x: Value, name: string): Value {
    const { heads, kvHeads, headSize } = this.#all.weights.config;
    const width = (name.endsWith('.q_norm') ? heads : kvHeads) * headSize;
    const normed = this.rmsNorm(reshapeRows(this.#tape, x, width, headSize), name);
    return reshapeRows(this.#tape, normed, headSize, width);
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
