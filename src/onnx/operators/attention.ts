import type { Tape } from '../autodiff.ts';
import type { Graph, Value } from '../graph.ts';

/** Sizes of attention, and how it is computed. */
export interface AttentionOptions {
  heads: number;
  /** Divides `heads`: each key-value head serves heads / kvHeads consecutive query heads. */
  kvHeads: number;
  headSize: number;
  /**
   * Whether one sequence and key-value head is computed after the other, so that its weights stay in the processor's
   * caches; else all at once, which suits devices that have no loops.
   */
  loops: boolean;
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
  options: AttentionOptions,
): Value {
  const { graph } = tape;
  const { heads, kvHeads, headSize } = options;
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
    options,
  );
  const answers = gridAttention(
    graph,
    inGrid(q, rows.answerRows),
    keys.split(gather(k, rows.keyRows)),
    keys.split(gather(v, rows.keyRows)),
    rows.answerMask,
    options,
  );
  /** Cells of both grids, in the order of the rows again. */
  const collect = (promptCells: Value, answerCells: Value) =>
    gather(graph.op('Concat', [promptCells, answerCells], { axis: 0 }), rows.cells);
  const promptLength = graph.op('Shape', [rows.promptRows], { start: 1, end: 2 });
  const answerLength = graph.op('Shape', [rows.answerRows], { start: 1, end: 2 });
  const cells = (join: Value, width: number) => graph.op('Reshape', [join, graph.int64([-1, width])]);
  const attended = collect(
    cells(queries.join(prompts.attended, promptLength), heads * headSize),
    cells(queries.join(answers.attended, answerLength), heads * headSize),
  );
  const output = tape.save(attended, 'attended');
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

/** A tuple of values as long as another one. */
type SameLength<List extends readonly Value[]> = { [Index in keyof List]: Value };

/** Attention of a grid of equally long sequences, [sequences, kvHeads, (heads / kvHeads) * length, headSize]. */
function gridAttention(
  graph: Graph,
  queries: Value,
  keys: Value,
  values: Value,
  mask: Value,
  { heads, kvHeads, headSize, loops }: AttentionOptions,
) {
  const scale = 1 / Math.sqrt(headSize);
  /** [sequences, kvHeads, ...] as [sequences * kvHeads, ...], or followed by a 1 for a loop. */
  const inPairs = (x: Value): Value => {
    const pairs = graph.int64(loops ? [-1, 1] : [-1]);
    return graph.op('Reshape', [x, graph.op('Concat', [pairs, graph.op('Shape', [x], { start: 2 })], { axis: 0 })]);
  };
  /** `build` for one pair after the other or for all of them, [pairs, ...] each. */
  const overPairs = <const Inputs extends readonly Value[], const Results extends readonly Value[]>(
    inputs: Inputs,
    build: (graph: Graph, pairs: SameLength<Inputs>) => Results,
  ): SameLength<Results> => {
    const typed = (value: Value) => ({ value, type: 'float' as const });
    const pairs = inputs.map(inPairs);
    return loops
      ? (graph.scan(pairs.map(typed), (body, pair) =>
          build(body, pair as SameLength<Inputs>).map(typed),
        ) as SameLength<Results>)
      : (build(graph, pairs as SameLength<Inputs>) as SameLength<Results>);
  };
  const weightsOf = (body: Graph, q: Value, k: Value, m: Value): Value => {
    const scores = product(body, q, k, { transB: true, scale });
    // The queries of the heads that share a key-value head lie below each other: the mask is the same for each of them.
    const [pairs, lengths] = [body.op('Shape', [scores], { end: 1 }), body.op('Shape', [m], { start: -2 })];
    const byHead = body.op('Concat', [pairs, body.int64([heads / kvHeads]), lengths], { axis: 0 });
    const masked = body.op('Add', [body.op('Reshape', [scores, byHead]), m]);
    return body.op('Reshape', [body.op('Softmax', [masked], { axis: -1 }), body.op('Shape', [scores])]);
  };
  const shaped = (x: Value, like: Value) => graph.op('Reshape', [x, graph.op('Shape', [like])]);
  const ones = graph.int64([1, 1, 1]);
  const pairs = graph.op('Concat', [graph.op('Shape', [queries], { start: 0, end: 2 }), ones], { axis: 0 });
  const masks = graph.op('Expand', [graph.op('Unsqueeze', [mask, graph.int64([1, 2])]), pairs]);
  const [attended] = overPairs([queries, keys, values, masks], (body, [q, k, v, m]) => [
    product(body, weightsOf(body, q, k, m), v),
  ]);
  return {
    attended: shaped(attended, queries),
    /** d queries, d keys, d values; the weights are computed again. `output`: `attended` as it was, in the grid's layout. */
    backward(gradient: Value, output: Value): [Value, Value, Value] {
      // Through softmax: dScores = weights * (dWeights - rowsum(dWeights * weights)), and that rowsum is
      // rowsum(gradient * attended). One more column of the product with the values subtracts it.
      const overlap = graph.op('Mul', [gradient, output]);
      const rowSums = graph.op('ReduceSum', [overlap, graph.int64([-1])], { keepdims: 1 });
      const withSums = graph.op('Concat', [gradient, rowSums], { axis: -1 });
      const column = graph.op('Concat', [graph.op('Shape', [values], { end: 3 }), graph.int64([1])], { axis: 0 });
      const less = graph.op('Concat', [values, graph.op('Expand', [graph.float(-1), column])], { axis: -1 });
      const inputs = [queries, keys, less, masks, gradient, withSums] as const;
      const [dQueries, dKeys, dValues] = overPairs(inputs, (body, [q, k, v, m, g, gs]) => {
        const weights = weightsOf(body, q, k, m);
        const dScores = body.op('Mul', [weights, product(body, gs, v, { transB: true })]);
        return [
          product(body, dScores, k, { scale }),
          product(body, dScores, q, { transA: true, scale }),
          product(body, weights, g, { transA: true }),
        ];
      });
      return [shaped(dQueries, queries), shaped(dKeys, keys), shaped(dValues, values)];
    },
  };
}

interface ProductOptions {
  transA?: boolean;
  transB?: boolean;
  scale?: number;
}

/** scale * A' B' of [pairs, ...], where a transposed operand is marked; onnxruntime makes one operator of it. */
function product(graph: Graph, a: Value, b: Value, { transA, transB, scale }: ProductOptions = {}): Value {
  const transposed = (x: Value) => graph.op('Transpose', [x], { perm: [0, 2, 1] });
  const result = graph.op('MatMul', [transA ? transposed(a) : a, transB ? transposed(b) : b]);
  return scale === undefined ? result : graph.op('Mul', [result, graph.float(scale)]);
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
