import { at } from '../../base/arrays.ts';
import { decoderLayout, type DecoderLayer, type DecoderLayout, type Linear, type Norm } from '../../model/layout.ts';
import type { DecoderConfig } from '../../model/model.ts';
import { contrib, elementType, Graph, type Value } from '../../onnx/graph.ts';
import { decode, type DecoderOps } from '../decoder/decoder.ts';
import { int8Forward } from '../weights/frozen-matrices.ts';
import { int8Products } from '../../onnx/operators/int8-matrix.ts';
import { cachePorts } from './kv-cache.ts';
import { loraPorts } from '../decoder/lora-inputs.ts';
import { blockSize, zeroPoint } from '../weights/quantize.ts';
import { ropeTables } from '../decoder/rope.ts';
import { addSequenceOutput } from '../devices/session.ts';
import type { PreparedWeights } from '../weights/weights.ts';

/** Names of the inputs besides cache and LoRA, and of the outputs. */
export const generationPorts = {
  /** int32 [batch, tokens]. */
  ids: 'ids',
  /** int32 [batch]: tokens in the cache after this run, minus 1. */
  lastPositions: 'lastPositions',
  /** int32 []: the longest of the batch after this run. */
  total: 'total',
  /** int32 [rows]: positions in the flattened [batch * tokens] whose logits are wanted. */
  rows: 'rows',
  /** fp32 [rows, vocabulary]. */
  logits: 'logits',
  /** fp32 [batch * tokens, hidden]: every token after the last norm. Fetched for embeddings alone. */
  hidden: 'hidden',
} as const;

/** How a generation graph is built. */
export interface GenerationGraphOptions {
  /** The longest sequence, tokens. */
  positions: number;
  /** Matrices in `int8` or `int8-rotated`, in place of those of the weights. */
  int8?: PreparedWeights | undefined;
  /** Whether outputs are written into buffers that the caller gives (`RunInto`). */
  inPlace: boolean;
}

/**
 * The decoder for generation: key-value cache in place, LoRA as inputs. The format of `weights` decides how it computes:
 * `nb32` in 8 bit, fast, for sampling; `fp32` exactly, as the trainer does. With `int8` its matrices take the place of
 * those of `weights`. One graph serves prefill (batch 1, many tokens) and decoding (many rows, one token each).
 */
export function buildGenerationGraph(
  config: DecoderConfig,
  weights: PreparedWeights,
  { positions, int8, inPlace }: GenerationGraphOptions,
): Graph {
  const graph = new Graph();
  const total = graph.input(generationPorts.total, 'int32', []);
  if (inPlace) {
    addSequenceOutput(graph, total);
  }
  const product = frozenProduct(graph, weights, int8);
  const ops = new InferenceOps(graph, config, weights, positions, product, total);
  const hidden = ops.settle(decode(config, ops));
  const rows = graph.input(generationPorts.rows, 'int32', ['rows']);
  const wanted = graph.op('Gather', [hidden, rows], { axis: 0 });
  const logits = product(wanted, decoderLayout(config).head);
  graph.output(generationPorts.logits, logits, 'float', ['rows', config.vocabulary]);
  graph.output(generationPorts.hidden, hidden, 'float', ['all', config.hidden]);
  return graph;
}

/** x [tokens, inputs] times a matrix that is not trained, plus its bias: [tokens, outputs]. */
type FrozenProduct = (x: Value, linear: Linear) => Value;

function frozenProduct(graph: Graph, weights: PreparedWeights, int8: PreparedWeights | undefined): FrozenProduct {
  if (int8) {
    const layers = int8Forward(graph, int8Products(graph), weights, int8);
    // The head has fewer rows than the layers.
    const head = int8Forward(graph, int8Products(graph), weights, int8);
    return (x, linear) => (linear.role === 'head' ? head(x, linear) : layers(x, linear));
  }
  return weights.format === 'nb32'
    ? (x, linear) => matMulBlocks(graph, weights, x, linear)
    : (x, linear) => matMulExact(graph, weights, x, linear);
}

/** In fp32 the checkpoint's matrices stand alone: a stack of several is several products side by side. */
function matMulExact(graph: Graph, weights: PreparedWeights, x: Value, { stored, name, role, bias }: Linear): Value {
  // A tied head has an entry under its own name.
  const names = role === 'head' ? [name] : stored;
  const products = names.map((part) => {
    const operands = [x, weights.addTo(graph, `${part}.weight`)];
    return graph.op('Gemm', bias ? [...operands, weights.addTo(graph, `${part}.bias`)] : operands, { transB: 1 });
  });
  return products.length === 1 ? at(products, 0) : graph.op('Concat', products, { axis: -1 });
}

/** 8-bit weights; activations are rounded to 8 bit per block of 32 (accuracy level 4). */
function matMulBlocks(graph: Graph, weights: PreparedWeights, x: Value, linear: Linear): Value {
  const { name, inputs, outputs, bias } = linear;
  const operands = [x, weights.addTo(graph, `${name}.q`), weights.addTo(graph, `${name}.scale`)];
  return graph.contrib('MatMulNBits', bias ? [...operands, '', '', weights.addTo(graph, `${name}.bias`)] : operands, {
    K: inputs,
    N: outputs,
    bits: 8,
    block_size: blockSize,
    accuracy_level: 4,
  });
}

/** A value of the residual stream. A sum is held back until a norm asks for it, because one operator computes both. */
interface Hidden {
  value?: Value;
  addends?: readonly [Value, Value];
}

class InferenceOps implements DecoderOps<Hidden> {
  readonly #graph: Graph;
  readonly #config: DecoderConfig;
  readonly #weights: PreparedWeights;
  readonly #product: FrozenProduct;
  readonly #ids: Value;
  readonly #lastPositions: Value;
  readonly #total: Value;
  readonly #cos: Value;
  readonly #sin: Value;
  /** int64 [3]: batch, tokens, -1. */
  readonly #batchShape: Value;

  constructor(
    graph: Graph,
    config: DecoderConfig,
    weights: PreparedWeights,
    positions: number,
    product: FrozenProduct,
    total: Value,
  ) {
    this.#graph = graph;
    this.#product = product;
    this.#config = config;
    this.#weights = weights;
    this.#ids = graph.input(generationPorts.ids, 'int32', ['batch', 'tokens']);
    this.#lastPositions = graph.input(generationPorts.lastPositions, 'int32', ['batch']);
    this.#total = total;
    const { cos, sin } = ropeTables(config, positions);
    this.#cos = graph.constant('float', [positions, config.headSize / 2], cos);
    this.#sin = graph.constant('float', [positions, config.headSize / 2], sin);
    this.#batchShape = graph.op('Concat', [graph.op('Shape', [this.#ids]), graph.int64([-1])], { axis: 0 });
  }

  /** The name of the value, a sum being computed if need be. */
  settle(x: Hidden): Value {
    x.value ??= this.#graph.op('Add', x.addends ?? []);
    return x.value;
  }

  embed({ name }: DecoderLayout['embedding']): Hidden {
    const graph = this.#graph;
    const ids = graph.op('Reshape', [this.#ids, graph.int64([-1])]);
    if (this.#weights.format === 'fp32') {
      return { value: graph.op('Gather', [this.#weights.addTo(graph, `${name}.weight`), ids]) };
    }
    const rounded = graph.op('Gather', [this.#weights.addTo(graph, `${name}.q`), ids]);
    const q = graph.op('Cast', [rounded], { to: elementType.float });
    const scale = graph.op('Gather', [this.#weights.addTo(graph, `${name}.scale`), ids]);
    const rows = graph.op('Mul', [graph.op('Sub', [q, graph.float(zeroPoint)]), scale]);
    return { value: graph.op('Reshape', [rows, graph.int64([-1, this.#config.hidden])]) };
  }

  rmsNorm(x: Hidden, { name }: Norm): Hidden {
    const graph = this.#graph;
    const weight = this.#weights.addTo(graph, `${name}.weight`);
    const epsilon = { float: this.#config.rmsEpsilon };
    if (!x.addends || x.value) {
      const operands = [this.settle(x), weight];
      return { value: graph.op('SimplifiedLayerNormalization', operands, { axis: -1, epsilon }) };
    }
    const port = (value: Value) => ({ name: value, type: 'float' as const, dims: [], output: false });
    const ports = [`${name}.normed`, '', '', `${name}.sum`].map(port);
    graph.outputOf('SkipSimplifiedLayerNormalization', [...x.addends, weight], { epsilon }, ports, contrib);
    x.value = `${name}.sum`;
    return { value: `${name}.normed` };
  }

  linear(x: Hidden, linear: Linear): Hidden {
    return { value: this.#adapted(this.settle(x), linear, 'rank') };
  }

  /** The frozen layer plus (x A) B; `rank`: symbol of the inner dimension of A and B. */
  #adapted(x: Value, linear: Linear, rank: string): Value {
    const graph = this.#graph;
    const { name, inputs, outputs } = linear;
    const frozen = this.#product(x, linear);
    const ports = loraPorts(name);
    const a = graph.input(ports.a, 'float', [inputs, rank]);
    const b = graph.input(ports.b, 'float', [rank, outputs]);
    return graph.op('Add', [frozen, graph.op('MatMul', [graph.op('MatMul', [x, a]), b])]);
  }

  attention(x: Hidden, layer: DecoderLayer): Hidden {
    const graph = this.#graph;
    const { heads, kvHeads, headSize } = this.#config;
    // Three pairs are packed into one.
    const flat = this.#adapted(this.settle(x), layer.qkv, 'ranks');
    const { headNorms } = layer;
    const qkv = headNorms
      ? this.#normedHeads(flat, headNorms)
      : [graph.op('Reshape', [flat, this.#batchShape]), '', ''];
    const attended = `${layer.attention}.attended`;
    const ports = cachePorts(layer.index);
    const cache = ['batch', kvHeads, 'positions', headSize];
    const past = [graph.input(ports.pastKey, 'float', cache), graph.input(ports.pastValue, 'float', cache)];
    graph.outputOf(
      'GroupQueryAttention',
      [...qkv, ...past, this.#lastPositions, this.#total, this.#cos, this.#sin],
      { num_heads: heads, kv_num_heads: kvHeads, do_rotary: 1, rotary_interleaved: 0 },
      [
        { name: attended, type: 'float', dims: [], output: false },
        { name: ports.key, type: 'float', dims: cache, output: true },
        { name: ports.value, type: 'float', dims: cache, output: true },
      ],
      contrib,
    );
    return { value: graph.op('Reshape', [attended, graph.int64([-1, heads * headSize])]) };
  }

  /** q, k and v [batch, tokens, n * headSize] out of their packed rows, q and k with the norm of each head. */
  #normedHeads(flat: Value, { q, k }: NonNullable<DecoderLayer['headNorms']>): Value[] {
    const graph = this.#graph;
    const { heads, kvHeads, headSize, rmsEpsilon } = this.#config;
    const byHead = graph.op('Reshape', [flat, graph.int64([-1, heads + 2 * kvHeads, headSize])]);
    const parts = graph.ops('Split', [byHead, graph.int64([heads, kvHeads, kvHeads])], { axis: 1 }, 3);
    const norms = [q, k];
    return parts.map((part, i) => {
      const norm = norms[i];
      if (norm === undefined) {
        return graph.op('Reshape', [part, this.#batchShape]);
      }
      const weight = this.#weights.addTo(graph, `${norm.name}.weight`);
      const attributes = { axis: -1, epsilon: { float: rmsEpsilon } };
      const normed = graph.op('SimplifiedLayerNormalization', [part, weight], attributes);
      return graph.op('Reshape', [normed, this.#batchShape]);
    });
  }

  gate(gate: Hidden, up: Hidden): Hidden {
    const silu = this.#graph.contrib('QuickGelu', [this.settle(gate)], { alpha: { float: 1 } });
    return { value: this.#graph.op('Mul', [silu, this.settle(up)]) };
  }

  add(a: Hidden, b: Hidden): Hidden {
    return { addends: [this.settle(a), this.settle(b)] };
  }

  byRows(x: Hidden, build: (ops: DecoderOps<Hidden>, x: Hidden) => Hidden): Hidden {
    return build(this, x);
  }

  layer(x: Hidden, build: (ops: DecoderOps<Hidden>, x: Hidden) => Hidden): Hidden {
    return build(this, x);
  }
}
