import type { Graph, Value } from '../graph.ts';

/** A matrix in 8 bit that stands on the right of a product: values * scales = R B, with B [inner, outer]. */
export interface Int8Weights {
  /** int8 [inner, outer] */
  values: Value;
  /** [outer] */
  scales: Value;
  inner: number;
  /** Width of the blocks of `inner` that R rotates; 1 = none. */
  rotation: number;
}

/**
 * Products x B of x [rows, inner] with 8-bit matrices. Each row of x is rotated like B, which leaves the product as it is
 * and spreads the few large numbers of a row over their block, then rounded to 8 bit by its largest element; the product
 * is computed in integers and scaled back. What is made of x is shared by all products that x enters.
 * All x of one instance have equally many rows.
 * `unsigned` rounds to 255 steps instead of 127 and asks for numbers that are not negative.
 * Ashkboos et al., QuaRot (arXiv 2404.00456).
 */
export type Int8Product = (x: Value, weights: Int8Weights, kind?: 'signed' | 'unsigned') => Value;

/** Products that share what is computed of a matrix x which enters several of them; see {@link Int8Product}. */
export function int8Products(graph: Graph): Int8Product {
  const made = new Map<string, RoundedRows>();
  const zeros = new Map<string, Value>();
  /** One zero point for each row. */
  const zerosFor = (kind: string, zeroPoint: Value, byRow: Value): Value => {
    const known = zeros.get(kind) ?? graph.op('Expand', [zeroPoint, graph.op('Shape', [byRow])]);
    zeros.set(kind, known);
    return known;
  };
  return (x, { values, scales, rotation, inner }, kind = 'signed') => {
    const key = `${x} ${rotation} ${kind}`;
    const rounded = made.get(key) ?? roundRows(graph, rotate(graph, x, rotation, inner), kind, zerosFor);
    made.set(key, rounded);
    const { integers, zeroPoint, step } = rounded;
    const product = graph.contrib('MatMulIntegerToFloat', [integers, values, graph.float(1), scales, zeroPoint]);
    return graph.op('Mul', [product, step]);
  };
}

interface RoundedRows {
  /** uint8, as many steps from `zeroPoint` as the element is large beside its row's largest. */
  integers: Value;
  zeroPoint: Value;
  /** Size of a step of each row, [rows, 1]. */
  step: Value;
}

function roundRows(
  graph: Graph,
  x: Value,
  kind: 'signed' | 'unsigned',
  zerosFor: (kind: string, zeroPoint: Value, byRow: Value) => Value,
): RoundedRows {
  const [steps, zero] = kind === 'signed' ? [127, 128] : [255, 0];
  const zeroPoint = graph.constant('uint8', [], Uint8Array.of(zero));
  const largest = graph.op('ReduceMax', [x, graph.int64([-1])], { keepdims: 1 });
  const sizes = [largest];
  if (kind === 'signed') {
    sizes.push(graph.op('Neg', [graph.op('ReduceMin', [x, graph.int64([-1])], { keepdims: 1 })]));
  }
  // A row of zeros must not be divided by zero.
  const size = graph.op('Max', [...sizes, graph.float(1e-30)]);
  const step = graph.op('Mul', [size, graph.float(1 / steps)]);
  const byRow = graph.op('Squeeze', [step, graph.int64([1])]);
  const zeros = zerosFor(kind, zeroPoint, byRow);
  return { integers: graph.op('QuantizeLinear', [x, byRow, zeros], { axis: 0 }), zeroPoint, step };
}

/** Each block of `width` numbers of a row times the orthonormal Hadamard matrix, which is its own inverse. */
function rotate(graph: Graph, x: Value, width: number, inner: number): Value {
  if (width === 1) {
    return x;
  }
  const blocks = graph.op('Reshape', [x, graph.int64([0, inner / width, width])]);
  const rotated = graph.op('MatMul', [blocks, graph.constant('float', [width, width], hadamard(width))]);
  return graph.op('Reshape', [rotated, graph.int64([0, inner])]);
}

/** Sylvester's matrix of a power of two: the sign of (i, j) is the parity of the bits that i and j share. */
function hadamard(width: number): Float32Array {
  const size = 1 / Math.sqrt(width);
  const parity = (bits: number): number => (bits === 0 ? 0 : (bits & 1) ^ parity(bits >>> 1));
  return Float32Array.from({ length: width * width }, (_, k) =>
    parity(Math.floor(k / width) & (k % width)) ? -size : size,
  );
}
