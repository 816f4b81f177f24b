import type { Tape } from '../autodiff.ts';
import type { Value } from '../graph.ts';

/**
 * x / sqrt(mean(x^2) + epsilon) * weight over the last axis of x [rows, width]; weight [width].
 * Zhang and Sennrich, Root Mean Square Layer Normalization (arXiv 1910.07467).
 */
export function rmsNorm(tape: Tape, x: Value, weight: Value, epsilon: number): Value {
  const { graph } = tape;
  const attributes = { axis: -1, epsilon: { float: epsilon } };
  const y = graph.op('SimplifiedLayerNormalization', [x, weight], attributes);
  // The operator's second output is this number, but onnxruntime 1.30 leaves it empty on WebGPU.
  const inverse = (): Value => {
    const squares = graph.op('ReduceMean', [graph.op('Mul', [x, x]), graph.int64([-1])], { keepdims: 1 });
    return graph.op('Reciprocal', [graph.op('Sqrt', [graph.op('Add', [squares, graph.float(epsilon)])])]);
  };
  // With r = inverse: dx = r * (dy * weight - x * r * mean(dy * y)), dweight = sum over rows of dy * x * r.
  return tape.record(y, [x, weight], (gradient) => {
    const factor = inverse();
    return [
      tape.adding(() => {
        const projection = graph.op('ReduceMean', [graph.op('Mul', [gradient, y]), graph.int64([-1])], { keepdims: 1 });
        const along = graph.op('Mul', [x, graph.op('Mul', [factor, projection])]);
        const across = graph.op('Sub', [graph.op('Mul', [gradient, weight]), along]);
        return graph.op('Mul', [across, factor]);
      }),
      tape.adding(() => {
        const normed = graph.op('Mul', [x, factor]);
        return graph.op('ReduceSum', [graph.op('Mul', [gradient, normed]), graph.int64([0])], { keepdims: 0 });
      }),
    ];
  });
}
