import assert from 'node:assert/strict';
import { uniform } from '../../base/random.ts';
import { Graph } from '../../onnx/graph.ts';
import { int8Products } from '../../onnx/operators/int8-matrix.ts';
import { evaluator } from './evaluator.ts';
import { type ComputeProbe, integerProductsAreExact, type ProbeProduct } from './integer-products.ts';

/** x in uint8 with zero point 128, as the graphs round it. */
const zeroPoint = 128;

/** The product in integers; `addPair` adds two neighbouring products, as a kernel's registers do. */
function product({ x, integers, rows, inner, outer }: ProbeProduct, addPair: (a: number, b: number) => number) {
  return Float32Array.from({ length: rows * outer }, (_, i) => {
    const [row, column] = [Math.floor(i / outer), i % outer];
    const term = (k: number) => (x[row * inner + k]! + zeroPoint) * integers[k * outer + column]!;
    let sum = 0;
    for (let k = 0; k < inner; k += 2) {
      sum +=
        addPair(term(k), term(k + 1)) -
        zeroPoint * (integers[k * outer + column]! + integers[(k + 1) * outer + column]!);
    }
    return sum;
  });
}

const exactly = (a: number, b: number): number => a + b;
const in16Bit = (a: number, b: number): number => Math.max(-(2 ** 15), Math.min(2 ** 15 - 1, a + b));

/** The probes that the check asks for. */
async function probesOf(): Promise<ProbeProduct[]> {
  const probes: ProbeProduct[] = [];
  await integerProductsAreExact((probe) => {
    probes.push(probe);
    return Promise.resolve([product(probe, exactly)]);
  });
  return probes;
}

describe('the check of integer products', () => {
  const computes = (...kernels: ((a: number, b: number) => number)[]): ComputeProbe => {
    return (probe) => Promise.resolve(kernels.map((kernel) => product(probe, kernel)));
  };

  it('accepts arithmetic in integers', async () => {
    assert.equal(await integerProductsAreExact(computes(exactly, exactly)), true);
  });

  it('finds sums of two products that saturate in 16 bit, in any of the kernels', async () => {
    assert.equal(await integerProductsAreExact(computes(in16Bit)), false);
    assert.equal(await integerProductsAreExact(computes(exactly, in16Bit)), false);
  });

  it('finds a kernel that saturates for one row alone or for several alone', async () => {
    for (const saturates of [(rows: number) => rows === 1, (rows: number) => rows > 1]) {
      const compute: ComputeProbe = (probe) =>
        Promise.resolve([product(probe, saturates(probe.rows) ? in16Bit : exactly)]);
      assert.equal(await integerProductsAreExact(compute), false);
    }
  });

  it('asks for sums of which every pair leaves the range of 16 bit', async () => {
    const probes = await probesOf();
    assert.deepEqual(
      probes.map(({ rows }) => rows),
      [1, 5],
    );
    for (const probe of probes) {
      product(probe, (a, b) => {
        assert.notEqual(in16Bit(a, b), a + b);
        return a + b;
      });
    }
  });

  it('refuses numbers that are not finite and results of another size', async () => {
    assert.equal(
      await integerProductsAreExact(({ rows, outer }) => Promise.resolve([new Float32Array(rows * outer).fill(NaN)])),
      false,
    );
    assert.equal(await integerProductsAreExact(() => Promise.resolve([new Float32Array(0)])), false);
  });

  it('says of this processor what numbers at random say', async () => {
    const [rows, inner, outer] = [7, 256, 48];
    const extreme = (seed: number) => (i: number) =>
      (uniform(seed, i) < 0.5 ? -1 : 1) * (127 - Math.floor(16 * uniform(seed, i, 1)));
    // Each row has its largest number, so that its step is 1.
    const x = Float32Array.from({ length: rows * inner }, (_, i) => (i % inner === 0 ? 127 : extreme(1)(i)));
    const integers = Int8Array.from({ length: inner * outer }, (_, i) => extreme(2)(i));
    const graph = new Graph();
    const weights = {
      values: graph.constant('int8', [inner, outer], integers),
      scales: graph.constant('float', [outer], new Float32Array(outer).fill(1)),
      ...{ inner, rotation: 1 },
    };
    graph.output('y', int8Products(graph)(graph.input('x', 'float', [rows, inner]), weights), 'float', [rows, outer]);
    const { run, close } = await evaluator(graph);
    const { y } = await run({ x: { dims: [rows, inner], data: x } });
    await close();
    const expected = product({ x, integers, rows, inner, outer }, exactly);
    assert.equal(y?.length, expected.length);
    const deviation = expected.map((sum, i) => Math.abs(sum - y[i]!));
    assert.equal(await integerProductsAreExact(), Math.max(...deviation) <= 1);
  });
});
