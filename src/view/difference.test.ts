import assert from 'node:assert/strict';
import fc from 'fast-check';
import { firstDifference } from './difference.ts';

describe('the first difference', () => {
  it('is a whole token', () => {
    const { same, left, right } = firstDifference('[1,12,3]', '[1,13,3]');
    assert.deepEqual([same, left, right], ['[1,', '12', '13']);
  });

  it('is an end where one text is longer', () => {
    const { left, right } = firstDifference('[0,7]', '[0,7');
    assert.deepEqual([left, right], [']', '']);
  });

  it('leaves both texts whole', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (a, b) => {
        const { same, left, right, leftRest, rightRest } = firstDifference(a, b);
        assert.equal(same + left + leftRest, a);
        assert.equal(same + right + rightRest, b);
        assert.ok(left !== right || (left === '' && right === ''));
      }),
    );
  });
});
