import type { Tape } from '../autodiff.ts';
import type { Value } from '../graph.ts';

/** The numbers of x [rows, from] as rows of `to`; one width divides the other. */
export function reshapeRows(tape: Tape, x: Value, from: number, to: number): Value {
  const { graph } = tape;
  const rowsOf = (value: Value, width: number) => graph.op('Reshape', [value, graph.int64([-1, width])]);
  return tape.record(rowsOf(x, to), [x], (gradient) => [tape.adding(() => rowsOf(gradient, from))]);
}
