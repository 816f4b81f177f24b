import type { SavedKind, Tape } from '../autodiff.ts';
import type { Graph, Value } from '../graph.ts';

/** A matrix W [outputs, inputs], in whatever precision it is kept. */
export interface FrozenMatrix {
  /** x W^T (+ bias): [rows, inputs] -> [rows, outputs]. */
  forward(x: Value): Value;
  /** gradient W (+ soFar): [rows, outputs] -> [rows, inputs]. */
  backward(gradient: Value, soFar?: Value): Value;
  /** W and its bias where they are values that can be trained themselves. */
  values?: { weight: Value; bias: Value | undefined };
}

/** Low-rank adaptation in the layout of PEFT: adds scale * (x A^T) B^T. Hu et al., LoRA (arXiv 2106.09685). */
export interface Lora {
  /** [rank, inputs] */
  a: Value;
  /** [outputs, rank] */
  b: Value;
  scale: number;
}

/** What a linear layer has besides its matrix. */
export interface LinearOptions {
  lora?: Lora | undefined;
  /** What the result is to a tape that computes parts again. Default `projection`. */
  kind?: SavedKind;
}

/** W and bias in fp32. */
export function exactMatrix(graph: Graph, weight: Value, bias?: Value): FrozenMatrix {
  return {
    forward: (x) => gemm(graph, x, weight, { transB: 1, add: bias }),
    backward: (gradient, soFar) => gemm(graph, gradient, weight, { add: soFar }),
    values: { weight, bias },
  };
}

/**
 * x W^T (+ bias) + scale * (x A^T) B^T: [rows, inputs] -> [rows, outputs]. With LoRA, W stays as it is and A and B can be
 * trained; without, W and its bias can, where the matrix has them as values.
 */
export function linear(
  tape: Tape,
  x: Value,
  matrix: FrozenMatrix,
  { lora, kind = 'projection' }: LinearOptions = {},
): Value {
  const { graph } = tape;
  const frozen = matrix.forward(x);
  if (!lora) {
    const { weight, bias } = matrix.values ?? {};
    const inputs = [x, weight, bias].filter((value) => value !== undefined);
    return tape.record(tape.save(frozen, kind), inputs, (gradient) => [
      (soFar) => matrix.backward(gradient, soFar),
      (soFar) => gemm(graph, gradient, x, { transA: 1, add: soFar }),
      tape.adding(() => graph.op('ReduceSum', [gradient, graph.int64([0])], { keepdims: 0 })),
    ]);
  }
  const { a, b, scale } = lora;
  const reduced = tape.save(gemm(graph, x, a, { transB: 1 }), 'reduced');
  const output = tape.save(gemm(graph, reduced, b, { transB: 1, alpha: scale, add: frozen }), kind);
  return tape.record(output, [x, a, b], (gradient) => {
    const dReduced = gemm(graph, gradient, b, { alpha: scale });
    return [
      (soFar) => gemm(graph, dReduced, a, { add: matrix.backward(gradient, soFar) }),
      (soFar) => gemm(graph, dReduced, x, { transA: 1, add: soFar }),
      (soFar) => gemm(graph, gradient, reduced, { transA: 1, alpha: scale, add: soFar }),
    ];
  });
}

interface GemmOptions {
  transA?: 0 | 1;
  transB?: 0 | 1;
  alpha?: number;
  add?: Value | undefined;
}

/** alpha * A' B' + add, where a transposed operand is marked. */
function gemm(graph: Graph, a: Value, b: Value, { transA = 0, transB = 0, alpha = 1, add }: GemmOptions): Value {
  const attributes = { transA, transB, alpha: { float: alpha }, beta: { float: 1 } };
  return graph.op('Gemm', add === undefined ? [a, b] : [a, b, add], attributes);
}
