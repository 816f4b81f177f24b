import assert from 'node:assert/strict';
import fc from 'fast-check';
import { isRejection } from './domain.ts';
import { evaluateExpression } from './evaluate.ts';
import { canonicalKey, type Expression, operators, parseExpression, printExpression } from './expression.ts';
import { rational, rationalText } from './rational.ts';

const limits = { digits: 6, unknowns: false };

const parse = (text: string, digits = limits.digits): Expression => {
  const parsed = parseExpression(text, { ...limits, digits });
  return isRejection(parsed) ? assert.fail(`${text}: ${parsed.detail}`) : parsed;
};

const reasonOf = (text: string, unknowns = false): string => {
  const parsed = parseExpression(text, { ...limits, unknowns });
  const value = isRejection(parsed) ? parsed : evaluateExpression(parsed);
  return isRejection(value) ? value.reason : rationalText(value);
};

/** Trees whose numbers are small, so that they have values unless they divide by zero. */
const trees: fc.Arbitrary<Expression> = fc.letrec<{ tree: Expression; number: Expression; operation: Expression }>(
  (tie) => ({
    number: fc.nat(99).map((value) => ({ kind: 'number', value: rational(value) })),
    operation: fc.record({
      kind: fc.constant('operation' as const),
      operator: fc.constantFrom(...operators.filter((operator) => operator !== '^')),
      left: tie('tree'),
      right: tie('tree'),
    }),
    tree: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      tie('number'),
      tie('operation'),
      tie('tree').map((of): Expression => ({ kind: 'negation', of })),
    ),
  }),
).tree;

describe('an expression', () => {
  it('has the exact value that the same operations on BigInt fractions have', () => {
    fc.assert(
      fc.property(fc.bigInt(0n, 999_999n), fc.bigInt(0n, 999_999n), fc.bigInt(1n, 999_999n), (a, b, c) => {
        const cases: [string, [bigint, bigint]][] = [
          [`${a} + ${b} * ${c}`, [a + b * c, 1n]],
          [`(${a} - ${b}) / ${c}`, [a - b, c]],
          [`${a} - ${b} - ${c}`, [a - b - c, 1n]],
          [`-${a} + ${b} / ${c}`, [b - a * c, c]],
          [`${c} ^ 2 - ${a}`, [c * c - a, 1n]],
        ];
        return cases.every(([text, [n, d]]) => reasonOf(text) === rationalText(rational(n, d)));
      }),
      { numRuns: 2000 },
    );
  });

  it('is read as it was printed', () => {
    fc.assert(
      fc.property(trees, (tree) => {
        const text = printExpression(tree);
        fc.pre(text.length <= 200);
        const parsed = parseExpression(text, limits);
        // What is too large is refused, never read as something else.
        return isRejection(parsed)
          ? parsed.reason === 'statement_too_long'
          : printExpression(parsed) === text && canonicalKey(parsed) === canonicalKey(tree);
      }),
      { numRuns: 2000 },
    );
  });

  it('is understood in the notations of people, LaTeX and Unicode', () => {
    const same = [
      '163 * 856',
      '163 × 856',
      '163x856',
      '163 \\times 856',
      '163·856',
      '163 \\cdot 856',
      '$163 * 856$',
      '0163*856',
    ];
    assert.deepEqual([...new Set(same.map((text) => printExpression(parse(text))))], ['163 * 856']);
    assert.equal(reasonOf('1,234 − 34'), '1200');
    assert.equal(reasonOf('\\frac{84}{4} \\div 3'), '7');
    assert.equal(reasonOf('2**3**2'), '512');
    assert.equal(reasonOf('5(3 + 4)'), '35');
    assert.equal(printExpression(parse('5--3')), '5 - (-3)');
    assert.equal(reasonOf('384 / (52 x 2) + 7^3 - 111'), rationalText(rational(384n, 104n).add(232)));
  });

  it('is rejected with the reason', () => {
    const table: Record<string, string[]> = {
      malformed: [
        '',
        '5 3',
        '5 +',
        '* 5',
        '5//2',
        '5 /* 2',
        '-2^2',
        '2^(1/2)',
        'a + 1',
        '5; 6',
        'alert(1)',
        '0x10 + 1',
        '1e9 + 1',
        '07.5.1',
        '5 = 5',
        '2 ? 3 : 4',
        '1 < 2',
      ],
      unbalanced_brackets: ['(3 + 4', '3 + 4)', ')3 + 4(', '((3)'],
      other_digits: ['٣ + ٤', '３ + ４', '३ + ४'],
      division_by_zero: ['5 / 0', '5 / (3 - 3)', '0 ^ 0', '0 ^ (0 - 1)'],
      numbers_too_large: [
        '1234567 + 1',
        '9 ^ 9 ^ 9 ^ 9',
        '999999 ^ 999999',
        '2 ^ 999',
        '(1/3) ^ 99',
        '9 ^ 9 ^ 9 - 9 ^ 9 ^ 9',
      ],
      statement_too_long: ['9'.repeat(201), '(1+'.repeat(60), '1+'.repeat(40) + '1'],
    };
    for (const [reason, texts] of Object.entries(table)) {
      for (const text of texts) {
        assert.equal(reasonOf(text), reason, text.slice(0, 30));
      }
    }
  });

  it('of a million digits, or with huge powers, is rejected in microseconds and never computed', () => {
    for (const text of ['9'.repeat(1_000_000), '999999^999999', '9^9^9^9^9^9^9', '('.repeat(1_000_000)]) {
      reasonOf(text);
      const started = performance.now();
      for (let i = 0; i < 200; i++) {
        reasonOf(text);
      }
      assert.ok((performance.now() - started) / 200 < 1, text.slice(0, 20));
    }
  });

  it('has one key in every order of its summands and factors', () => {
    const key = (text: string): string => canonicalKey(parse(text));
    assert.equal(key('12 * 7'), key('7 * 12'));
    assert.equal(key('3 + 4 * 5 - 2'), key('5 * 4 - 2 + 3'));
    assert.equal(key('(3 + 4) + 5'), key('5 + (4 + 3)'));
    assert.equal(key('12 / 3 * 5'), key('5 * 12 / 3'));
    assert.equal(key('07 + 1.0'), key('1 + 7'));
    const different = ['12 - 7', '7 - 12', '12 / 7', '7 / 12', '12 + 7', '12 * 7', '12 ^ 7', '7 ^ 12'].map(key);
    assert.equal(new Set(different).size, different.length);
  });
});
