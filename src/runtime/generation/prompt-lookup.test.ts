import assert from 'node:assert/strict';
import { draftByLookup } from './prompt-lookup.ts';

describe('draft tokens by prompt lookup', () => {
  it('are what followed the latest occurrence of the longest known suffix', () => {
    assert.deepEqual(draftByLookup([1, 2, 3, 10, 11, 12, 13, 9, 3, 20, 1, 2, 3], []), [10, 11, 12]);
    assert.deepEqual(draftByLookup([8, 3, 10, 7, 3, 20, 21, 22, 3], []), [20, 21, 22]);
    assert.deepEqual(draftByLookup([5, 5], []), [5]);
  });

  it('may come from another text, but not when the context itself has as long a suffix', () => {
    assert.deepEqual(draftByLookup([1, 2, 3], [[0, 2, 3, 30, 31]]), [30, 31]);
    assert.deepEqual(draftByLookup([2, 3, 40, 1, 2, 3], [[0, 2, 3, 30]]), [40, 1, 2]);
    assert.deepEqual(draftByLookup([2, 3, 40, 1, 2, 3], [[1, 2, 3, 30]]), [30]);
  });

  it('are none when nothing occurred before', () => {
    assert.deepEqual(draftByLookup([1, 2, 3], [[4, 5], []]), []);
    assert.deepEqual(draftByLookup([7], []), []);
  });
});
