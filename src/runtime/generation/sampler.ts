import { Tensor, type InferenceSession } from 'onnxruntime-node';
import { at } from '../../base/arrays.ts';
import { elementType, Graph, type Value } from '../../onnx/graph.ts';
import { createSession, type SessionOptions } from '../devices/session.ts';

/** How one row draws its token. */
export interface RowSampling {
  /** 0 = the most probable token. */
  temperature: number;
  /** In [0, 1): decides the token. */
  uniform: number;
  /** The smallest set of most probable tokens with at least this mass; 1 = off. */
  topP: number;
  /** How many of the most probable tokens may be drawn; 0 = all. */
  topK: number;
}

/** One token and its logprob for each row. */
export interface Sampled {
  tokens: Int32Array;
  /** Nats, of the distribution at temperature 1, whatever the row's temperature and cuts. */
  logprobs: Float32Array;
}

/** Above the largest logit difference times this, every other token underflows to probability 0: greedy. */
const greedyInverseTemperature = 1e30;
/** 23 bits: the product of such a number with a positive fp32 total stays below the total after rounding. */
const uniformSteps = 2 ** 23;
const belowOne = 1 - 1 / uniformSteps;
/** Of fp32: keeps the logprob of a token finite that only a high temperature can draw. */
const smallestNormal = 2 ** -126;

/**
 * Draws tokens from logits [rows, vocabulary] by the inverse of the cumulative distribution, with one uniform number a
 * row, in a separate graph: the whole distribution stays on the native side. Rows with top-p or top-k are drawn
 * in JavaScript instead.
 */
export class Sampler {
  /** For batches whose rows all have temperature 1, and for all others. */
  readonly #plain: InferenceSession;
  readonly #tempered: InferenceSession;
  readonly #vocabulary: number;

  private constructor(plain: InferenceSession, tempered: InferenceSession, vocabulary: number) {
    this.#plain = plain;
    this.#tempered = tempered;
    this.#vocabulary = vocabulary;
  }

  /** Makes the sampling graphs for logits of `vocabulary` numbers. */
  static async load(vocabulary: number, options: SessionOptions): Promise<Sampler> {
    const plain = await createSession(buildSamplingGraph(vocabulary, 'plain'), options);
    return new Sampler(plain, await createSession(buildSamplingGraph(vocabulary, 'tempered'), options), vocabulary);
  }

  /** One token for each row of `logits` [rows, vocabulary] fp32. */
  async sample(logits: Float32Array, rows: readonly RowSampling[]): Promise<Sampled> {
    const column = (values: number[]) => new Tensor('float32', Float32Array.from(values), [rows.length, 1]);
    const inputs = {
      logits: new Tensor('float32', logits, [rows.length, this.#vocabulary]),
      uniforms: column(rows.map(({ uniform }) => Math.floor(uniform * uniformSteps) / uniformSteps)),
    };
    const inverse = rows.map(({ temperature }) => Math.min(1 / temperature, greedyInverseTemperature));
    const { tokens, logprobs } = inverse.every((value) => value === 1)
      ? await this.#plain.run(inputs)
      : await this.#tempered.run({ ...inputs, inverseTemperatures: column(inverse) });
    if (!(tokens?.data instanceof Int32Array) || !(logprobs?.data instanceof Float32Array)) {
      throw new TypeError('the sampling graph has other outputs');
    }
    const sampled: Sampled = { tokens: tokens.data, logprobs: logprobs.data };
    for (const [i, row] of rows.entries()) {
      if ((row.topP < 1 || row.topK > 0) && row.temperature > 0) {
        const rowLogits = logits.subarray(i * this.#vocabulary, (i + 1) * this.#vocabulary);
        [sampled.tokens[i], sampled.logprobs[i]] = sampleFiltered(rowLogits, row);
      }
    }
    return sampled;
  }

  /** Frees the sessions. */
  async close(): Promise<void> {
    await this.#plain.release();
    await this.#tempered.release();
  }
}

/**
 * Inputs logits [rows, V], uniforms [rows, 1] and, if tempered, inverseTemperatures [rows, 1]; outputs tokens int32
 * [rows, 1] and logprobs [rows, 1]. The distribution is cut into equal blocks: first the block is drawn, then the token
 * in it, so that cumulative sums run over a few hundred numbers instead of the whole vocabulary.
 */
function buildSamplingGraph(vocabulary: number, kind: 'plain' | 'tempered'): Graph {
  const graph = new Graph();
  const logits = graph.input('logits', 'float', ['rows', vocabulary]);
  const uniforms = graph.input('uniforms', 'float', ['rows', 1]);
  const blocks = blockCount(vocabulary);
  const size = vocabulary / blocks;

  const policy = graph.op('Softmax', [logits], { axis: -1 });
  const drawn = kind === 'plain' ? policy : temper(graph, logits);
  const byBlock = graph.op('Reshape', [drawn, graph.int64([-1, blocks, size])]);
  const masses = graph.op('ReduceSum', [byBlock, graph.int64([-1])], { keepdims: 0 });
  const block = drawIndex(graph, masses, uniforms, blocks);
  const inBlock = graph.op('GatherND', [byBlock, block.index], { batch_dims: 1 });
  // The remainder of the uniform number within the block, as a fraction of its mass.
  const fraction = graph.op('Div', [block.rest, graph.op('GatherElements', [masses, block.index], { axis: 1 })]);
  const token = drawIndex(graph, inBlock, graph.op('Clip', [fraction, graph.float(0), graph.float(belowOne)]), size);
  const tokens = graph.op('Add', [graph.op('Mul', [block.index, graph.int64(size)]), token.index]);

  const chosen = graph.op('GatherElements', [policy, tokens], { axis: 1 });
  graph.output('tokens', graph.op('Cast', [tokens], { to: elementType.int32 }), 'int32', ['rows', 1]);
  graph.output('logprobs', graph.op('Log', [graph.op('Max', [chosen, graph.float(smallestNormal)])]), 'float', [
    'rows',
    1,
  ]);
  return graph;
}

function temper(graph: Graph, logits: Value): Value {
  const inverseTemperatures = graph.input('inverseTemperatures', 'float', ['rows', 1]);
  return graph.op('Softmax', [graph.op('Mul', [logits, inverseTemperatures])], { axis: -1 });
}

/** The divisor of the vocabulary next below its square root: blocks and block size are then of the same order. */
function blockCount(vocabulary: number): number {
  let blocks = Math.floor(Math.sqrt(vocabulary));
  while (vocabulary % blocks !== 0) {
    blocks--;
  }
  return blocks;
}

/**
 * The first index whose cumulative weight exceeds fraction * total, weights [rows, length], fraction [rows, 1] in [0, 1).
 * Its weight is positive: fractions have 23 bits, so fraction * total < total = the last cumulative weight. `rest`: how far
 * into the weight of that index the threshold lies.
 */
function drawIndex(graph: Graph, weights: Value, fraction: Value, length: number): { index: Value; rest: Value } {
  const sums = graph.op('CumSum', [weights, graph.int64(1)]);
  const total = graph.op('Slice', [sums, graph.int64([length - 1]), graph.int64([length]), graph.int64([1])]);
  const threshold = graph.op('Mul', [fraction, total]);
  const below = graph.op('Cast', [graph.op('LessOrEqual', [sums, threshold])], { to: elementType.int64 });
  const count = graph.op('ReduceSum', [below, graph.int64([-1])], { keepdims: 1 });
  const index = graph.op('Min', [count, graph.int64(length - 1)]);
  const sumBefore = graph.op('Sub', [
    graph.op('GatherElements', [sums, index], { axis: 1 }),
    graph.op('GatherElements', [weights, index], { axis: 1 }),
  ]);
  return { index, rest: graph.op('Sub', [threshold, sumBefore]) };
}

/** How far below the most probable token to look for those that pass the cuts, in nats: first near, last everywhere. */
const reaches = [6, 14, Infinity];

/**
 * Draws from the tokens that top-k and then top-p leave, most probable first (ties: the lower id). Returns the token
 * and its logprob under the whole distribution at temperature 1.
 */
export function sampleFiltered(logits: Float32Array, row: RowSampling): [token: number, logprob: number] {
  let largest = -Infinity;
  for (const logit of logits) {
    largest = Math.max(largest, logit);
  }
  let totalAtOne = 0;
  let total = 0;
  for (const logit of logits) {
    totalAtOne += Math.exp(logit - largest);
    total += Math.exp((logit - largest) / row.temperature);
  }
  const weight: Weight = (token) => Math.exp((at(logits, token) - largest) / row.temperature);
  const token = draw(keptTokens(logits, largest, row, total, weight), row.uniform, weight);
  return [token, at(logits, token) - largest - Math.log(totalAtOne)];
}

type Weight = (token: number) => number;

function draw(tokens: readonly number[], uniform: number, weight: Weight): number {
  let left = uniform * tokens.reduce((sum, token) => sum + weight(token), 0);
  return tokens.find((token) => (left -= weight(token)) < 0) ?? at(tokens, 0);
}

/** Sorting the whole vocabulary takes 20 ms, and the tokens that pass nearly always lie close to the best one. */
function keptTokens(logits: Float32Array, largest: number, row: RowSampling, total: number, weight: Weight): number[] {
  let ranked: number[] = [];
  for (const reach of reaches) {
    const least = largest - reach * row.temperature;
    ranked = [];
    for (let token = 0; token < logits.length; token++) {
      const logit = logits[token];
      if (logit !== undefined && logit >= least) {
        ranked.push(token);
      }
    }
    ranked.sort((a, b) => at(logits, b) - at(logits, a) || a - b);
    const kept = cut(ranked, row, total, weight);
    if (kept) {
      return kept;
    }
  }
  return ranked;
}

/** What top-k and top-p leave of the best tokens; undefined when more of them must be known. */
function cut(
  ranked: readonly number[],
  { topK, topP }: RowSampling,
  total: number,
  weight: Weight,
): number[] | undefined {
  if (topK > ranked.length) {
    return undefined;
  }
  const candidates = topK > 0 ? ranked.slice(0, topK) : ranked;
  if (topP >= 1) {
    return [...candidates];
  }
  const goal = topP * (topK > 0 ? candidates.reduce((sum, token) => sum + weight(token), 0) : total);
  let mass = 0;
  const last = candidates.findIndex((token) => (mass += weight(token)) >= goal);
  return last < 0 ? undefined : candidates.slice(0, last + 1);
}
