import assert from 'node:assert/strict';
import fc from 'fast-check';
import { needIntegerProducts } from '../../../test/support/integer-products.ts';
import { int8Products } from '../../onnx/operators/int8-matrix.ts';
import { Graph } from '../../onnx/graph.ts';
import { evaluator } from '../devices/evaluator.ts';
import { quantizeBackward, quantizeForward, rotationWidth } from './int8.ts';

/** Standard normal numbers by a seed. */
function normal(seed: number, length: number): Float32Array {
  let state = seed;
  const uniform = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state + 0.5) / 2 ** 32;
  };
  return Float32Array.from({ length }, () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform()));
}

/** x [rows, inner] times B [inner, outer] in fp64. */
function product(x: Float32Array, b: Float32Array, rows: number, inner: number, outer: number): number[] {
  return Array.from({ length: rows * outer }, (_, at) => {
    let sum = 0;
    for (let i = 0; i < inner; i++) {
      sum += x[Math.floor(at / outer) * inner + i]! * b[i * outer + (at % outer)]!;
    }
    return sum;
  });
}

function relativeDistance(actual: Float32Array, expected: readonly number[]): number {
  return Math.hypot(...actual.map((x, i) => x - expected[i]!)) / Math.hypot(...expected);
}

/** The product as the graph computes it. */
async function inGraph(
  x: Float32Array,
  rows: number,
  b: { values: Int8Array; scales: Float32Array },
  rotation: number,
  kind: 'signed' | 'unsigned' = 'signed',
): Promise<Float32Array> {
  const graph = new Graph();
  const outer = b.scales.length;
  const inner = b.values.length / outer;
  const weights = {
    values: graph.constant('int8', [inner, outer], b.values),
    scales: graph.constant('float', [outer], b.scales),
    rotation,
    inner,
  };
  const y = int8Products(graph)(graph.input('x', 'float', ['rows', inner]), weights, kind);
  graph.output('y', y, 'float', ['rows', outer]);
  const { run, close } = await evaluator(graph);
  const { y: result } = await run({ x: { dims: [rows, inner], data: x } });
  await close();
  return result!;
}

function transpose(w: Float32Array, rows: number, columns: number): Float32Array {
  return w.map((_, i) => w[(i % rows) * columns + Math.floor(i / rows)]!);
}

const rows = 9;

describe('8-bit products', function () {
  this.timeout(60_000);
  before(function () {
    return needIntegerProducts(this);
  });

  it('come within a hundredth of the exact ones, both ways, for every rotation that fits', () =>
    fc.assert(
      fc.asyncProperty(
        fc.constantFrom(24, 64, 96, 256, 384),
        fc.constantFrom(16, 40, 128, 320),
        fc.nat(1e6),
        async (outputs, inputs, seed) => {
          const w = normal(seed, outputs * inputs);
          const x = normal(seed + 1, rows * inputs);
          const forwardWidth = rotationWidth(inputs);
          const y = await inGraph(x, rows, quantizeForward(w, outputs, inputs, forwardWidth), forwardWidth);
          const expected = product(x, transpose(w, outputs, inputs), rows, inputs, outputs);
          assert.ok(relativeDistance(y, expected) < 0.015, `forward ${relativeDistance(y, expected)}`);
          const dy = normal(seed + 2, rows * outputs);
          const dx = await inGraph(dy, rows, quantizeBackward(w, outputs, inputs), 1);
          const slope = product(dy, w, rows, outputs, inputs);
          assert.ok(relativeDistance(dx, slope) < 0.015, `backward ${relativeDistance(dx, slope)}`);
        },
      ),
      { numRuns: 12 },
    ));

  it('lose less to outliers when they are rotated', async () => {
    const [outputs, inputs] = [64, 256];
    const w = normal(1, outputs * inputs);
    // Two channels a hundred times as large as the others, as decoders have them.
    const x = normal(2, rows * inputs).map((value, i) => (i % inputs < 2 ? 100 * value : value));
    const expected = product(x, transpose(w, outputs, inputs), rows, inputs, outputs);
    const small = w.map((value, i) => (i % inputs < 2 ? value / 100 : value));
    const errorWith = async (width: number) => {
      const y = await inGraph(x, rows, quantizeForward(small, outputs, inputs, width), width);
      return relativeDistance(y, product(x, transpose(small, outputs, inputs), rows, inputs, outputs));
    };
    assert.equal(expected.length, rows * outputs);
    assert.ok((await errorWith(128)) < (await errorWith(1)) / 3);
  });

  it('round what is never negative to twice as many steps', async () => {
    const [outputs, inputs] = [96, 32];
    const w = normal(3, outputs * inputs);
    const p = normal(4, rows * outputs).map(Math.abs);
    const expected = product(p, w, rows, outputs, inputs);
    const quantized = quantizeBackward(w, outputs, inputs);
    const errors = await Promise.all(
      (['signed', 'unsigned'] as const).map(async (kind) =>
        relativeDistance(await inGraph(p, rows, quantized, 1, kind), expected),
      ),
    );
    assert.ok(errors[1]! < errors[0]!, errors.join());
  });

  it('are zero for a row of zeros', async () => {
    const quantized = { values: Int8Array.of(3, -4), scales: Float32Array.of(0.5) };
    const y = await inGraph(Float32Array.of(0, 0, 127, 127), 2, quantized, 1);
    assert.equal(y[0], 0);
    assert.ok(Math.abs(y[1]! + 63.5) < 1e-5);
  });
});

describe('rotationWidth', () => {
  it('is the largest power of two that divides the size, at most 128', () => {
    assert.deepEqual([1, 7, 96, 128, 896, 4864].map(rotationWidth), [1, 1, 32, 128, 128, 128]);
  });
});
