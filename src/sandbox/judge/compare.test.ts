import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { ExactNumber } from '../../protocol/json.ts';
import { compareText, compareValues } from './compare.ts';
import { decodeValue, encodeValue, showValue } from '../wire/values.ts';

/** -0 as 0 everywhere, so that node:util can be the reference, which tells them apart. */
function withoutNegativeZero(value: unknown): unknown {
  if (typeof value === 'number') {
    return value + 0;
  }
  if (Array.isArray(value)) {
    return value.map(withoutNegativeZero);
  }
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).map(([key, member]) => [key, withoutNegativeZero(member)] as const);
    return Object.assign(Object.create(null), Object.fromEntries(entries));
  }
  return value;
}

const json = fc.jsonValue({ maxDepth: 4 });

describe('comparison of values', () => {
  it('agrees with deep equality on data, without a tolerance', () => {
    fc.assert(
      fc.property(json, json, (a, b) => {
        const reference = isDeepStrictEqual(withoutNegativeZero(a), withoutNegativeZero(b));
        assert.equal(compareValues(a, b, { tolerance: 0 }).equal, reference);
        assert.equal(compareValues(a, JSON.parse(JSON.stringify(a)), { tolerance: 0 }).equal, true);
      }),
    );
  });

  it('finds a single changed leaf, and says where', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.integer(), { minLength: 1 }), { minLength: 1 }),
        fc.nat(),
        fc.nat(),
        (rows, i, j) => {
          const [row, column] = [i % rows.length, j % (rows[i % rows.length]?.length ?? 1)];
          const changed = structuredClone(rows);
          const cells = changed[row] ?? [];
          cells[column] = (cells[column] ?? 0) + 1;
          const verified = compareValues(rows, changed);
          assert.ok(!verified.equal && verified.path === `$[${row}][${column}]`);
        },
      ),
    );
  });

  it('ignores the order of the outermost array only when it is told to', () => {
    const shuffled = fc
      .array(json, { maxLength: 8 })
      .chain((items) => fc.tuple(fc.constant(items), fc.shuffledSubarray(items, { minLength: items.length })));
    fc.assert(
      fc.property(shuffled, ([items, other]) => {
        assert.equal(compareValues(items, other, { mode: 'unordered' }).equal, true);
        assert.equal(compareValues([...items, 1], [...other, 2], { mode: 'unordered' }).equal, false);
      }),
    );
    assert.equal(compareValues([[1, 2]], [[2, 1]], { mode: 'unordered' }).equal, false);
    assert.equal(compareValues([1, 1, 2], [1, 2, 2], { mode: 'unordered' }).equal, false);
    assert.equal(compareValues([0.1, 0.5], [0.5, 0.1 + 1e-9], { mode: 'unordered' }).equal, true);
  });

  it('gives only expected fractions a tolerance', () => {
    const cases: [expected: unknown, actual: unknown, equal: boolean][] = [
      [0.3, 0.1 + 0.2, true],
      [0.5, 0.5000004, true],
      [0.5, 0.50001, false],
      [1e9 + 0.5, 1e9 + 0.6, true],
      [3, 3.0000000001, false],
      [0, -0, true],
      [NaN, NaN, true],
      [Infinity, 1e308, false],
      [1, true, false],
      [1, '1', false],
      [1, 1n, false],
      [null, undefined, false],
      [{ a: undefined }, {}, false],
      [{}, { a: undefined }, false],
      [{}, [], false],
      [[], {}, false],
      [[1], [1, undefined], false],
      ['Yes', 'YES', false],
    ];
    for (const [expected, actual, equal] of cases) {
      assert.equal(compareValues(expected, actual).equal, equal, `${showValue(expected)} ${showValue(actual)}`);
    }
    assert.equal(compareValues('Yes', 'YES', { mode: 'caseInsensitive' }).equal, true);
    assert.equal(compareValues(0.5, 0.5001, { tolerance: 0.01 }).equal, true);
  });

  it('tells small fractions from zero and from each other where no tolerance is named', () => {
    const cases: [expected: unknown, actual: unknown, equal: boolean][] = [
      [1e-8, 0, false],
      [-1e-8, 1e-8, false],
      [1e-8, 1.2e-8, false],
      [1e-8, 1.0000000001e-8, true],
      [[1e-7, 0.5], [2e-7, 0.5], false],
      [0.0001, 0.0001005, true],
      [0.333333, 1 / 3, true],
      [0.1 + 0.2 - 0.3, 0, true],
      [new ExactNumber('1e-8'), 0, false],
      [new ExactNumber('0.0'), 1e-7, true],
    ];
    for (const [expected, actual, equal] of cases) {
      assert.equal(compareValues(expected, actual).equal, equal, showValue([expected, actual]));
    }
    assert.equal(compareValues(1e-8, 0, { tolerance: 1e-6 }).equal, true);
    const texts: [expected: string, actual: string, equal: boolean][] = [
      ['0.00000001', '0', false],
      ['1.0e-8', '0.0', false],
      ['0.000033', '0.0000334', true],
      ['0.000033', '0.000034', false],
      ['0.0', '0.04', false],
      ['0.000000', '0.0000001', true],
    ];
    for (const [expected, actual, equal] of texts) {
      assert.equal(compareText(expected, actual).equal, equal, `${expected} ${actual}`);
    }
  });

  it('gives every number the tolerance that a problem names', () => {
    const cases: [expected: unknown, actual: unknown, tolerance: number, equal: boolean][] = [
      [[0.1, 3], [0.1000000001, 3.0000000000000004], 1e-6, true],
      [3, 3.1, 1e-6, false],
      [1_000_000, 1_000_000.9, 1e-6, true],
      [0, 1e-7, 1e-6, true],
      [{ a: [1, { b: 2 }] }, { a: [1.0000001, { b: 1.9999999 }] }, 1e-6, true],
      [3, 3.0000001, 0, false],
      [3, '3', 1, false],
      [3, NaN, 1, false],
      [3, 3n, 1, false],
    ];
    for (const [expected, actual, tolerance, equal] of cases) {
      assert.equal(compareValues(expected, actual, { tolerance }).equal, equal, showValue([expected, actual]));
    }
    assert.equal(compareValues([3, 1], [1.0000001, 2.9999999], { tolerance: 1e-5, mode: 'unordered' }).equal, true);
  });

  it('sees an own __proto__ as a key like any other', () => {
    assert.equal(compareValues(JSON.parse('{"__proto__":1}'), {}).equal, false);
    assert.equal(compareValues({}, JSON.parse('{"__proto__":{}}')).equal, false);
    assert.equal(compareValues(JSON.parse('{"__proto__":1}'), JSON.parse('{"__proto__":1}')).equal, true);
  });
});

describe('comparison of text', () => {
  const token = fc.stringMatching(/^[a-z]{1,5}$/);
  const space = fc.constantFrom(' ', '\n', '  ', '\t', '\r\n');

  it('takes the same tokens under any white space, and no token more or less', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(token, space)),
        fc.array(space, { minLength: 40, maxLength: 40 }),
        token,
        (parts, spaces, extra) => {
          const expected = parts.map(([word, gap]) => word + gap).join('');
          const actual = parts.map(([word], index) => (spaces[index % 40] ?? ' ') + word).join('');
          assert.equal(compareText(expected, actual).equal, true);
          assert.equal(compareText(expected, `${actual} ${extra}`).equal, false);
          assert.equal(compareText(`${extra} ${expected}`, actual).equal, false);
        },
      ),
    );
  });

  it('compares as told', () => {
    const cases: [
      expected: string,
      actual: string,
      mode: 'exact' | 'token' | 'unordered' | 'caseInsensitive',
      equal: boolean,
    ][] = [
      ['1.5\n', '1.5000001\n', 'token', true],
      ['1.5', '1.6', 'token', false],
      ['15', '15.0000001', 'token', false],
      ['1.50', '1.5', 'token', true],
      ['YES', 'yes', 'token', false],
      ['YES', 'yes', 'caseInsensitive', true],
      ['a b c', 'c a b', 'unordered', true],
      ['a b c', 'c a a', 'unordered', false],
      ['a  b\n', 'a  b', 'exact', true],
      ['a  b\n', 'a b', 'exact', false],
      ['a\nb', 'a \nb\n\n', 'exact', true],
      ['a\nb', 'a\n\nb', 'exact', false],
    ];
    for (const [expected, actual, mode, equal] of cases) {
      assert.equal(compareText(expected, actual, { mode }).equal, equal, JSON.stringify([expected, actual, mode]));
    }
    const tolerant: [expected: string, actual: string, tolerance: number, equal: boolean][] = [
      ['3 3 1', '3.0000001 2.9999999 0.9999998', 1e-5, true],
      ['3', '3.1', 1e-5, false],
      ['x 3', 'y 3', 1, false],
      ['3', 'three', 1, false],
      ['1e3', '1000', 0, true],
      ['9007199254740993', '9007199254740992', 0, false],
      ['9007199254740993', '9007199254740992', 1e-9, true],
      ['-9007199254740993', '9007199254740993', 1e-9, false],
    ];
    for (const [expected, actual, tolerance, equal] of tolerant) {
      assert.equal(compareText(expected, actual, { tolerance }).equal, equal, JSON.stringify([expected, actual]));
    }
    const shuffled = compareText('2 10 1', '10.0000001 0.9999999 2', { tolerance: 1e-5, mode: 'unordered' });
    assert.equal(shuffled.equal, true);
    const verified = compareText('1 2 3', '1 2');
    assert.deepEqual(verified, { equal: false, path: 'token 3', expected: '"3"', actual: 'end of output' });
  });
});

describe('values on the wire', () => {
  it('carry what JSON cannot say', () => {
    assert.deepEqual(decodeValue('[{"\\u0000":"NaN"},{"\\u0000":"undefined"},{"a":{"\\u0000":"12n"}}]'), [
      NaN,
      undefined,
      { a: 12n },
    ]);
  });

  it('come back as they were', () => {
    const special = fc.oneof(fc.constant(undefined), fc.double(), fc.bigInt(), fc.string());
    const key = fc.oneof(fc.string(), fc.constantFrom('\0', '\0\0', '__proto__', '\0NaN'));
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof({ depthSize: 'small' }, special, fc.array(tie('value')), fc.dictionary(key, tie('value'))),
    }));
    fc.assert(
      fc.property(value, (sample) => {
        const plain = decodeValue(encodeValue(sample));
        assert.equal(compareValues(sample, plain, { tolerance: 0 }).equal, true, encodeValue(sample));
        assert.equal(encodeValue(plain), encodeValue(sample));
      }),
    );
  });

  it('are shown cut to a sane length, whatever they hold', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
        assert.ok(showValue(value, 50).length <= 51);
      }),
    );
    assert.ok(showValue('x'.repeat(1e6)).length < 300);
    assert.ok(showValue(Array.from({ length: 1e6 }, () => 1)).length < 300);
  });
});
