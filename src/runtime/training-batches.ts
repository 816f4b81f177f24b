/** Tokens of one run of the graph: enough for full speed, few enough for the memory of the activations. */
export const microBatchTokens = 640;

/** A completion to be scored or trained, as far as its place in a batch goes. */
export interface BatchSequence {
  promptTokenIds: readonly number[];
  tokenIds: readonly number[];
}

/**
 * A prompt and some of its completions, computed together: the prompt's tokens stand in front once, each completion's
 * behind them (without its last, whose successor nobody asks for). A completion sees the prompt and itself.
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

/** One run of the graph: blocks side by side, each padded to `length`, their response rows padded to `rows`. */
export interface MicroBatch {
  blocks: readonly Block[];
  length: number;
  rows: number;
}

/** Sizes are rounded up to multiples of this, so that runs share memory plans. */
const sizeStep = 32;

function roundUp(size: number): number {
  return Math.ceil(size / sizeStep) * sizeStep;
}

/**
 * Groups completions that share their prompt into blocks and blocks into micro-batches of at most `maxTokens` padded
 * tokens. A completion that is longer stands alone. Empty completions are left out; every other one is in one block.
 */
export function planMicroBatches(sequences: readonly BatchSequence[], maxTokens: number): MicroBatch[] {
  const groups = Map.groupBy(sequences.keys(), (index) => sequences[index]!.promptTokenIds.join());
  const blocks = [...groups.values()].flatMap((group) => splitGroup(sequences, group, maxTokens));
  blocks.sort((a, b) => b.length - a.length);
  const batches: MicroBatch[] = [];
  for (let first = 0; first < blocks.length;) {
    const length = roundUp(blocks[first]!.length);
    const count = Math.max(1, Math.floor(maxTokens / length));
    const members = blocks.slice(first, first + count);
    batches.push({ blocks: members, length, rows: roundUp(responseRows(members)) });
    first += count;
  }
  return batches;
}

/** Tokens whose logprob is computed. */
export function responseRows(blocks: readonly Block[]): number {
  return blocks.flatMap(({ completions }) => completions).reduce((sum, { tokenIds }) => sum + tokenIds.length, 0);
}

function splitGroup(sequences: readonly BatchSequence[], group: readonly number[], maxTokens: number): Block[] {
  const blocks: { promptTokenIds: readonly number[]; completions: Block['completions'][number][]; length: number }[] =
    [];
  for (const index of group) {
    const { promptTokenIds, tokenIds } = sequences[index]!;
    if (tokenIds.length === 0) {
      continue;
    }
    const added = tokenIds.length - 1;
    const open = blocks.at(-1);
    if (open && roundUp(open.length + added) <= maxTokens) {
      open.completions.push({ index, tokenIds });
      open.length += added;
    } else {
      const length = promptTokenIds.length + added;
      blocks.push({ promptTokenIds, completions: [{ index, tokenIds }], length });
    }
  }
  return blocks;
}

/** A micro-batch as rows of numbers; `tokens` = blocks * length. */
export interface MicroBatchLayout {
  /** [tokens] */
  ids: BigInt64Array;
  /** Position of each token in its own sequence, [tokens]. */
  positions: Int32Array;
  /** [blocks, length, length]: 0 where a row sees a column, else {@link hidden}. */
  mask: Float32Array;
  /** The token whose output predicts each response token, [rows]. */
  rows: BigInt64Array;
  /** The response token itself, [rows]. */
  targets: BigInt64Array;
  /** Where each completion's response tokens lie in `rows`. */
  spans: readonly { index: number; first: number; count: number }[];
}

/** Added to attention scores where nothing may be seen. */
export const hidden = -1e9;

export function layOut({ blocks, length, rows }: MicroBatch): MicroBatchLayout {
  const tokens = blocks.length * length;
  const layout = {
    ids: new BigInt64Array(tokens),
    positions: new Int32Array(tokens),
    mask: new Float32Array(tokens * length).fill(hidden),
    rows: new BigInt64Array(rows),
    targets: new BigInt64Array(rows),
  };
  const spans: { index: number; first: number; count: number }[] = [];
  let row = 0;
  for (const [blockIndex, { promptTokenIds, completions }] of blocks.entries()) {
    const start = blockIndex * length;
    const prompt = promptTokenIds.length;
    const mask = layout.mask.subarray(start * length, (start + length) * length);
    place(layout, start, promptTokenIds, 0);
    // Padding sees itself: a row that sees nothing would have no softmax.
    for (let i = 0; i < length; i++) {
      mask.fill(0, i * length + (i < prompt ? 0 : i), i * length + i + 1);
    }
    let offset = prompt;
    for (const { index, tokenIds } of completions) {
      const inputs = tokenIds.slice(0, -1);
      place(layout, start + offset, inputs, prompt);
      for (let i = offset; i < offset + inputs.length; i++) {
        mask.fill(0, i * length, i * length + prompt);
        mask.fill(0, i * length + offset, i * length + i + 1);
      }
      spans.push({ index, first: row, count: tokenIds.length });
      for (const [i, id] of tokenIds.entries()) {
        layout.rows[row] = BigInt(start + (i === 0 ? prompt : offset + i) - 1);
        layout.targets[row] = BigInt(id);
        row++;
      }
      offset += inputs.length;
    }
  }
  return { ...layout, spans };
}

function place(
  { ids, positions }: { ids: BigInt64Array; positions: Int32Array },
  start: number,
  tokenIds: readonly number[],
  firstPosition: number,
): void {
  for (const [i, id] of tokenIds.entries()) {
    ids[start + i] = BigInt(id);
    positions[start + i] = firstPosition + i;
  }
}
