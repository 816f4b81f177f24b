import assert from 'node:assert/strict';
import fc from 'fast-check';
import { findDuplicateKey } from './json-keys.ts';

describe('findDuplicateKey', () => {
  it('names a key that one object has twice, however it is written', () => {
    assert.equal(findDuplicateKey('{"a": 1, "b": 2, "a": 3}'), 'a');
    assert.equal(findDuplicateKey('{"x": {"a\\"": 1, "a\\u0022" : 2}}'), 'a"');
    assert.equal(findDuplicateKey('[{"a": "{"}, {"b": 1, "b": 2}]'), 'b');
  });

  it('finds none in what JSON.stringify writes', () => {
    assert.equal(findDuplicateKey('{"a": {"a": ["a", "a:", "\\"a\\":"]}, "b": {"a": 1}}'), undefined);
    fc.assert(fc.property(fc.jsonValue(), (value) => assert.equal(findDuplicateKey(JSON.stringify(value)), undefined)));
  });
});
