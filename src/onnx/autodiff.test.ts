import assert from 'node:assert/strict';
import { Tape } from './autodiff.ts';
import { Graph } from './graph.ts';
import { add } from './operators/add.ts';
import { exactMatrix, linear } from './operators/linear.ts';

describe('Tape', () => {
  it('adds no nodes for inputs whose gradient nobody wants', () => {
    const build = (wanted: readonly string[]) => {
      const graph = new Graph();
      const tape = new Tape(graph);
      const matrix = exactMatrix(graph, 'w');
      const hidden = linear(tape, 'x', matrix, { lora: { a: 'a1', b: 'b1', scale: 1 } });
      const output = linear(tape, hidden, matrix, { lora: { a: 'a2', b: 'b2', scale: 1 } });
      const before = graph.nodeCount;
      tape.gradients(output, 'seed', wanted);
      return graph.nodeCount - before;
    };
    assert.equal(build(['b2']), 2, 'one product each for dReduced and b2');
    assert.equal(build(['a2', 'b2']), 3, 'nothing flows below the second layer');
    assert.equal(build(['x']), 6, 'two products to pass each layer and one for its dReduced');
  });

  it('passes a gradient through unchanged where no arithmetic is needed', () => {
    const graph = new Graph();
    const tape = new Tape(graph);
    const output = add(tape, 'a', 'b');
    assert.deepEqual(tape.gradients(output, 'seed', ['a', 'b']), ['seed', 'seed']);
    assert.equal(graph.nodeCount, 1);
  });

  it('names a parameter that has no influence', () => {
    const tape = new Tape(new Graph());
    const output = add(tape, 'a', 'b');
    assert.throws(() => tape.gradients(output, 'seed', ['a', 'c']), /c does not influence/);
  });

  it('computes a checkpointed part again, but for what was kept of it', () => {
    const build = (kept: readonly string[]) => {
      const graph = new Graph();
      const tape = new Tape(graph);
      const matrix = exactMatrix(graph, 'w');
      const output = tape.checkpoint(
        'x',
        {
          store: (_, value, kind) => (kept.includes(kind) ? [{ value, type: 'float' }] : undefined),
          restore: (_, [value], late) => late(value!),
        },
        (inner, x) => linear(inner, x, matrix, { lora: { a: 'a', b: 'b', scale: 1 }, kind: 'term' }),
      );
      graph.output('y', output, 'float', ['rows', 4]);
      graph.output('d', tape.gradients(output, 'seed', ['b'])[0]!, 'float', [4, 'rank']);
      return operators(graph, 'Gemm');
    };
    // Forward: x W^T, x A^T and its product with B. Backward: d B of x A^T.
    assert.equal(build(['reduced']), 4);
    assert.equal(build([]), 5, 'x A^T is computed again');
  });
});

/** How many nodes of a kind the model holds; the name of each begins with its kind. */
function operators(graph: Graph, kind: string): number {
  return Buffer.from(graph.serialize()).toString('latin1').split(`${kind}_`).length - 1;
}
