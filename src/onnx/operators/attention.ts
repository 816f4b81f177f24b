import type { Tape } from '../autodiff.ts';
import type { Graph, Typed, Value } from '../graph.ts';

export interface AttentionShape {
  heads: number;
  /** Divides `heads`: each key-value head serves heads / kvHeads consecutive query heads. */
  kvHeads: number;
  headSize: number;
}

/**
 * Where the tokens of prompts and answers lie among the rows of a batch. An answer sees its prompt and itself; no
 * square of scores is computed that is hidden from end to end. Rows are int64; grids are padded with a row that has no
 * gradient.
 */
export interface SharedPrompts {
  /** Rows of each prompt's tokens, [prompts, promptLength]. */
  promptRows: Value;
  /** Rows of each answer's tokens, [answers, answerLength]. */
  answerRows: Value;
  /** Rows that an answer may see: those of its prompt, then its own, [answers, promptLength + answerLength]. */
  keyRows: Value;
  /** For each row its place in the cells of the prompt grid and then of the answer grid, [rows]. */
  cells: Value;
  /** 1 where an answer belongs to a prompt, else 0: fp32 [prompts, answers]. */
  members: Value;
  /** 0 where a query sees a key and a large negative number elsewhere: fp32 [1, promptLength, promptLength]. */
  promptMask: Value;
  /** The same, [answers, answerLength, promptLength + answerLength]. */
  answerMask: Value;
}

/**
 * softmax(q k^T / sqrt(headSize) + mask) v with grouped heads, for answers that share their prompts. q
 * [rows, heads * headSize]; k and v [rows, kvHeads * headSize]. Returns the shape of q.
 * Ainslie et al., GQA (arXiv 2305.13245).
 */
export function attention(
  tape: Tape,
  q: Value,
  k: Value,
  v: Value,
  rows: SharedPrompts,
  { heads, kvHeads, headSize }: AttentionShape,
): Value {
  const { graph } = tape;
  const gather = (x: Value, index: Value) => graph.op('Gather', [x, index], { axis: 0 });
  const queries = headLayout(graph, heads, kvHeads, headSize);
  const keys = headLayout(graph, kvHeads, kvHeads, headSize);
  const inGrid = (x: Value, index: Value) => queries.split(gather(x, index));
  const prompts = gridAttention(
    graph,
    inGrid(q, rows.promptRows),
    keys.split(gather(k, rows.promptRows)),
    keys.split(gather(v, rows.promptRows)),
    rows.promptMask,
    { heads, kvHeads, headSize },
  );
  const answers = gridAttention(
    graph,
    inGrid(q, rows.answerRows),
    keys.split(gather(k, rows.keyRows)),
    keys.split(gather(v, rows.keyRows)),
    rows.answerMask,
    { heads, kvHeads, headSize },
  );
  /** Cells of both grids, back in the order of the rows. */
  const collect = (promptCells: Value, answerCells: Value) =>
    gather(graph.op('Concat', [promptCells, answerCells], { axis: 0 }), rows.cells);
  const promptLength = graph.op('Shape', [rows.promptRows], { start: 1, end: 2 });
  const answerLength = graph.op('Shape', [rows.answerRows], { start: 1, end: 2 });
  const cells = (join: Value, width: number) => graph.op('Reshape', [join, graph.int64([-1, width])]);
  const attended = collect(
    cells(queries.join(prompts.attended, promptLength), heads * headSize),
    cells(queries.join(answers.attended, answerLength), heads * headSize),
  );
  const output = tape.keep(attended, 'attended');
  return tape.record(output, [q, k, v], (gradient) => {
    const ofPrompts = prompts.backward(inGrid(gradient, rows.promptRows), inGrid(output, rows.promptRows));
    const ofAnswers = answers.backward(inGrid(gradient, rows.answerRows), inGrid(output, rows.answerRows));
    const lengths = graph.op('Concat', [promptLength, answerLength], { axis: 0 });
    /** A prompt's keys (or values) are its own and those of all of its answers. */
    const shared = (own: Value, answersKeys: Value) => {
      const width = kvHeads * headSize;
      const joined = keys.join(answersKeys, graph.op('ReduceSum', [lengths], { keepdims: 1 }));
      const [ofPrompt, ofAnswer] = graph.ops('Split', [joined, lengths], { axis: 1 }, 2) as [Value, Value];
      const flat = graph.op('Flatten', [ofPrompt], { axis: 1 });
      const sum = cells(graph.op('MatMul', [rows.members, flat]), width);
      return collect(graph.op('Add', [cells(keys.join(own, promptLength), width), sum]), cells(ofAnswer, width));
    };
    return [
      tape.adding(() =>
        collect(
          cells(queries.join(ofPrompts[0], promptLength), heads * headSize),
          cells(queries.join(ofAnswers[0], answerLength), heads * headSize),
        ),
      ),
      tape.adding(() => shared(ofPrompts[1], ofAnswers[1])),
      tape.adding(() => shared(ofPrompts[2], ofAnswers[2])),
    ];
  });
}

/**
 * Attention of a grid of equally long sequences, [sequences, kvHeads, (heads / kvHeads) * length, headSize]: one sequence
 * and key-value head after the other, since the weights of all of them fit into no cache.
 */
function gridAttention(
  graph: Graph,
  queries: Value,
  keys: Value,
  values: Value,
  mask: Value,
  { heads, kvHeads, headSize }: AttentionShape,
) {
  const scale = 1 / Math.sqrt(headSize);
  const weightsOf = (body: Graph, someQueries: Value, someKeys: Value, someMask: Value): Value => {
    const scores = product(body, someQueries, someKeys, { transB: 1, scale });
    // The queries of the heads that share a key-value head lie below each other: the mask is the same for each of them.
    const byHead = body.op('Concat', [body.int64([heads / kvHeads]), body.op('Shape', [someMask])], { axis: 0 });
    const masked = body.op('Add', [body.op('Reshape', [scores, byHead]), someMask]);
    return body.op('Reshape', [body.op('Softmax', [masked], { axis: -1 }), body.op('Shape', [scores])]);
  };
  /** [sequences, kvHeads, ...] as [sequences * kvHeads, ...] */
  const inPairs = (x: Value): Typed => {
    const shape = graph.op('Concat', [graph.int64([-1]), graph.op('Shape', [x], { start: 2 })], { axis: 0 });
    return { value: graph.op('Reshape', [x, shape]), type: 'float' };
  };
  const shaped = (x: Value, like: Value) => graph.op('Reshape', [x, graph.op('Shape', [like])]);
  const ones = graph.int64([1, 1]);
  const pairs = graph.op('Concat', [graph.op('Shape', [queries], { start: 0, end: 2 }), ones], { axis: 0 });
  const masks = graph.op('Expand', [graph.op('Unsqueeze', [mask, graph.int64([1])]), pairs]);
  const scanned = [inPairs(queries), inPairs(keys), inPairs(values), inPairs(masks)] as const;
  const [attended] = graph.scan(scanned, (body, [q, k, v, m]) => [
    { value: product(body, weightsOf(body, q, k, m), v), type: 'float' },
  ]);
  return {
    attended: shaped(attended!, queries),
    /** d queries, d keys, d values; the weights are computed again. `output`: `attended` as it was, in the grid's layout. */
    backward(gradient: Value, output: Value): [Value, Value, Value] {
      const overlap = graph.op('Mul', [gradient, output]);
      const rowSums = graph.op('ReduceSum', [overlap, graph.int64([-1])], { keepdims: 1 });
      const withGradient = [...scanned, inPairs(gradient), inPairs(rowSums)] as const;
      const [dQueries, dKeys, dValues] = graph.scan(withGradient, (body, [q, k, v, m, g, sums]) => {
        const weights = weightsOf(body, q, k, m);
        // Through softmax: dScores = weights * (dWeights - rowsum(dWeights * weights)), and that rowsum is
        // rowsum(gradient * attended).
        const less = { transB: 1, alpha: { float: 1 }, beta: { float: -1 } };
        const dScores = body.op('Mul', [weights, body.op('Gemm', [g, v, sums], less)]);
        return [
          product(body, dScores, k, { scale }),
          product(body, dScores, q, { transA: 1, scale }),
          product(body, weights, g, { transA: 1 }),
        ].map((value) => ({ value, type: 'float' }));
      });
      return [shaped(dQueries!, queries), shaped(dKeys!, keys), shaped(dValues!, values)];
    },
  };
}

function product(
  graph: Graph,
  a: Value,
  b: Value,
  { transA = 0, transB = 0, scale = 1 }: { transA?: 0 | 1; transB?: 0 | 1; scale?: number } = {},
): Value {
  return graph.contrib('FusedMatMul', [a, b], { transA, transB, alpha: { float: scale } });
}

/** Between [sequences, length, heads * headSize] and [sequences, kvHeads, (heads / kvHeads) * length, headSize]. */
function headLayout(graph: Graph, heads: number, kvHeads: number, headSize: number) {
  const perm = [0, 2, 1, 3];
  return {
    split(x: Value): Value {
      const tokens = graph.op('Reshape', [x, graph.int64([0, 0, heads, headSize])]);
      const byHead = graph.op('Transpose', [tokens], { perm });
      return heads === kvHeads ? byHead : graph.op('Reshape', [byHead, graph.int64([0, kvHeads, -1, headSize])]);
    },
    /** `length` int64 [1] */
    join(x: Value, length: Value): Value {
      const shape = graph.op('Concat', [graph.int64([0, heads]), length, graph.int64([headSize])], { axis: 0 });
      const byHead = heads === kvHeads ? x : graph.op('Reshape', [x, shape]);
      const tokens = graph.op('Transpose', [byHead], { perm });
      return graph.op('Reshape', [tokens, graph.int64([0, 0, heads * headSize])]);
    },
  };
}
