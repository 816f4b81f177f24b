import type { Tape } from '../autodiff.ts';
import type { Value } from '../graph.ts';

/** silu(gate) * up with silu(z) = z * sigmoid(z). Shazeer, GLU Variants Improve Transformer (arXiv 2002.05202). */
export function siluGate(tape: Tape, gate: Value, up: Value): Value {
  const { graph } = tape;
  // QuickGelu is z * sigmoid(alpha z): one pass instead of two.
  const silu = graph.contrib('QuickGelu', [gate], { alpha: { float: 1 } });
  const output = graph.op('Mul', [silu, up]);
  return tape.record(output, [gate, up], (gradient) => {
    // Computed again from the sigmoid, so that the forward pass need not keep it: it is as wide as the layer.
    const sigmoid = graph.op('Sigmoid', [gate]);
    const again = graph.op('Mul', [gate, sigmoid]);
    return [
      tape.adding(() => {
        // silu' = sigmoid(z) * (1 + z - silu(z))
        const inner = graph.op('Add', [graph.op('Sub', [gate, again]), graph.float(1)]);
        return graph.op('Mul', [graph.op('Mul', [gradient, up]), graph.op('Mul', [sigmoid, inner])]);
      }),
      tape.adding(() => graph.op('Mul', [gradient, again])),
    ];
  });
}
