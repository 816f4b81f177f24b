import type { Tape } from '../autodiff.ts';
import type { Value } from '../graph.ts';

/**
 * x / sqrt(mean(x^2) + epsilon) * weight over the last axis; weight [width] is not trained.
 * Zhang and Sennrich, Root Mean Square Layer Normalization (arXiv 1910.07467).
 */
export function rmsNorm(tape: Tape, x: Value, weight: Value, epsilon: number): Value {
  const { graph } = tape;
  const attributes = { axis: -1, epsilon: { float: epsilon } };
  const y = graph.op('SimplifiedLayerNormalization', [x, weight], attributes);
  // With r = inverse: dx = r * (dy * weight - x * r * mean(dy * y)).
  return tape.record(y, [x], (gradient) => [
    tape.adding(() => {
      // The operator's second output is this number, but onnxruntime 1.30 leaves it empty on WebGPU.
      const squares = graph.op('ReduceMean', [graph.op('Mul', [x, x]), graph.int64([-1])], { keepdims: 1 });
      const inverse = graph.op('Reciprocal', [graph.op('Sqrt', [graph.op('Add', [squares, graph.float(epsilon)])])]);
      const projection = graph.op('ReduceMean', [graph.op('Mul', [gradient, y]), graph.int64([-1])], { keepdims: 1 });
      const along = graph.op('Mul', [x, graph.op('Mul', [inverse, projection])]);
      const across = graph.op('Sub', [graph.op('Mul', [gradient, weight]), along]);
      return graph.op('Mul', [across, inverse]);
    }),
  ]);
}
