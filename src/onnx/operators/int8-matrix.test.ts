import assert from 'node:assert/strict';
import fc from 'fast-check';
import { evaluator } from '../../runtime/evaluate.ts';
import { Graph } from '../graph.ts';
import { int8Products } from './int8-matrix.ts';

const size = fc.integer({ min: 1, max: 40 });

describe('int8Products', function () {
  this.timeout(60_000);

  it('is the product of x rounded by rows with the matrix, in exact integers', () =>
    fc.assert(
      fc.asyncProperty(size, size, size, fc.integer(), async (rows, inputs, outputs, seed) => {
        const random = (i: number) => Math.sin(12.9898 * (i + 1) + (seed % 1000));
        const x = Float32Array.from({ length: rows * inputs }, (_, i) => random(i) * (i % 7 === 0 ? 20 : 1));
        const values = Int8Array.from({ length: inputs * outputs }, (_, i) => Math.round(127 * random(i + 7)));
        const scales = Float32Array.from({ length: outputs }, (_, i) => 0.01 * (i + 1));
        const graph = new Graph();
        const product = int8Products(graph);
        const weights = {
          values: graph.constant('int8', [inputs, outputs], values),
          scales: graph.constant('float', [outputs], scales),
        };
        const y = product(graph.input('x', 'float', ['rows', inputs]), weights);
        graph.output('y', y, 'float', ['rows', outputs]);
        const { run, close } = await evaluator(graph);
        const result = await run({ x: { dims: [rows, inputs], data: x } });
        await close();
        for (let r = 0; r < rows; r++) {
          const row = x.subarray(r * inputs, (r + 1) * inputs);
          const largest = Math.max(...row.map(Math.abs));
          for (let o = 0; o < outputs; o++) {
            let low = 0;
            let size = 0;
            row.forEach((element, i) => {
              low += Math.round((element / largest) * 127) * values[i * outputs + o]!;
              size += Math.abs(values[i * outputs + o]!);
            });
            const scale = (largest / 127) * scales[o]!;
            const error = Math.abs(result['y']![r * outputs + o]! - low * scale);
            // A tie of rounding may fall to the other side by the rounding of fp32.
            assert.ok(error <= scale * Math.max(127, 1e-3 * size * 127), `${r},${o}: ${error / scale} steps`);
          }
        }
      }),
      { numRuns: 25 },
    ));

  it('gives zeros for a row of zeros', async () => {
    const graph = new Graph();
    const weights = { values: graph.constant('int8', [2, 1], Int8Array.of(3, -4)), scales: graph.float([0.5]) };
    graph.output('y', int8Products(graph)(graph.input('x', 'float', [2, 2]), weights), 'float', [2, 1]);
    const { run, close } = await evaluator(graph);
    const result = await run({ x: { dims: [2, 2], data: Float32Array.of(0, 0, 127, 127) } });
    await close();
    assert.deepEqual([...result['y']!], [0, -63.5]);
  });
});
