import type { Tape } from '../autodiff.ts';
import type { Value } from '../graph.ts';

/** Rows `ids` (int64 [tokens]) of a table [vocabulary, width]. A row that is taken several times gets the sum of their gradients. */
export function embedding(tape: Tape, table: Value, ids: Value): Value {
  const { graph } = tape;
  return tape.record(graph.op('Gather', [table, ids], { axis: 0 }), [table], (gradient) => [
    (soFar) => {
      const sum = soFar ?? graph.op('ConstantOfShape', [graph.op('Shape', [table])]);
      const column = graph.op('Unsqueeze', [ids, graph.int64([1])]);
      const places = graph.op('Expand', [column, graph.op('Shape', [gradient])]);
      return graph.op('ScatterElements', [sum, places, gradient], { axis: 0, reduction: 'add' });
    },
  ]);
}
