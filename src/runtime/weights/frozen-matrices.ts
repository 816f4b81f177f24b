import { zip } from '../../base/arrays.ts';
import type { DecoderLayer, DecoderLayout, Linear } from '../../model/layout.ts';
import { elementType, type Graph, type Value } from '../../onnx/graph.ts';
import { int8Products, type Int8Product } from '../../onnx/operators/int8-matrix.ts';
import { exactMatrix, type FrozenMatrix } from '../../onnx/operators/linear.ts';
import type { Head } from '../../onnx/operators/log-probability.ts';
import { rotationWidth } from './int8.ts';
import type { PreparedWeights } from './weights.ts';

/** The matrices of a model that are not trained, in the precision that a graph computes with. */
export interface FrozenMatrices {
  /** A linear layer, with its bias where it has one. */
  matrix(linear: Linear): FrozenMatrix;
  /** q, k and v of a layer, which are multiplied with the same rows. */
  attention(layer: DecoderLayer): { q: FrozenMatrix; k: FrozenMatrix; v: FrozenMatrix };
  /** The output layer. */
  head(layout: DecoderLayout): Head;
}

/** Everything in fp32, as the checkpoint has it. */
export function exactMatrices(graph: Graph, weights: PreparedWeights): FrozenMatrices {
  const matrix = ({ name, bias }: Linear): FrozenMatrix => {
    const weight = weights.addTo(graph, `${name}.weight`);
    return exactMatrix(graph, weight, bias ? weights.addTo(graph, `${name}.bias`) : undefined);
  };
  return {
    matrix,
    attention: separately(matrix),
    head: ({ head }) => ({ ...matrix(head), rows: exactRows(graph, weights, head) }),
  };
}

/** q, k and v as three products. */
function separately(matrix: FrozenMatrices['matrix']): FrozenMatrices['attention'] {
  return ({ q, k, v }) => ({ q: matrix(q), k: matrix(k), v: matrix(v) });
}

/** Rows of the output layer in fp32, whatever its products are rounded to. */
function exactRows(graph: Graph, weights: PreparedWeights, head: Linear): Head['rows'] {
  const weight = weights.addTo(graph, `${head.name}.weight`);
  return (ids) => graph.op('Gather', [weight, graph.op('Squeeze', [ids, graph.int64([1])])], { axis: 0 });
}

/**
 * Products in fp16, both ways. Each row of what enters is divided by its largest element, and its products multiplied
 * again: gradients would underflow, and what the feed-forward part adds up to could overflow.
 */
export function halfMatrices(graph: Graph, weights: PreparedWeights, half: PreparedWeights): FrozenMatrices {
  const product = (x: Value, { name }: Linear, transB: 0 | 1): Value => {
    const largest = graph.op('ReduceMax', [graph.op('Abs', [x]), graph.int64([-1])], { keepdims: 1 });
    const size = graph.op('Max', [largest, graph.float(1e-30)]);
    const rows = graph.op('Cast', [graph.op('Div', [x, size])], { to: elementType.float16 });
    const y = graph.op('Gemm', [rows, half.addTo(graph, `${name}.half`)], { transB });
    return graph.op('Mul', [graph.op('Cast', [y], { to: elementType.float }), size]);
  };
  const matrix = (linear: Linear): FrozenMatrix => ({
    forward: (x) => withBias(graph, weights, linear, product(x, linear, 1)),
    backward: (gradient, soFar) => sum(graph, product(gradient, linear, 0), soFar),
  });
  return {
    matrix,
    attention: separately(matrix),
    head: ({ head }) => ({ ...matrix(head), rows: exactRows(graph, weights, head) }),
  };
}

function withBias(graph: Graph, weights: PreparedWeights, { name, bias }: Linear, y: Value): Value {
  return bias ? graph.op('Add', [y, weights.addTo(graph, `${name}.bias`)]) : y;
}

function sum(graph: Graph, value: Value, soFar: Value | undefined): Value {
  return soFar === undefined ? value : graph.op('Add', [value, soFar]);
}

/** Forward products in 8 bit, for training and for sampling: x W^T (+ bias, from `biases`). */
export function int8Forward(graph: Graph, product: Int8Product, biases: PreparedWeights, int8: PreparedWeights) {
  return (x: Value, linear: Linear): Value => {
    const y = product(x, {
      values: int8.addTo(graph, `${linear.name}.forward`),
      scales: int8.addTo(graph, `${linear.name}.forward.scale`),
      inner: linear.inputs,
      rotation: rotationWidth(linear.inputs),
    });
    return withBias(graph, biases, linear, y);
  };
}

/** Products in 8 bit, both ways; norms, biases and the embedding are those of `weights`. */
export function int8Matrices(graph: Graph, weights: PreparedWeights, int8: PreparedWeights): FrozenMatrices {
  const product = int8Products(graph);
  const forward = int8Forward(graph, product, weights, int8);
  const backward = ({ name, outputs }: Linear, gradient: Value, kind?: 'signed' | 'unsigned') =>
    product(
      gradient,
      {
        values: int8.addTo(graph, `${name}.backward`),
        scales: int8.addTo(graph, `${name}.backward.scale`),
        inner: outputs,
        rotation: 1,
      },
      kind,
    );
  const around = (linear: Linear, forwardOf: (x: Value) => Value): FrozenMatrix => ({
    forward: forwardOf,
    backward: (gradient, soFar) => sum(graph, backward(linear, gradient), soFar),
  });
  return {
    matrix: (linear) => around(linear, (x) => forward(x, linear)),
    attention: ({ qkv, q, k, v }) => {
      const stacked = stackedForward(graph, weights, (x) => forward(x, { ...qkv, bias: false }), [q, k, v]);
      return { q: around(q, stacked(q)), k: around(k, stacked(k)), v: around(v, stacked(v)) };
    },
    head: ({ head }) => ({
      rows: exactRows(graph, weights, head),
      forward: (x) => forward(x, head),
      // Probabilities come back: they are rounded without a sign.
      backward: (probabilities) => backward(head, probabilities, 'unsigned'),
    }),
  };
}

/** One product of x with all `members`, cut into one part for each, to which its bias is added. */
function stackedForward(
  graph: Graph,
  weights: PreparedWeights,
  product: (x: Value) => Value,
  members: readonly Linear[],
): (member: Linear) => (x: Value) => Value {
  const partsOf = new Map<Value, Map<Linear, Value>>();
  return (member) => (x) => {
    let parts = partsOf.get(x);
    if (!parts) {
      const widths = graph.int64(members.map(({ outputs }) => outputs));
      parts = new Map(zip(members, graph.ops('Split', [product(x), widths], { axis: 1 }, members.length)));
      partsOf.set(x, parts);
    }
    const part = parts.get(member);
    if (part === undefined) {
      throw new RangeError(`${member.name} is not among the stacked matrices`);
    }
    return withBias(graph, weights, member, part);
  };
}
