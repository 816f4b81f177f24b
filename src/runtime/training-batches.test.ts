import assert from 'node:assert/strict';
import fc from 'fast-check';
import { hidden, layOut, planMicroBatches } from './training-batches.ts';

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
        const batches = planMicroBatches(list, maxTokens);
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

  it('keeps to the limit unless one completion alone exceeds it', () =>
    fc.assert(
      fc.property(sequences, fc.integer({ min: 32, max: 128 }), (list, maxTokens) => {
        for (const { blocks, length } of planMicroBatches(list, maxTokens)) {
          assert.ok(blocks.every((block) => block.length <= length));
          assert.ok(
            length * blocks.length <= maxTokens || (blocks.length === 1 && blocks[0]!.completions.length === 1),
          );
        }
      }),
    ));

  it('computes a prompt once for the completions that fit beside it', () => {
    const list = [9, 8, 7].map((id) => ({ promptTokenIds: [1, 2, 3, 4], tokenIds: [id, id] }));
    const [batch, ...others] = planMicroBatches(list, 64);
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
    const [batch] = planMicroBatches(list, 64);
    const { ids, positions, mask, rows, targets, spans } = layOut(batch!);
    const length = batch!.length;
    const used = 5;
    assert.deepEqual([...ids.subarray(0, used)].map(Number), [11, 12, 21, 22, 31]);
    assert.deepEqual([...positions.subarray(0, used)], [0, 1, 2, 3, 2]);
    const seen = Array.from({ length: used }, (_, i) =>
      Array.from({ length }, (_, j) => j).filter((j) => mask[i * length + j] === 0),
    );
    assert.deepEqual(seen, [[0], [0, 1], [0, 1, 2], [0, 1, 2, 3], [0, 1, 4]]);
    assert.deepEqual([...rows.subarray(0, used)].map(Number), [1, 2, 3, 1, 4]);
    assert.deepEqual([...targets.subarray(0, used)].map(Number), [21, 22, 23, 31, 32]);
    assert.deepEqual(spans, [
      { index: 0, first: 0, count: 3 },
      { index: 1, first: 3, count: 2 },
    ]);
    for (let i = used; i < length; i++) {
      assert.equal(mask[i * length + i], 0, 'padding sees itself');
    }
    assert.ok(mask.every((x) => x === 0 || x === hidden));
  });
});
