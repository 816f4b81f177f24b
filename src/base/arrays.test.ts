import assert from 'node:assert/strict';
import { at, only, zip } from './arrays.ts';

describe('at', () => {
  it('gives the element, also of a typed array, and names an index that is out of range', () => {
    assert.equal(at(['a', 'b'], 1), 'b');
    assert.equal(at(Float32Array.of(0), 0), 0);
    assert.throws(() => at([1, 2], 2), new RangeError('there is no element 2 among 2'));
    assert.throws(() => at([1, 2], -1), RangeError);
  });
});

describe('only', () => {
  it('gives the single element and refuses none or several', () => {
    assert.equal(only(['a']), 'a');
    assert.throws(() => only([]), /not 0/);
    assert.throws(() => only([1, 2]), /not 2/);
  });
});

describe('zip', () => {
  it('pairs elements in order and refuses lists of other lengths', () => {
    assert.deepEqual(zip([1, 2], ['a', 'b']), [
      [1, 'a'],
      [2, 'b'],
    ]);
    assert.throws(() => zip([1], []), /1 elements do not match 0/);
  });
});
