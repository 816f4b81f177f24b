import assert from 'node:assert/strict';
import fc from 'fast-check';
import { callsOf } from './examples.ts';
import { closingEnd, leadingLiteral, parseLiteral, parseLiteralList, sameData } from './literal.ts';

/** JSON data without what JavaScript source cannot say plainly: `__proto__` as a key sets the prototype. */
const jsonData = fc
  .jsonValue({ maxDepth: 3, noUnicodeString: false })
  .map((value): unknown => JSON.parse(JSON.stringify(value)))
  .filter((value) => !JSON.stringify(value).includes('__proto__') && JSON.stringify(value).length < 1000);

/** Another way to write the same value than JSON's. */
function print(value: unknown): string {
  if (typeof value === 'string') {
    const escaped = JSON.stringify(value).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'");
    return `'${escaped}'`;
  }
  if (Array.isArray(value)) {
    return `[ ${value.map(print).join(' , ')}${value.length > 0 ? ',' : ''} ]`;
  }
  if (typeof value === 'object' && value !== null) {
    return `({${Object.entries(value)
      .map(([key, item]) => `${JSON.stringify(key)}:${print(item)}`)
      .join(', ')}})`;
  }
  return JSON.stringify(value);
}

describe('literals', () => {
  it('gives back any JSON data that was printed as JavaScript', () => {
    fc.assert(
      fc.property(jsonData, (value) => {
        assert.deepEqual(parseLiteral(JSON.stringify(value)), value);
        assert.deepEqual(parseLiteral(print(value)), value);
      }),
    );
  });

  it('finds the arguments of a call whatever surrounds it', () => {
    fc.assert(
      fc.property(fc.array(jsonData, { minLength: 1, maxLength: 3 }), (input) => {
        const call = `solve(${input.map((value) => JSON.stringify(value)).join(', ')})`;
        for (const text of [call, `console.log(${call}); // said (to be) "odd`, `// → ${call} → it's`, `>>> ${call}`]) {
          assert.deepEqual(
            callsOf(text, 'solve').map((found) => found.input),
            [input],
          );
        }
      }),
    );
  });

  it('never evaluates: whatever is computed is no data', () => {
    for (const text of [
      '1 + 1',
      'f()',
      'new Array(3)',
      '[...a]',
      'x',
      'undefined',
      'NaN',
      '1n',
      '/a/',
      '`${1}`',
      '[1,,2]',
      '() => 1',
      '{ get a() { return 1 } }',
      '{ __proto__: [] }',
      '{ [a]: 1 }',
      '1e999',
      '!0',
      '',
      '1, 2',
      '1] + [2',
      '// 1',
    ]) {
      assert.equal(parseLiteral(text), undefined, text);
    }
  });

  it('reads signs, template strings, trailing commas and named arguments', () => {
    assert.deepEqual(parseLiteralList('-1, +2, -0, `a`, [1,], { a: { "b c": null } }'), [
      -1,
      2,
      0,
      'a',
      [1],
      { a: { 'b c': null } },
    ]);
    assert.deepEqual(parseLiteralList('nums = [1, 2], k = 3'), [[1, 2], 3]);
    assert.deepEqual(parseLiteralList('nums', new Map([['nums', [1]]])), [[1]]);
    assert.deepEqual(parseLiteralList(''), []);
  });

  it('survives nesting that would overflow a parser', () => {
    assert.equal(parseLiteral('['.repeat(100_000)), undefined);
    assert.doesNotThrow(() => parseLiteral('['.repeat(1900) + ']'.repeat(1900)));
    assert.deepEqual(parseLiteral('[[[[[7]]]]]'), [[[[[7]]]]]);
  });

  it('matches brackets past quotes', () => {
    assert.equal(closingEnd('(")", [\'(\'], "\\")") rest', 0), 19);
    assert.equal(closingEnd('(1, 2', 0), undefined);
    assert.equal(closingEnd('(1, 2]', 0), undefined);
  });

  it('takes the literal that a text begins with', () => {
    assert.deepEqual(leadingLiteral(' [1, [2]] because'), { value: [1, [2]], end: 9 });
    assert.equal(leadingLiteral('-3.5, or so')?.value, -3.5);
    assert.equal(leadingLiteral('true.')?.value, true);
    assert.equal(leadingLiteral('5th'), undefined);
    assert.equal(leadingLiteral('1.2.3'), undefined);
    assert.equal(leadingLiteral('nothing'), undefined);
  });

  it('compares data by value, fractions as people print them', () => {
    assert.ok(sameData({ a: [1, 'x'], b: null }, { b: null, a: [1, 'x'] }));
    assert.ok(sameData(2.333333, 2.33));
    assert.ok(!sameData(2, 3));
    assert.ok(!sameData([1], [1, null]));
    assert.ok(!sameData('1', 1));
    assert.ok(!sameData({}, []));
  });
});
