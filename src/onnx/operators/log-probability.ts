import type { Tape } from '../autodiff.ts';
import type { Value } from '../graph.ts';
import type { FrozenMatrix } from './linear.ts';

/** The output layer: W [vocabulary, hidden], not trained, whose rows can be read. */
export interface Head extends FrozenMatrix {
  /** Rows of W: ids [n, 1] -> [n, hidden]. */
  rows(ids: Value): Value;
}

/**
 * log softmax(x W^T)[target] in nats, [n, 1], of x [n, hidden] and targets int64 [n, 1]. The gradient
 * dx = gradient * (W[target] - softmax W) needs no one-hot matrix of the vocabulary's width.
 */
export function logProbability(tape: Tape, x: Value, head: Head, targets: Value): Value {
  const { graph } = tape;
  const logits = head.forward(x);
  const probabilities = graph.op('Softmax', [logits], { axis: -1 });
  // log sum exp(logits) = max(logits) - log(max(probabilities)): exact however unlikely the target is.
  const largest = (value: Value) => graph.op('ReduceMax', [value, graph.int64([-1])], { keepdims: 1 });
  const logSum = graph.op('Sub', [largest(logits), graph.op('Log', [largest(probabilities)])]);
  const targetLogits = graph.op('GatherElements', [logits, targets], { axis: 1 });
  return tape.record(graph.op('Sub', [targetLogits, logSum]), [x], (gradient) => [
    tape.adding(() => {
      const difference = graph.op('Sub', [head.rows(targets), head.backward(probabilities)]);
      return graph.op('Mul', [gradient, difference]);
    }),
  ]);
}
