import assert from 'node:assert/strict';
import { draftByLookup } from './prompt-lookup.ts';

describe('a guess at the next tokens', () => {
  it('is what stood behind the latest of the longest endings that occurred before', () => {
    assert.deepEqual(draftByLookup([1, 2, 3, 10, 11, 12, 13, 9, 3, 20, 1, 2, 3], []), [10, 11, 12]);
    assert.deepEqual(draftByLookup([8, 3, 10, 7, 3, 20, 21, 22, 3], []), [20, 21, 22]);
    assert.deepEqual(draftByLookup([5, 5], []), [5]);
  });

  it('may come from another text, but not when the own one knows as long an ending', () => {
    assert.deepEqual(draftByLookup([1, 2, 3], [[0, 2, 3, 30, 31]]), [30, 31]);
    assert.deepEqual(draftByLookup([2, 3, 40, 1, 2, 3], [[0, 2, 3, 30]]), [40, 1, 2]);
    assert.deepEqual(draftByLookup([2, 3, 40, 1, 2, 3], [[1, 2, 3, 30]]), [30]);
  });

  it('is empty when nothing occurred before', () => {
    assert.deepEqual(draftByLookup([1, 2, 3], [[4, 5], []]), []);
    assert.deepEqual(draftByLookup([7], []), []);
  });
});
