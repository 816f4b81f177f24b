import assert from 'node:assert/strict';
import fc from 'fast-check';
import { hidden, layOut, planMicroBatches, responseRows } from './training-batches.ts';

const ids = fc.array(fc.nat(9), { maxLength: 30 });
/** Few prompts, so that some are shared. */
const sequences = fc.array(
  fc.record(
    { promptTokenIds: fc.constantFrom([1], [1, 2, 3], [4, 5, 6, 7, 8, 9]), tokenIds: ids },
    { noNullPrototype: true },
  ),
  { maxLength: 12 },
);

describe('planMicroBatches', () => {
  it('puts every completion that has tokens into one block, behind its own prompt', () =>
    fc.assert(
      fc.property(sequences, fc.integer({ min: 32, max: 128 }), (list, maxTokens) => {
        const batches = planMicroBatches(list, maxTokens, 16);
        const blocks = batches.flatMap((batch) => batch.blocks);
        const placed = blocks.flatMap(({ completions }) => completions.map(({ index }) => index));
        const expected = [...list.keys()].filter((index) => list[index]!.tokenIds.length > 0);
        assert.deepEqual(
          placed.toSorted((a, b) => a - b),
          expected,
        );
        for (const { promptTokenIds, completions } of blocks) {
          for (const { index, tokenIds } of completions) {
            assert.deepEqual({ promptTokenIds, tokenIds }, list[index]);
          }
        }
      }),
    ));

  it('keeps the answers of a question together up to the limit, and different questions only up to less', () => {
    const tokens = (key: number, count: number) => Array.from({ length: count }, () => key);
    const group = (key: number) =>
      Array.from({ length: 4 }, () => ({ promptTokenIds: tokens(key, 400), tokenIds: tokens(key, 240) }));
    const passes = (sequences: ReturnType<typeof group>) =>
      planMicroBatches(sequences, 1400, 128).map(({ blocks }) => blocks.map(({ completions }) => completions.length));
    assert.deepEqual(passes([...group(1), ...group(2)]), [[4], [4]]);
    const short = [1, 2, 3, 4].flatMap((key) => group(key).slice(0, 1)).map((one) => ({ ...one, tokenIds: [1, 2] }));
    assert.deepEqual(passes(short), [[1], [1], [1], [1]], 'two prompts of 400 exceed 720');
    const tiny = short.map((one) => ({ ...one, promptTokenIds: one.promptTokenIds.slice(0, 100) }));
    assert.deepEqual(passes(tiny), [[1, 1, 1, 1]]);
  });

  it('keeps to the limit unless one completion alone exceeds it', () =>
    fc.assert(
      fc.property(sequences, fc.integer({ min: 32, max: 400 }), (list, maxTokens) => {
        for (const { blocks, tokens, rowBlocks, rows, chunks } of planMicroBatches(list, maxTokens, 16)) {
          const length = blocks.reduce((sum, block) => sum + block.length, 0);
          assert.ok(length < tokens, 'there is a row of padding');
          assert.ok(tokens % rowBlocks === 0 && tokens / rowBlocks <= 256);
          assert.ok(length <= maxTokens || (blocks.length === 1 && blocks[0]!.completions.length === 1));
          assert.ok(rows >= responseRows(blocks) && rows % chunks === 0 && rows / chunks <= 16);
        }
      }),
    ));

  it('computes a prompt once for the completions that fit beside it', () => {
    const list = [9, 8, 7].map((id) => ({ promptTokenIds: [1, 2, 3, 4], tokenIds: [id, id] }));
    const [batch, ...others] = planMicroBatches(list, 64, 16);
    assert.equal(others.length, 0);
    assert.deepEqual(
      batch!.blocks.map(({ length }) => length),
      [4 + 3 * 1],
    );
  });
});

describe('layOut', () => {
  it('lets a completion see its prompt and itself, in order, and nothing else', () => {
    const list = [
      { promptTokenIds: [11, 12], tokenIds: [21, 22, 23] },
      { promptTokenIds: [11, 12], tokenIds: [31, 32] },
    ];
    const [batch] = planMicroBatches(list, 64, 16);
    const { promptLength, answerLength, tokens } = batch!;
    const { ids, positions, rows, targets, spans, ...layout } = layOut(batch!);
    const used = 5;
    assert.deepEqual([...ids.subarray(0, used)].map(Number), [11, 12, 21, 22, 31]);
    assert.deepEqual([...positions.subarray(0, used)], [0, 1, 2, 3, 2]);
    const keyLength = promptLength + answerLength;
    /** Rows that a query of an answer sees. */
    const seenBy = (answer: number, query: number) =>
      Array.from({ length: keyLength }, (_, key) => key)
        .filter((key) => layout.answerMask[(answer * answerLength + query) * keyLength + key] === 0)
        .map((key) => Number(layout.keyRows[answer * keyLength + key]));
    assert.deepEqual(
      [seenBy(0, 0), seenBy(0, 1), seenBy(1, 0)],
      [
        [0, 1, 2],
        [0, 1, 2, 3],
        [0, 1, 4],
      ],
    );
    assert.deepEqual([...layout.promptRows.subarray(0, 3)].map(Number), [0, 1, tokens - 1]);
    assert.deepEqual(
      [0, 1].map((query) => [0, 1, 2].map((key) => layout.promptMask[query * promptLength + key] === 0)),
      [
        [true, false, false],
        [true, true, false],
      ],
    );
    // Every row finds itself again in the grids.
    const grid = [...layout.promptRows, ...layout.answerRows];
    assert.deepEqual(
      [...layout.cells.subarray(0, used)].map((cell) => Number(grid[Number(cell)])),
      [0, 1, 2, 3, 4],
    );
    assert.equal(Number(grid[Number(layout.cells[used])]), tokens - 1);
    assert.deepEqual([...layout.members], [1, 1]);
    assert.deepEqual([...rows.subarray(0, used)].map(Number), [1, 2, 3, 1, 4]);
    assert.deepEqual([...targets.subarray(0, used)].map(Number), [21, 22, 23, 31, 32]);
    assert.deepEqual(spans, [
      { index: 0, first: 0, count: 3 },
      { index: 1, first: 3, count: 2 },
    ]);
    assert.ok(layout.answerMask.every((x) => x === 0 || x === hidden));
  });
});
