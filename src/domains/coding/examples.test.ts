import assert from 'node:assert/strict';
import { callsOf, examplesOf } from './examples.ts';

describe('examples in a statement', () => {
  it('are pairs of input and output, named or not', () => {
    const statement = `Find it.
Example 1:
Input: nums = [1, 2], k = 3
Output: 6

Example 2: Input: [4], 2; Output: [2, 2] because of the rest
Input: nums: [1], k: -1
Explanation comes later.
Output: -5`;
    assert.deepEqual(examplesOf(statement, 'solve'), [
      { input: [[1, 2], 3], output: 6 },
      { input: [[4], 2], output: [2, 2] },
    ]);
  });

  it('are calls with the value they are said to give, in many notations', () => {
    for (const text of [
      'solve([1]) // -2',
      'solve([1]) -> -2',
      'solve([1]) → -2',
      '`solve([1])` ➞ -2 (since it is so)',
      'solve([1]) => -2',
      'solve([1]) === -2',
      'solve([1]) returns -2.',
      'solve([1]) should return -2 (see above)',
      'console.log(solve([1])); // Output: -2',
      'console.log(solve([1])); // Expected output: -2, since it is so',
      '>>> solve([1])\n-2',
      'solve([1])\n// returns: -2',
    ]) {
      assert.deepEqual(examplesOf(text, 'solve'), [{ input: [[1]], output: -2 }], text);
    }
  });

  it('claim nothing where no single value follows', () => {
    for (const text of [
      'solve([1]) // 1, 2',
      'solve([1]) // see below',
      'solve([1])',
      'solve([1]) // 2 * 3',
      'solve([1]) and 5',
      'solve([1])\n// 5',
    ]) {
      assert.deepEqual(examplesOf(text, 'solve'), [{ input: [[1]] }], text);
    }
  });

  it('do not take a longer name or a declaration for a call', () => {
    assert.deepEqual(callsOf('resolve(1); x.solve(2); solver(3); function solve() { }', 'solve'), []);
    assert.deepEqual(callsOf('$solve(1)', '$solve'), [{ input: [1] }]);
  });
});
