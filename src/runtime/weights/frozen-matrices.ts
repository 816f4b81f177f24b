import { elementType, type Graph, type Value } from '../../onnx/graph.ts';
import { int8Products, type Int8Product } from '../../onnx/operators/int8-matrix.ts';
import { exactMatrix, type FrozenMatrix } from '../../onnx/operators/linear.ts';
import type { Head } from '../../onnx/operators/log-probability.ts';
import { rotationWidth } from './int8.ts';
import type { PreparedWeights } from './weights.ts';

/** The matrices of a model that are not trained, in the precision that a graph computes with. */
export interface FrozenMatrices {
  /** A linear layer by its name in the checkpoint, with its bias where it has one. */
  matrix(name: string): FrozenMatrix;
  /** `lm_head`. */
  head(): Head;
}

/** Everything in fp32, as the checkpoint has it. */
export function exactMatrices(graph: Graph, weights: PreparedWeights): FrozenMatrices {
  const matrix = (name: string): FrozenMatrix => {
    const bias = `${name}.bias`;
    const weight = weights.addTo(graph, `${name}.weight`);
    return exactMatrix(graph, weight, weights.has(bias) ? weights.addTo(graph, bias) : undefined);
  };
  return {
    matrix,
    head: () => {
      const weight = weights.addTo(graph, 'lm_head.weight');
      const rows: Head['rows'] = (ids) =>
        graph.op('Gather', [weight, graph.op('Squeeze', [ids, graph.int64([1])])], { axis: 0 });
      return { ...matrix('lm_head'), rows };
    },
  };
}

/**
 * Products in fp16, both ways. Each row of what enters is divided by its largest element, and its products multiplied
 * again: gradients would underflow, and what the feed-forward part adds up to could overflow.
 */
export function halfMatrices(graph: Graph, weights: PreparedWeights, half: PreparedWeights): FrozenMatrices {
  const product = (x: Value, name: string, transB: 0 | 1): Value => {
    const largest = graph.op('ReduceMax', [graph.op('Abs', [x]), graph.int64([-1])], { keepdims: 1 });
    const size = graph.op('Max', [largest, graph.float(1e-30)]);
    const rows = graph.op('Cast', [graph.op('Div', [x, size])], { to: elementType.float16 });
    const y = graph.op('Gemm', [rows, half.addTo(graph, `${name}.half`)], { transB });
    return graph.op('Mul', [graph.op('Cast', [y], { to: elementType.float }), size]);
  };
  const matrix = (name: string): FrozenMatrix => {
    const bias = `${name}.bias`;
    return {
      forward: (x) => {
        const y = product(x, name, 1);
        return weights.has(bias) ? graph.op('Add', [y, weights.addTo(graph, bias)]) : y;
      },
      backward: (gradient, soFar) => {
        const share = product(gradient, name, 0);
        return soFar === undefined ? share : graph.op('Add', [share, soFar]);
      },
    };
  };
  return { matrix, head: () => ({ ...matrix('lm_head'), rows: exactMatrices(graph, weights).head().rows }) };
}

/** Forward products in 8 bit, for training and for sampling: x W^T (+ bias); the head has no bias. */
export function int8Forward(graph: Graph, product: Int8Product, biases: PreparedWeights, int8: PreparedWeights) {
  return (x: Value, name: string): Value => {
    const [inputs] = int8.tensor(`${name}.forward`).dims as [number, number];
    const bias = `${name}.bias`;
    const y = product(x, {
      values: int8.addTo(graph, `${name}.forward`),
      scales: int8.addTo(graph, `${name}.forward.scale`),
      inner: inputs,
      rotation: rotationWidth(inputs),
    });
    return biases.has(bias) ? graph.op('Add', [y, biases.addTo(graph, bias)]) : y;
  };
}

/** Products in 8 bit, both ways; norms, biases and the embedding are those of `weights`. */
export function int8Matrices(graph: Graph, weights: PreparedWeights, int8: PreparedWeights): FrozenMatrices {
  const product = int8Products(graph);
  const forward = int8Forward(graph, product, weights, int8);
  const backward = (name: string, gradient: Value, kind?: 'signed' | 'unsigned') =>
    product(
      gradient,
      {
        values: int8.addTo(graph, `${name}.backward`),
        scales: int8.addTo(graph, `${name}.backward.scale`),
        inner: int8.tensor(`${name}.backward`).dims[0]!,
        rotation: 1,
      },
      kind,
    );
  const stacked = stackedForward(graph, weights, forward);
  return {
    matrix: (name) => ({
      forward: (x) => (/[qkv]_proj$/.test(name) ? stacked(x, name) : forward(x, name)),
      backward: (gradient, soFar) => {
        const share = backward(name, gradient);
        return soFar === undefined ? share : graph.op('Add', [share, soFar]);
      },
    }),
    head: () => ({
      rows: exactMatrices(graph, weights).head().rows,
      forward: (x) => forward(x, 'lm_head'),
      // Probabilities come back: they are rounded without a sign.
      backward: (probabilities) => backward('lm_head', probabilities, 'unsigned'),
    }),
  };
}

/** q, k and v are one product, cut into three. */
function stackedForward(graph: Graph, weights: PreparedWeights, forward: (x: Value, name: string) => Value) {
  const { heads, kvHeads, headSize } = weights.config;
  const parts = new Map<string, Value[]>();
  return (x: Value, name: string): Value => {
    const stack = name.replace(/[qkv]_proj$/, 'qkv_proj');
    const key = `${stack} ${x}`;
    const widths = graph.int64([heads * headSize, kvHeads * headSize, kvHeads * headSize]);
    const cut = parts.get(key) ?? graph.ops('Split', [forward(x, stack), widths], { axis: 1 }, 3);
    parts.set(key, cut);
    const part = cut['qkv'.indexOf(name.at(-'q_proj'.length)!)]!;
    const bias = `${name}.bias`;
    return weights.has(bias) ? graph.op('Add', [part, weights.addTo(graph, bias)]) : part;
  };
}
