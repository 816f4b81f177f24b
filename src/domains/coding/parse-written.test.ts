import assert from 'node:assert/strict';
import { isRejection } from '../domain.ts';
import { parseWrittenProposal } from './parse-written.ts';

const proposal = `Problem Description:
Given a list of integers, output the sum of the even ones.

Test Cases:
1 2 3 4 ||| 6
[5, 7] ||| 0
1. 8, 2 ||| 10
what? ||| 3
-2 ||| -2 ||| -2
 ||| 0
`;

describe('reading the layout with three bars', () => {
  it('takes statement and tests, and leaves out what cannot be read', () => {
    const draft = parseWrittenProposal(proposal);
    assert.ok(!isRejection(draft));
    assert.match(
      draft.statement,
      /^Given a list of integers, output the sum of the even ones\.\n\n.*returns an integer\.$/,
    );
    assert.deepEqual(draft.inputs, [[[1, 2, 3, 4]], [[5, 7]], [[8, 2]], [[]]]);
    assert.deepEqual(draft.outputs, [6, 0, 10, 0]);
    assert.equal(draft.reference, undefined);
  });

  it('takes every output as a list where one of them is', () => {
    const draft = parseWrittenProposal(
      'Problem Description:\nSort them.\n**Test Cases:**\n3 1 ||| 1 3\n7 ||| 7\n ||| []',
    );
    assert.ok(!isRejection(draft));
    assert.deepEqual(draft.outputs, [[1, 3], [7], []]);
    assert.match(draft.statement, /an array of integers\.$/);
  });

  it('turns down a missing heading, an empty description and tests that contradict one another', () => {
    const reasons = [
      'Problem Description:\nSum them.\n1 2 ||| 3',
      'Problem Description:\n\nTest Cases:\n1 2 ||| 3',
      'Problem Description:\nSum.\nTest Cases:\n1 2 ||| 3\n1 2 ||| 4',
    ].map((text) => {
      const result = parseWrittenProposal(text);
      return isRejection(result) ? result.reason : 'none';
    });
    assert.deepEqual(reasons, ['malformed', 'malformed', 'contradicting_tests']);
  });
});
