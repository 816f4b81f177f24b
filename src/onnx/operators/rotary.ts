import type { Tape } from '../autodiff.ts';
import type { Graph, Value } from '../graph.ts';

/** Cosines and sines of each row's angles, [rows, headSize / 2]. */
export interface Rotation {
  cos: Value;
  sin: Value;
}

/**
 * Rotates the halves of each head of x [rows, heads * headSize] by the angles of its row. The gradient is turned back:
 * a rotation by the negative angles. Su et al., RoFormer (arXiv 2104.09864).
 */
export function rotary(tape: Tape, x: Value, rotation: Rotation): Value {
  const { graph } = tape;
  return tape.record(rotate(graph, x, rotation), [x], (gradient) => [
    tape.adding(() => rotate(graph, gradient, { cos: rotation.cos, sin: graph.op('Neg', [rotation.sin]) })),
  ]);
}

/** Row i of the tables belongs to row i of x: to the operator, one sequence that starts at position 0. */
function rotate(graph: Graph, x: Value, { cos, sin }: Rotation): Value {
  const sequence = graph.op('Unsqueeze', [x, graph.int64([0])]);
  const rotated = graph.contrib('RotaryEmbedding', [sequence, graph.int64([0]), cos, sin], { interleaved: 0 });
  return graph.op('Squeeze', [rotated, graph.int64([0])]);
}
