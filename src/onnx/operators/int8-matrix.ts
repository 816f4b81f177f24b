import type { Graph, Value } from '../graph.ts';
import type { FrozenMatrix } from './linear.ts';

/** A matrix in 8 bit that stands on the right of a product: values * scales = R B, with B [inner, outer]. */
export interface Int8Weights {
  /** int8 [inner, outer] */
  values: Value;
  /** [outer] */
  scales: Value;
  /** Width of the blocks of `inner` that R rotates; 1 = none. */
  rotation: number;
}

/**
 * Products x B of x [rows, inner] with 8-bit matrices. Each row of x is rotated like B, which leaves the product as it is
 * and spreads the few large numbers of a row over their block, then rounded to 8 bit by its largest element; the product
 * is computed in integers and scaled back. What is made of x is shared by all products that x enters.
 * `unsigned` rounds to 255 steps instead of 127 and asks for numbers that are not negative.
 * Ashkboos et al., QuaRot (arXiv 2404.00456).
 */
export type Int8Product = (x: Value, weights: Int8Weights, kind?: 'signed' | 'unsigned') => Value;

export function int8Products(graph: Graph): Int8Product {
  const made = new Map<string, RoundedRows>();
  return (x, { values, scales, rotation }, kind = 'signed') => {
    const key = `${x} ${rotation} ${kind}`;
    const { integers, step, zeroPoint, largest } = made.get(key) ?? roundRows(graph, rotate(graph, x, rotation), kind);
    made.set(key, { integers, step, zeroPoint, largest });
    const product = graph.contrib('MatMulIntegerToFloat', [integers, values, step, scales, zeroPoint]);
    return graph.op('Mul', [product, largest]);
  };
}

interface RoundedRows {
  /** uint8, as many steps from `zeroPoint` as the element is large beside its row's largest. */
  integers: Value;
  step: Value;
  zeroPoint: Value;
  /** [rows, 1] */
  largest: Value;
}

function roundRows(graph: Graph, x: Value, kind: 'signed' | 'unsigned'): RoundedRows {
  const [steps, zero] = kind === 'signed' ? [127, 128] : [255, 0];
  const step = graph.float(1 / steps);
  const zeroPoint = graph.constant('uint8', [], Uint8Array.of(zero));
  const sizes = kind === 'signed' ? graph.op('Abs', [x]) : x;
  const size = graph.op('ReduceMax', [sizes, graph.int64([-1])], { keepdims: 1 });
  // A row of zeros must not be divided by zero.
  const largest = graph.op('Max', [size, graph.float(1e-30)]);
  const integers = graph.op('QuantizeLinear', [graph.op('Div', [x, largest]), step, zeroPoint]);
  return { integers, step, zeroPoint, largest };
}

/** Each block of `width` numbers of a row times the orthonormal Hadamard matrix, which is its own inverse. */
function rotate(graph: Graph, x: Value, width: number): Value {
  if (width === 1) {
    return x;
  }
  const blocks = graph.op('Reshape', [x, graph.int64([-1, width])]);
  const rotated = graph.op('MatMul', [blocks, graph.constant('float', [width, width], hadamard(width))]);
  return graph.op('Reshape', [rotated, graph.op('Shape', [x])]);
}

/** Sylvester's matrix of a power of two: the sign of (i, j) is the parity of the bits that i and j share. */
function hadamard(width: number): Float32Array {
  const size = 1 / Math.sqrt(width);
  const parity = (bits: number): number => (bits === 0 ? 0 : (bits & 1) ^ parity(bits >>> 1));
  return Float32Array.from({ length: width * width }, (_, k) =>
    parity(Math.floor(k / width) & (k % width)) ? -size : size,
  );
}

export interface Int8MatrixParts {
  /** W^T, for x W^T. */
  forward: Int8Weights;
  /** W, for gradient W. */
  backward: Int8Weights;
  bias?: Value;
}

/** A frozen linear layer whose two products are computed in 8 bit. */
export function int8Matrix(
  graph: Graph,
  product: Int8Product,
  { forward, backward, bias }: Int8MatrixParts,
): FrozenMatrix {
  const plus = (value: Value, added: Value | undefined) =>
    added === undefined ? value : graph.op('Add', [value, added]);
  return {
    forward: (x) => plus(product(x, forward), bias),
    backward: (gradient, soFar) => plus(product(gradient, backward), soFar),
  };
}
