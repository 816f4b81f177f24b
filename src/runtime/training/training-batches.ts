import { at } from '../../base/arrays.ts';

/** Different questions are computed together up to here: 8-bit products reach full speed at 350 rows, and caches end. */
const togetherTokens = 720;

/** Rows of the feed-forward part that are computed at the same time, so that their intermediate values stay in caches. */
export const blockRows = 256;

/** Response rows whose logits are in memory at the same time. */
export const headRows = { packed: 128, mapped: 256 };

/** A completion to be scored or trained, as far as its place in a batch goes. */
export interface BatchSequence {
  promptTokenIds: readonly number[];
  tokenIds: readonly number[];
}

/**
 * A prompt and some of its completions, computed together: the prompt's tokens once, then those of each completion
 * (without its last, whose successor nobody asks for). A completion sees the prompt and itself.
 */
export interface Block {
  promptTokenIds: readonly number[];
  completions: readonly {
    /** Position in the list that was planned. */
    index: number;
    tokenIds: readonly number[];
  }[];
  /** Tokens in the block. */
  length: number;
}

/** One run of the graph. Sizes are rounded up, so that runs share memory plans. */
export interface MicroBatch {
  blocks: readonly Block[];
  /** Rows of the graph: the tokens of the blocks one after the other and at least one of padding. */
  tokens: number;
  /** Parts in which they are computed where rows do not depend on each other. */
  rowBlocks: number;
  /** Response tokens whose logprob is computed, padded to whole chunks. */
  rows: number;
  /** Parts in which their logits are computed: each row of logits is as wide as the vocabulary. */
  chunks: number;
  /** Length of the grids of prompts and of completions, see `onnx/operators/attention.ts`. */
  promptLength: number;
  answerLength: number;
}

const rowStep = 8;
const gridStep = 16;

function roundUp(size: number, step: number): number {
  return Math.ceil(size / step) * step;
}

/**
 * Groups completions that share their prompt into blocks of at most `maxTokens` tokens and small blocks into
 * micro-batches. A completion that is longer stands alone. `headRows`: response rows whose logits may be in memory at the
 * same time. Empty completions are skipped; every other one is in one block.
 */
export function planMicroBatches(
  sequences: readonly BatchSequence[],
  maxTokens: number,
  headRows: number,
): MicroBatch[] {
  const groups = Map.groupBy(sequences.keys(), (index) => at(sequences, index).promptTokenIds.join());
  const blocks = [...groups.values()].flatMap((group) => splitGroup(sequences, group, maxTokens));
  blocks.sort((a, b) => b.length - a.length);
  const together = Math.min(maxTokens, togetherTokens);
  const batches: { blocks: Block[]; length: number }[] = [];
  for (const block of blocks) {
    const open = batches.find(({ length }) => length + block.length < together);
    if (open) {
      open.blocks.push(block);
      open.length += block.length;
    } else {
      batches.push({ blocks: [block], length: block.length });
    }
  }
  return batches.map((batch) => microBatch(batch.blocks, batch.length, headRows));
}

function microBatch(blocks: readonly Block[], length: number, headRows: number): MicroBatch {
  const completions = blocks.flatMap((block) => block.completions);
  const rows = responseRows(blocks);
  const chunks = Math.ceil(rows / headRows);
  const rowBlocks = Math.ceil((length + 1) / blockRows);
  const inputs = Math.max(...completions.map(({ tokenIds }) => tokenIds.length - 1));
  return {
    blocks,
    tokens: rowBlocks * roundUp((length + 1) / rowBlocks, rowStep),
    rowBlocks,
    rows: chunks * roundUp(rows / chunks, rowStep),
    chunks,
    promptLength: roundUp(Math.max(...blocks.map(({ promptTokenIds }) => promptTokenIds.length)), gridStep),
    // One more, so that the last cell of the grid is padding.
    answerLength: roundUp(inputs + 1, gridStep),
  };
}

/** Tokens whose logprob is computed. */
export function responseRows(blocks: readonly Block[]): number {
  return blocks.flatMap(({ completions }) => completions).reduce((sum, { tokenIds }) => sum + tokenIds.length, 0);
}

/** The completions of one prompt, cut into blocks of nearly equal length where they do not fit into one. */
function splitGroup(sequences: readonly BatchSequence[], group: readonly number[], maxTokens: number): Block[] {
  const blocks: { promptTokenIds: readonly number[]; completions: Block['completions'][number][]; length: number }[] =
    [];
  for (const index of group) {
    const { promptTokenIds, tokenIds } = at(sequences, index);
    if (tokenIds.length === 0) {
      continue;
    }
    const added = tokenIds.length - 1;
    const open = blocks.at(-1);
    if (open && open.length + added < maxTokens) {
      open.completions.push({ index, tokenIds });
      open.length += added;
    } else {
      const length = promptTokenIds.length + added;
      blocks.push({ promptTokenIds, completions: [{ index, tokenIds }], length });
    }
  }
  return blocks;
}

/** A micro-batch as the inputs of the graph; rows, grids and masks as `SharedPrompts` describes them. */
export interface MicroBatchLayout {
  /** [tokens] */
  ids: BigInt64Array;
  /** Position of each token in its own sequence, [tokens]. */
  positions: Int32Array;
  prompts: number;
  answers: number;
  promptRows: BigInt64Array;
  answerRows: BigInt64Array;
  keyRows: BigInt64Array;
  cells: BigInt64Array;
  members: Float32Array;
  promptMask: Float32Array;
  answerMask: Float32Array;
  /** The row whose output predicts each response token, [rows]. */
  rows: BigInt64Array;
  /** The response token itself, [rows]. */
  targets: BigInt64Array;
  /** Where each completion's response tokens lie in `rows`. */
  spans: readonly { index: number; first: number; count: number }[];
}

/** Added to attention scores where nothing may be seen. */
export const hidden = -1e9;

/** Where each token of a micro-batch lies, as the inputs of the graph. */
export function layOut({ blocks, tokens, rows, promptLength, answerLength }: MicroBatch): MicroBatchLayout {
  const prompts = blocks.length;
  const answers = blocks.reduce((sum, { completions }) => sum + completions.length, 0);
  const keyLength = promptLength + answerLength;
  // The last row is padding, which gets no gradient; so is the last cell, where the rows of padding put theirs.
  const spareRow = BigInt(tokens - 1);
  const spareCell = BigInt(prompts * promptLength + answers * answerLength - 1);
  const layout = {
    ids: new BigInt64Array(tokens),
    positions: new Int32Array(tokens),
    prompts,
    answers,
    promptRows: new BigInt64Array(prompts * promptLength).fill(spareRow),
    answerRows: new BigInt64Array(answers * answerLength).fill(spareRow),
    keyRows: new BigInt64Array(answers * keyLength).fill(spareRow),
    cells: new BigInt64Array(tokens).fill(spareCell),
    members: new Float32Array(prompts * answers),
    promptMask: causal(promptLength),
    answerMask: new Float32Array(answers * answerLength * keyLength).fill(hidden),
    rows: new BigInt64Array(rows),
    targets: new BigInt64Array(rows),
  };
  const spans: { index: number; first: number; count: number }[] = [];
  /** Puts tokens into rows from `first` on and into the cells of a grid. */
  const place = (ids: readonly number[], first: number, position: number, cell: number) => {
    for (const [i, id] of ids.entries()) {
      layout.ids[first + i] = BigInt(id);
      layout.positions[first + i] = position + i;
      layout.cells[first + i] = BigInt(cell + i);
    }
  };
  const fill = (target: BigInt64Array, from: number, firstRow: number, count: number) => {
    for (let i = 0; i < count; i++) {
      target[from + i] = BigInt(firstRow + i);
    }
  };
  let row = 0;
  let next = 0;
  let answer = 0;
  for (const [prompt, { promptTokenIds, completions }] of blocks.entries()) {
    const promptRow = next;
    const promptTokens = promptTokenIds.length;
    place(promptTokenIds, promptRow, 0, prompt * promptLength);
    fill(layout.promptRows, prompt * promptLength, promptRow, promptTokens);
    next += promptTokens;
    for (const { index, tokenIds } of completions) {
      const inputs = tokenIds.slice(0, -1);
      place(inputs, next, promptTokens, prompts * promptLength + answer * answerLength);
      fill(layout.answerRows, answer * answerLength, next, inputs.length);
      fill(layout.keyRows, answer * keyLength, promptRow, promptTokens);
      fill(layout.keyRows, answer * keyLength + promptLength, next, inputs.length);
      layout.members[prompt * answers + answer] = 1;
      for (let i = 0; i < answerLength; i++) {
        const from = (answer * answerLength + i) * keyLength;
        layout.answerMask.fill(0, from, from + promptTokens);
        layout.answerMask.fill(0, from + promptLength, from + promptLength + i + 1);
      }
      spans.push({ index, first: row, count: tokenIds.length });
      for (const [i, id] of tokenIds.entries()) {
        layout.rows[row] = BigInt(i === 0 ? promptRow + promptTokens - 1 : next + i - 1);
        layout.targets[row] = BigInt(id);
        row++;
      }
      next += inputs.length;
      answer++;
    }
  }
  return { ...layout, spans };
}

/** Each row sees the columns up to its own. */
function causal(length: number): Float32Array {
  const mask = new Float32Array(length * length).fill(hidden);
  for (let i = 0; i < length; i++) {
    mask.fill(0, i * length, i * length + i + 1);
  }
  return mask;
}
