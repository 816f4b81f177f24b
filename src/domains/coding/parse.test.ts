import assert from 'node:assert/strict';
import fc from 'fast-check';
import { isRejection } from '../domain.ts';
import type { Draft } from './content.ts';
import { parseProposalFile } from './parse.ts';

/** The draft of a proposal that must parse. */
function draftOf(proposal: string): Draft {
  const draft = parseProposalFile(proposal);
  assert.ok(!isRejection(draft), isRejection(draft) ? draft.detail : '');
  return draft;
}

function detailOf(proposal: string): string {
  const rejection = parseProposalFile(proposal);
  assert.ok(isRejection(rejection));
  assert.equal(rejection.reason, 'malformed');
  return rejection.detail;
}

// The proposals below are what a 0.5B coder model wrote, mistakes included.
const squares = `\`\`\`js
/**
 * Given an array of integers nums, return an array where each element is squared.
 * Example:
 *   // Input: nums = [1, 2, 3]
 *   // Output: [1, 4, 9]
 */
function solve(nums) {
  const result = [];
  for (let num of nums) {
    result.push(num * num);
  }
  return result;
}

// Test cases
console.log(solve([1, 2, 3])); // Output: [1, 4, 9]
console.log(solve([-3, -1, 2])); // Output: [9, 1, 4]
console.log(solve([0])); // Output: [0]
console.log(solve([])); // Output: []
`;

const unique = `\`\`\`js
/**
 * Given an array of integers nums, return the unique elements in the array.
 * 
 * @param {number[]} nums - The array of integers.
 * @return {number[]} The unique elements in the array.
 */
function solve(nums) {
    // Filter out duplicate elements and return the unique ones
    return Array.from(new Set(nums));
}

// Test cases to verify the function
function testSolve() {
    console.assert(JSON.stringify(solve([1, 2, 2, 3, 3])) === JSON.stringify([1, 2, 3]), 'Test case 1 failed');
    console.assert(JSON.stringify(solve([1, 2, 3, 4, 3, 4, 5])) === JSON.stringify([1, 2, 4, 5]), 'Test case 2 failed');
}

// Running the test cases
testSolve();
`;

const longest = `\`\`\`js
/**
 * Given an array of integers nums, return the length of the longest increasing subsequence.
 */
function solve(nums) {
  let dp = [1] * nums.length;
  return Math.max(...dp);
}

/**
 * Test the solve function with example cases.
 */
function test solve() {
  console.log(solve([1, 3, 5, 4])); // Expected output: 3
  console.log(solve([1])); // Expected output: 1
}

test solve();
`;

const brokenCall = `\`\`\`js
/**
 * Given an array of integers nums, return the count of numbers that are greater than 10.
 */
function solve(nums) {
  return nums.filter(num => num > 10).length;
}

console.log(solve([2, 8, 5, 9, 0, 15,))));
console.log(solve([5, 15, 25, 35]));
console.log(solve([]));
console.log(solve([11, -1, 2, -3, 4]));`;

const cut = `\`\`\`js
/**
 * Given an array of integers nums, return the maximum sum of a valid triplet (i.e., three integers a, b, and c
 * such that a + b > c)
 */
function best(nums, target) {
  return target;
}

// Example usage:
console.log(best([-3, 1, 2], 4)); // Output: 5
// console.log(best([1, 5, 9], 1)); // Output: 2
console.log(best([1,`;

describe('reading a code-shaped proposal', () => {
  it('takes the comment as statement, the function as reference, the calls as inputs', () => {
    assert.deepEqual(draftOf(squares), {
      statement:
        'Given an array of integers nums, return an array where each element is squared.\n' +
        'Example:\n  // Input: nums = [1, 2, 3]\n  // Output: [1, 4, 9]',
      reference:
        'function solve(nums) {\n  const result = [];\n  for (let num of nums) {\n    result.push(num * num);\n  }\n  return result;\n}',
      inputs: [[[1, 2, 3]], [[-3, -1, 2]], [[0]], [[]]],
      entry: 'solve',
      parameters: ['nums'],
    });
  });

  it('leaves tags out of the statement, and test code out of the reference', () => {
    const draft = draftOf(unique);
    assert.equal(draft.statement, 'Given an array of integers nums, return the unique elements in the array.');
    assert.deepEqual(draft.inputs, [[[1, 2, 2, 3, 3]], [[1, 2, 3, 4, 3, 4, 5]]]);
    assert.ok(!draft.reference?.includes('assert'));
  });

  it('reads calls out of code that does not parse', () => {
    assert.deepEqual(draftOf(longest).inputs, [[[1, 3, 5, 4]], [[1]]]);
    assert.deepEqual(draftOf(brokenCall).inputs, [[[5, 15, 25, 35]], [[]], [[11, -1, 2, -3, 4]]]);
    assert.match(draftOf(longest).reference ?? '', /^function solve\(nums\) \{[\s\S]*\}$/);
  });

  it('takes another name than solve, and stops at a cut end', () => {
    const draft = draftOf(cut);
    assert.deepEqual([draft.entry, draft.parameters], ['best', ['nums', 'target']]);
    assert.deepEqual(draft.inputs, [
      [[-3, 1, 2], 4],
      [[1, 5, 9], 1],
    ]);
  });

  it('keeps helpers and constants, drops calls, and ignores recursion', () => {
    const draft = draftOf(`/** Return the number of steps down from n. */
const VOWELS = 'aeiou';
const half = (n) => n >> 1;
let seen = new Set();
const solve = (n, depth = 0) => (n < 1 ? depth : solve(0, 1) + half(n));
const first = solve(9);
export { solve };
solve(8);
solve(7, 2); solve(8)
module.exports = solve;`);
    assert.equal(
      draft.reference,
      [
        "const VOWELS = 'aeiou';",
        'const half = (n) => n >> 1;',
        'let seen = new Set();',
        'const solve = (n, depth = 0) => (n < 1 ? depth : solve(0, 1) + half(n));',
      ].join('\n\n'),
    );
    assert.deepEqual(draft.inputs, [[9], [8], [7, 2]]);
  });

  it('leaves out calls that do not fit the signature or are not data', () => {
    const draft = draftOf(
      '// Add the two integers a and b.\nfunction add(a, b) { return a + b; }\nconst x = [4];\n' +
        'add(1); add(1, 2, 3); add(f(), 1); add(1, 2); resolve.add(5, 6); add(x, 3); add(new Date(), 1)',
    );
    assert.deepEqual(draft.inputs, [
      [1, 2],
      [[4], 3],
    ]);
  });

  it('says what is missing', () => {
    assert.match(detailOf('```js\nfunction solve(a) { return a; }'), /no comment/);
    assert.match(detailOf('/** */ function solve(a) {}'), /no problem/);
    assert.match(detailOf('/** Do it. */ solve(1);'), /No complete function/);
    assert.match(detailOf('/** Do it. */ function solve(a) { return'), /No complete function/);
    assert.match(detailOf('/** Do it. */ function solve() { return 1; }'), /parameters/);
    assert.match(detailOf('/** Do it. */ function solve(...a) { return 1; }'), /parameters/);
    assert.match(detailOf('/** Do it. */ function* solve(a) { yield 1; }'), /parameters/);
  });

  it('never throws, whatever it is given', () => {
    const pieces = fc.constantFrom(
      '/**',
      '*/',
      '```',
      'solve(',
      ')',
      '[',
      '{',
      '"',
      '\n',
      ' * ',
      'function solve(a) {',
      '}',
      '1',
      '// x',
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 40 }), fc.string(), (parts, noise) => {
        const result = parseProposalFile(parts.join('') + noise);
        assert.ok(isRejection(result) || result.statement !== '');
      }),
    );
    const started = performance.now();
    parseProposalFile(`/** Do it. */ ${'solve(['.repeat(5000)}`);
    parseProposalFile(`/** Do it. */\n${'}\n'.repeat(9000)}`);
    parseProposalFile(`/** Do it.\nInput:${' \n'.repeat(9000)}*/`);
    assert.ok(performance.now() - started < 5000);
  });
});
