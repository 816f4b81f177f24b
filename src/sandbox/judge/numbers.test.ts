import assert from 'node:assert/strict';
import { ExactNumber } from '../../protocol/json.ts';
import { compareValues } from './compare.ts';

describe('comparison of numbers that are kept as they were written', () => {
  const exact = (text: string): ExactNumber => new ExactNumber(text);
  const rows: [equal: boolean, name: string, expected: unknown, actual: unknown][] = [
    [true, 'the same integer', exact('9007199254740993'), exact('9007199254740993')],
    [false, 'its neighbour', exact('9007199254740993'), exact('9007199254740992')],
    [true, "JavaScript's nearest double of a large integer", exact('9007199254740993'), 9007199254740992],
    [true, "JavaScript's bigint of a large integer", exact('9007199254740993'), 9007199254740993n],
    [false, 'a neighbouring bigint', exact('9007199254740993'), 9007199254740992n],
    [false, 'a bigint for a small integer', 6, 6n],
    [true, 'a float for an integer', 3, exact('3.0')],
    [false, 'a float beside an integer', 3, exact('4.0')],
    [true, 'an integer for a float', exact('3.0'), 3],
    [true, 'a fraction near a whole float', exact('3.0'), 3.0000000001],
    [false, 'a fraction near an integer', 3, 3.0000000001],
    [true, 'a whole float near a fraction', 2.9999999999, exact('3.0')],
    [false, 'a string', exact('3.0'), '3.0'],
    [true, 'infinities', exact('1e400'), Infinity],
    [false, 'a number and infinity', exact('1e300'), Infinity],
    [true, 'an integer for the double of a reference', 1e20, exact('100000000000000000000')],
  ];
  for (const [equal, name, expected, actual] of rows) {
    it(`${equal ? 'accepts' : 'refuses'} ${name}`, () => {
      assert.equal(compareValues(expected, actual).equal, equal);
    });
  }

  it('pairs them in any order', () => {
    const expected = Array.from({ length: 3000 }, (_, index) => exact(`${index}.0`));
    const actual = Array.from({ length: 3000 }, (_, index) => 2999 - index);
    assert.equal(compareValues(expected, actual, { mode: 'unordered' }).equal, true);
  });

  it('takes true for 1 where it is asked to', () => {
    assert.equal(compareValues([1, false], [true, 0], {}, true).equal, true);
    assert.equal(compareValues([1], [true], {}).equal, false);
    assert.equal(compareValues([2], [true], {}, true).equal, false);
    assert.equal(compareValues(['1'], [true], {}, true).equal, false);
  });
});
