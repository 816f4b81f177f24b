import type { Tape } from '../autodiff.ts';
import type { Graph, Value } from '../graph.ts';

export interface AttentionShape {
  heads: number;
  /** Divides `heads`: each key-value head serves heads / kvHeads consecutive query heads. */
  kvHeads: number;
  headSize: number;
}

/**
 * softmax(q k^T / sqrt(headSize) + mask) v with grouped heads. q [blocks * length, heads * headSize]; k and v
 * [blocks * length, kvHeads * headSize]; mask [blocks, length, length] holds 0 where a row (a query) sees a column
 * (a key) and a large negative number where it does not. Returns the shape of q.
 * Ainslie et al., GQA (arXiv 2305.13245).
 */
export function attention(tape: Tape, q: Value, k: Value, v: Value, mask: Value, shape: AttentionShape): Value {
  const { graph } = tape;
  const { heads, kvHeads, headSize } = shape;
  const layout = headLayout(graph, mask, shape);
  const product = (a: Value, b: Value, transA: 0 | 1, transB: 0 | 1, alpha = 1) =>
    graph.contrib('FusedMatMul', [a, b], { transA, transB, alpha: { float: alpha } });
  const scale = 1 / Math.sqrt(headSize);

  const queries = layout.split(q, heads);
  const keys = layout.split(k, kvHeads);
  const values = layout.split(v, kvHeads);
  const scores = layout.addMask(product(queries, keys, 0, 1, scale));
  const weights = graph.op('Softmax', [scores], { axis: -1 });
  const attended = product(weights, values, 0, 0);

  return tape.record(layout.join(attended, heads), [q, k, v], (gradient) => {
    const dAttended = layout.split(gradient, heads);
    // Through softmax: dScores = weights * (dWeights - rowsum(dWeights * weights)), and that rowsum is
    // rowsum(dAttended * attended).
    const dWeights = product(dAttended, values, 0, 1);
    const overlap = graph.op('Mul', [dAttended, attended]);
    const rowSums = graph.op('ReduceSum', [overlap, graph.int64([-1])], { keepdims: 1 });
    const dScores = graph.op('Mul', [weights, graph.op('Sub', [dWeights, rowSums])]);
    return [
      tape.adding(() => layout.join(product(dScores, keys, 0, 0, scale), heads)),
      tape.adding(() => layout.join(product(dScores, queries, 1, 0, scale), kvHeads)),
      tape.adding(() => layout.join(product(weights, dAttended, 1, 0), kvHeads)),
    ];
  });
}

/**
 * Between rows of tokens and one matrix per block and key-value head, in which the query heads that share a key-value
 * head lie below each other: [blocks, kvHeads, (heads / kvHeads) * length, headSize].
 */
function headLayout(graph: Graph, mask: Value, { kvHeads, heads, headSize }: AttentionShape) {
  const perm = [0, 2, 1, 3];
  const vector = (...parts: (Value | number[])[]) =>
    graph.op(
      'Concat',
      parts.map((part) => (typeof part === 'string' ? part : graph.int64(part))),
      { axis: 0 },
    );
  const blocksAndLength = graph.op('Shape', [mask], { start: 0, end: 2 });
  const length = graph.op('Shape', [mask], { start: 2, end: 3 });
  const reshape = (x: Value, shape: Value) => graph.op('Reshape', [x, shape]);
  return {
    /** [blocks * length, n * headSize] -> [blocks, kvHeads, n / kvHeads * length, headSize] */
    split(x: Value, n: number): Value {
      const tokens = reshape(x, vector(blocksAndLength, [n, headSize]));
      const byHead = graph.op('Transpose', [tokens], { perm });
      return n === kvHeads ? byHead : reshape(byHead, graph.int64([0, kvHeads, -1, headSize]));
    },
    /** The inverse of `split`. */
    join(x: Value, n: number): Value {
      const byHead = n === kvHeads ? x : reshape(x, vector([0, n], length, [headSize]));
      return reshape(graph.op('Transpose', [byHead], { perm }), graph.int64([-1, n * headSize]));
    },
    /** Adds the mask to scores [blocks, kvHeads, heads / kvHeads * length, length]. */
    addMask(scores: Value): Value {
      const perHead = reshape(scores, vector([0, kvHeads, heads / kvHeads, -1], length));
      const masked = graph.op('Add', [perHead, graph.op('Unsqueeze', [mask, graph.int64([1, 2])])]);
      return reshape(masked, vector([0, kvHeads, -1], length));
    },
  };
}
