import type { Tape } from '../autodiff.ts';
import type { Value } from '../graph.ts';

/** a + b, of one shape. The gradient passes to both as it is. */
export function add(tape: Tape, a: Value, b: Value): Value {
  return tape.record(tape.save(tape.graph.op('Add', [a, b]), 'residual'), [a, b], (gradient) => [
    tape.adding(() => gradient),
    tape.adding(() => gradient),
  ]);
}
