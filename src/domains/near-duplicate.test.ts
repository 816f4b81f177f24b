import assert from 'node:assert/strict';
import fc from 'fast-check';
import { createDuplicateIndex, meanPairwiseDistance, trigramSimilarity, wordTrigrams } from './near-duplicate.ts';

const sum = 'Given an array of integers nums, return the sum of all even numbers in the array.';
const sumAgain = 'Given an array of integers nums, return the sum of all even numbers in the array!';
const vowels = 'Count the vowels of a string s and return how many there are.';

describe('near-duplicates', () => {
  it('computes Jaccard similarity of word 3-grams', () => {
    // a b c | b c d against b c d | c d e: one shared of three.
    assert.equal(trigramSimilarity('a b c d', 'b c d e'), 1 / 3);
    assert.equal(trigramSimilarity('A, b; C', 'a b c'), 1);
    assert.deepEqual([...wordTrigrams('two words')], ['two words']);
  });

  it('estimates it to within four standard errors', () => {
    const words = fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g'), { minLength: 3, maxLength: 30 });
    fc.assert(
      fc.property(words, words, (left, right) => {
        const index = createDuplicateIndex(0.8);
        index.add('left', { text: left.join(' ') });
        const exact = trigramSimilarity(left.join(' '), right.join(' '));
        const estimate = index.nearest({ text: right.join(' ') })?.similarity ?? NaN;
        assert.ok(
          Math.abs(exact - estimate) <= 0.02 + 4 * Math.sqrt((exact * (1 - exact)) / 128),
          `${exact} ${estimate}`,
        );
      }),
      { seed: 1 },
    );
  });

  it('calls a text a duplicate from the threshold on, and names the nearest', () => {
    const index = createDuplicateIndex(0.8);
    assert.equal(index.nearest({ text: sum }), undefined);
    index.add('q1', { text: vowels });
    index.add('q2', { text: sum });
    assert.deepEqual(index.nearest({ text: sumAgain }), { id: 'q2', similarity: 1, duplicate: true });
    const other = index.nearest({ text: 'Given a matrix grid, return its transpose as a new matrix.' });
    assert.equal(other?.duplicate, false);
  });

  it('compares questions that have no text by their keys alone', () => {
    const index = createDuplicateIndex(0);
    index.add('q1', { key: '3*7+12' });
    assert.deepEqual(index.nearest({ key: '3*7+12' }), { id: 'q1', similarity: 1, duplicate: true });
    assert.equal(index.nearest({ key: '12-7/3' }), undefined);
  });

  it('tells expressions apart by their operators', () => {
    assert.equal(trigramSimilarity('12 + 7 * 3', '12 - 7 / 3'), 0);
    assert.equal(trigramSimilarity('12+7*3', '12 + 7 * 3'), 1);
  });

  it('measures diversity as the mean distance of pairs', () => {
    assert.equal(meanPairwiseDistance([sum]), undefined);
    assert.equal(meanPairwiseDistance([sum, sum]), 0);
    assert.equal(meanPairwiseDistance([sum, sum, vowels]), 2 / 3);
  });
});
