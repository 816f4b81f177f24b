import { at } from '../../base/arrays.ts';
import { elementType, Graph } from '../../onnx/graph.ts';
import { int8Products } from '../../onnx/operators/int8-matrix.ts';
import { evaluator } from './evaluator.ts';

/** A product of x [rows, inner] with integers [inner, outer]. */
export interface ProbeProduct {
  /** Integers from 64 to 127, of which each row has a 127: rounding a row to 8 bit leaves it as it is. */
  x: Float32Array;
  integers: Int8Array;
  rows: number;
  inner: number;
  outer: number;
}

/** Results [rows, outer] of one product, one for each way in which it can be computed. */
export type ComputeProbe = (probe: ProbeProduct) => Promise<readonly Float32Array[]>;

/** What fp32 may round off a sum; saturation takes 4,097 and more from each pair. */
const tolerance = 1;

/**
 * Whether this processor computes products of 8-bit integers exactly: asked of the products that the graphs are made of.
 * On x64 without VNNI, onnxruntime adds neighbouring products in 16 bit, which saturate (`vpmaddubsw`), and says nothing.
 * Takes some milliseconds. `compute` stands in for onnxruntime in tests.
 */
export async function integerProductsAreExact(compute: ComputeProbe = computeInGraph): Promise<boolean> {
  // Onnxruntime has one kernel for a single row and another one for several.
  for (const rows of [1, 5]) {
    const probe = probeProduct(rows);
    const expected = exactProduct(probe);
    const results = await compute(probe);
    if (!results.every((result) => isNear(result, expected))) {
      return false;
    }
  }
  return true;
}

/**
 * Each two neighbours of a column have one sign and are at least 96, and x is at least 192 in uint8 (zero point 128):
 * 2 * 192 * 96 = 36,864 is out of the range of int16.
 */
function probeProduct(rows: number): ProbeProduct {
  const [inner, outer] = [64, 32];
  const x = Float32Array.from({ length: rows * inner }, (_, i) => {
    const [row, column] = [Math.floor(i / inner), i % inner];
    return 127 - ((5 * column * (row + 1)) % 64);
  });
  const integers = Int8Array.from({ length: inner * outer }, (_, i) => {
    const [row, column] = [Math.floor(i / outer), i % outer];
    return (column % 2 === 0 ? 1 : -1) * (127 - (row % 32));
  });
  return { x, integers, rows, inner, outer };
}

/** In fp64, which holds these sums exactly. */
function exactProduct({ x, integers, rows, inner, outer }: ProbeProduct): Float64Array {
  return Float64Array.from({ length: rows * outer }, (_, i) => {
    const [row, column] = [Math.floor(i / outer), i % outer];
    let sum = 0;
    for (let k = 0; k < inner; k++) {
      sum += at(x, row * inner + k) * at(integers, k * outer + column);
    }
    return sum;
  });
}

/** With the integers as a constant, which is packed when the session is made, and as an input, which is not. */
async function computeInGraph({ x, integers, rows, inner, outer }: ProbeProduct): Promise<Float32Array[]> {
  const graph = new Graph();
  const product = int8Products(graph);
  const rowsOfX = graph.input('x', 'float', [rows, inner]);
  const scales = graph.constant('float', [outer], new Float32Array(outer).fill(1));
  const constant = graph.constant('int8', [inner, outer], integers);
  const input = graph.op('Cast', [graph.input('integers', 'float', [inner, outer])], { to: elementType.int8 });
  [constant, input].forEach((values, i) => {
    const y = product(rowsOfX, { values, scales, inner, rotation: 1 });
    graph.output(`y${i}`, y, 'float', [rows, outer]);
  });
  const { run, close } = await evaluator(graph);
  try {
    const integersAsFloat = { dims: [inner, outer], data: Float32Array.from(integers) };
    return Object.values(await run({ x: { dims: [rows, inner], data: x }, integers: integersAsFloat }));
  } finally {
    await close();
  }
}

function isNear(result: Float32Array, expected: Float64Array): boolean {
  return result.length === expected.length && expected.every((sum, i) => Math.abs(at(result, i) - sum) <= tolerance);
}
