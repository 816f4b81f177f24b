import type { Tape } from '../autodiff.ts';
import type { Value } from '../graph.ts';

/**
 * Rows `rows` (int64 [n]) of x [tokens, width]. A row that is taken several times gets the sum of their gradients: the
 * product with a selection matrix, since ScatterND with duplicate indices loses updates.
 */
export function gatherRows(tape: Tape, x: Value, rows: Value): Value {
  const { graph } = tape;
  return tape.record(graph.op('Gather', [x, rows], { axis: 0 }), [x], (gradient) => [
    tape.adding(() => {
      const tokens = graph.op('Shape', [x], { start: 0, end: 1 });
      const selection = graph.op('OneHot', [rows, tokens, graph.float([0, 1])], { axis: -1 });
      return graph.op('MatMul', [graph.op('Transpose', [selection], { perm: [1, 0] }), gradient]);
    }),
  ]);
}
