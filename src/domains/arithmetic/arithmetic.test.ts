import assert from 'node:assert/strict';
import fc from 'fast-check';
import { domainSettings } from '../settings.ts';
import { defaultsOf } from '../../base/setting.ts';
import { isRejection } from '../domain.ts';
import { evaluateExpression } from '../evaluate.ts';
import { type Expression, operators, parseExpression, partsOf } from '../expression.ts';
import { rational, rationalText } from '../rational.ts';
import { arithmeticDomain, type ArithmeticOptions } from './arithmetic.ts';
import { arithmeticForms } from './forms.ts';

const options: ArithmeticOptions = {
  ...defaultsOf(domainSettings.arithmetic.settings, 'quick'),
  operators: '+-*/^',
  model: 'qwen2.5-coder-0.5b',
};
const domain = arithmeticDomain(options);
const paper = arithmeticDomain({ ...options, label: 'majority' });

/** Statement of what a proposal becomes, or the reason of its rejection. */
async function propose(text: string, asked = domain): Promise<string> {
  const draft = asked.proposer.parse(text, 0);
  const [result] = isRejection(draft) ? [draft] : await asked.proposer.verify([{ id: 'q', draft }]);
  return result && isRejection(result) ? result.reason : (result?.statement ?? assert.fail());
}

const question = (expression: string) => domain.read({ expression }, 'q');
const direct = (values: readonly (string | number)[]) => values.map((value) => `<answer>${value}`);

describe('grading arithmetic', () => {
  it('gives right answers in every spelling right and wrong answers wrong, for 10,000 expressions', async () => {
    const number = fc.bigInt(0n, 99_999n);
    await fc.assert(
      fc.asyncProperty(number, number, fc.bigInt(1n, 999n), fc.constantFrom(0, 1, 2, 3), async (a, b, c, kind) => {
        const texts = [`${a} + ${b} * ${c}`, `${a} - ${b}`, `(${a} + ${b}) / ${c} + 1`, `${c} ^ 2 * ${a} - ${b}`];
        const [n, d] = [
          [a + b * c, 1n],
          [a - b, 1n],
          [a + b + c, c],
          [c * c * a - b, 1n],
        ][kind] as [bigint, bigint];
        const asked = question(texts[kind] ?? '');
        const mark = async (answer: string) => (await domain.grade(asked, answer))?.mark;
        const sign = n < 0n ? '-' : '';
        const size = n < 0n ? -n : n;
        const right = [
          `<answer>${n}/${d}</answer>`,
          `${texts[kind]} = ${rationalText(rational(n, d))}`,
          `so \\boxed{1}, no, \\boxed{${sign}\\frac{${2n * size}}{${2n * d}}}`,
          ...(d === 1n
            ? [`<answer>${sign}0${size}.0</answer>`, `<answer>${sign}${size.toLocaleString('en')} apples`]
            : []),
          `<think>0</think><answer>${n < 0n ? '−' : '+'}${size}/${d}</answer>`,
        ];
        const wrong = [`<answer>${n + d}/${d}</answer>`, `<answer>${n - d}/${d}</answer>`, `${n} = ${n + d}/${d}`];
        for (const answer of right) {
          assert.equal(await mark(answer), 'right', answer);
        }
        for (const answer of wrong) {
          assert.equal(await mark(answer), 'wrong', answer);
        }
        assert.equal(await mark('<answer>many</answer>'), 'unparsable');
      }),
      { numRuns: 10_000 },
    );
  }).timeout(120_000);

  it('takes no repetition of the question for an answer', async () => {
    assert.equal((await domain.grade(question('14 / 2'), '<answer>14/2'))?.mark, 'unparsable');
    assert.equal((await domain.grade(question('14 / 2'), '<answer>28/4'))?.mark, 'right');
    assert.equal((await domain.grade(question('163 * 856'), '<answer>163 * 856'))?.mark, 'unparsable');
  });

  it('tells the true value', async () => {
    const grade = await domain.grade(question('163 * 856'), '<answer>139,528</answer>');
    assert.deepEqual(grade, {
      mark: 'right',
      reward: 1,
      answer: '139,528',
      detail: { kind: 'value', expected: '139528' },
    });
  });
});

describe('rewards of arithmetic', () => {
  it('follow the majority of one form as in the paper, where equal values are one', async () => {
    const { grades, label } = await paper.reward(question('3 + 4'), [direct(['7', '07', '7.0', '8'])]);
    assert.deepEqual(
      grades[0]?.map(({ reward }) => reward),
      [1, 1, 1, 0],
    );
    assert.deepEqual(label, { value: '7', majorityRatio: 0.75, correct: true });
    const different = await paper.reward(question('3 + 4'), [direct([1, 2, 3, 4])]);
    assert.deepEqual(
      different.grades[0]?.map(({ reward }) => reward),
      [0, 0, 0, 0],
    );
  });

  it('follow the agreement of two forms, each read in its own way', async () => {
    const asked = question('21 - 75');
    assert.deepEqual(
      domain.solver.prompts(asked).map(({ messages }) => messages.at(-1)?.content.split('\n').at(-1)),
      ['21 - 75', '75 - 21'],
    );
    const { grades, label } = await domain.reward(asked, [direct([-54, 54, 54, 54]), direct([54, 54, 54, 44])]);
    assert.equal(label?.value, '-54');
    assert.deepEqual(
      grades.map((form) => form.map(({ reward }) => reward)),
      [
        [1, 0, 0, 0],
        [1, 1, 1, 0],
      ],
    );
  });

  it('do not depend on the truth, which is recorded alone', async () => {
    const { grades, label } = await domain.reward(question('12 * 13'), [
      direct([166, 166, 156]),
      direct([178, 13, 14]),
    ]);
    assert.deepEqual(
      grades.flat().map(({ reward }) => reward),
      [1, 1, 0, 1, 0, 0],
    );
    assert.equal(label?.correct, false);
    assert.deepEqual(
      grades.flat().map(({ detail }) => detail?.kind === 'vote' && detail.correct),
      [false, false, true, false, false, false],
    );
  });

  it('follow the truth in the control that is labelled with it, in the forms of agreement', async () => {
    const labelled = arithmeticDomain({ ...options, label: 'truth' });
    const asked = question('12 * 13');
    assert.equal(labelled.solver.prompts(asked).length, 2);
    const { grades, label } = await labelled.reward(asked, [direct([166, 166, 156]), direct([166, 1, 2])]);
    assert.deepEqual(
      grades.flat().map(({ reward }) => reward),
      [0, 0, 1, 0, 0, 0],
    );
    assert.deepEqual([label?.value, label?.correct], ['156', true]);
  });

  it('are none for a model that copies what it reads, and the copies are counted', async () => {
    const { grades, label } = await domain.reward(question('276 * 195'), [
      direct([195, 195, 195, 195]),
      direct([196, 196, 196, 276]),
    ]);
    assert.equal(label?.value, null);
    assert.ok(grades.flat().every(({ reward, detail }) => reward === 0 && detail?.kind === 'vote' && detail.copied));
  });
});

describe('forms of an expression', () => {
  it('give back its exact value', () => {
    const leaf = fc.integer({ min: 1, max: 999 });
    const operator = fc.constantFrom(...operators.filter((each) => each !== '^'));
    const text = fc.oneof(
      fc.tuple(leaf, operator, leaf).map(([a, o, b]) => `${a} ${o} ${b}`),
      fc.tuple(leaf, operator, leaf, operator, leaf).map(([a, o, b, p, c]) => `${a} ${o} ${b} ${p} ${c}`),
      fc.tuple(leaf, operator, leaf, operator, leaf).map(([a, o, b, p, c]) => `${a} ${o} (${b} ${p} ${c})`),
      fc.nat(30).map((a) => `${a} ^ 3`),
      leaf.map((a) => `${a} * ${a}`),
    );
    fc.assert(
      fc.property(text, (written) => {
        const parse = (each: string): Expression => {
          const parsed = parseExpression(each, { digits: 9, unknowns: false });
          return isRejection(parsed) ? assert.fail(`${each}: ${parsed.detail}`) : parsed;
        };
        const expression = parse(written);
        const value = evaluateExpression(expression);
        fc.pre(!isRejection(value));
        const forms = arithmeticForms(expression, (statement) => ({
          messages: [{ role: 'user', content: statement }],
        }));
        assert.equal(forms.length, 2);
        assert.notEqual(forms[0]?.statement, forms[1]?.statement);
        for (const { statement, restore } of forms) {
          const formValue = evaluateExpression(parse(statement));
          assert.ok(!isRejection(formValue) && !isRejection(value));
          assert.ok(restore(formValue)?.equals(value), statement);
          // Another value of the form is another value of the question.
          assert.ok(!restore(formValue.add(1))?.equals(value), statement);
        }
      }),
      { numRuns: 3000 },
    );
  });

  it('change the digits that are worked with, so that an error made in one order is not made in the other, too', () => {
    const second = (expression: string) =>
      domain.solver.prompts(question(expression)).at(1)?.messages.at(-1)?.content.split('\n').at(-1);
    assert.equal(second('185 + 45'), '50 + 180');
    assert.equal(second('3 + 45'), '10 + 38');
    assert.equal(second('3 + 4'), '4 + 3');
    assert.equal(second('45 + 50'), '57 + 38');
    assert.equal(second('924 - 28'), '926 - 30');
    assert.equal(second('28 - 924'), '924 - 28');
    assert.equal(second('80 * 40'), '41 * 80');
    assert.equal(second('2 + 3 * 4'), '4 * 3 + 2');
  });

  it('are asked as one question each, at once or by a working that the prompt begins', () => {
    const prefills = (model: string, expression: string) =>
      arithmeticDomain({ ...options, model })
        .solver.prompts(question(expression))
        .map(({ prefill }) => prefill);
    assert.deepEqual(prefills('a-0.5b', '163 * 856'), ['<answer>', '<answer>']);
    assert.deepEqual(prefills('a-1.5b', '163 * 856'), ['163 * 856 = 163 *', '857 * 163 = 857 *']);
    assert.deepEqual(prefills('a-1.5b', '905 * 6'), ['905 * 6 = 900 *', '7 * 905 = 7 *']);
    assert.deepEqual(prefills('a-1.5b', '7 * 30'), ['7 * 30 =', '31 * 7 = 30 *']);
    assert.deepEqual(prefills('a-1.5b', '358 - 129'), ['358 - 129 =', '359 - 130 =']);
    assert.equal(
      arithmeticDomain({ ...options, answerForm: 'think' }).solver.prompts(question('3 + 4'))[0]?.prefill,
      undefined,
    );
  });
});

describe('proposals of arithmetic', () => {
  it('become questions where they are expressions', async () => {
    const table: [string, string][] = [
      ['Problem: 58 * 391', '58 * 391'],
      ['Problem: What is 37 multiplied by 553?', '37 * 553'],
      ['Problem: 58 × 391 =\nanything', '58 * 391'],
      ['Problem: 12 - 94.', '12 - 94'],
      ['384 / (52 x 2) + 7^3 - 111', '384 / (52 * 2) + 7 ^ 3 - 111'],
      ['Calculate the value of \\frac{84}{4} + 3', '84 / 4 + 3'],
    ];
    for (const [proposal, statement] of table) {
      assert.equal(await propose(proposal), statement, proposal);
    }
  });

  it('are rejected with the reason', async () => {
    const table: Record<string, string[]> = {
      malformed: ['Problem: 5 3', 'Problem: What is the sum of two numbers?', 'Problem: x + 1'],
      too_short: ['Problem:  ', ''],
      contains_solution: [
        'Problem: 12 * 7 = 84',
        'Problem: 12 * 7 <answer>84</answer>',
        '<think>5 + 5</think>',
        '\\boxed{3} + 4',
      ],
      unbalanced_brackets: ['Problem: (3 + 4'],
      other_digits: ['Problem: ٣ + ٤'],
      division_by_zero: ['Problem: 5 / (3 - 3)'],
      numbers_too_large: ['Problem: 4079 * 443', 'Problem: 999 ^ 999', 'Problem: 9 ^ 9 ^ 9'],
      statement_too_long: [`Problem: ${'9'.repeat(1_000_000)}`, 'Problem: 1 + 2 + 3 + 4 + 5 + 6 + 7 + 8 + 9'],
      trivial: ['Problem: 5 * 1', 'Problem: 7 + 0', 'Problem: 42', 'Problem: 8 - 8', 'Problem: 846 / 7', 'Problem: -5'],
    };
    for (const [reason, proposals] of Object.entries(table)) {
      for (const proposal of proposals) {
        assert.equal(await propose(proposal), reason, proposal.slice(0, 40));
      }
    }
    assert.equal(await propose('Problem: 12 / 4', arithmeticDomain({ ...options, operators: '+-*' })), 'off_topic');
  });

  it('that differ in the order of operands are one question', () => {
    const key = (expression: string) => domain.proposer.fingerprint(question(expression)).key;
    assert.equal(key('12 * 7'), key('7 * 12'));
    assert.notEqual(key('12 - 7'), key('7 - 12'));
    assert.equal(domain.proposer.fingerprint(question('12 * 7')).text, undefined);
  });

  it('are asked for with long numbers more often where the settings say so', () => {
    const shareOfLongest = (sizes: 'uniform' | 'long'): number => {
      const asked = arithmeticDomain({ ...options, operators: '*', sizes });
      const contents = Array.from(
        { length: 2000 },
        (_, variant) => asked.proposer.prompt(variant).messages[0]?.content,
      );
      const longest = contents.filter((content) => content?.includes('a three-digit number and a three-digit number'));
      return longest.length / contents.length;
    };
    // 1 of 9 pairs of sizes; and 81 of 196 by the squares of 1, 2, 2, 3, 3, 4, 6, 6 and 9.
    assert.ok(Math.abs(shareOfLongest('uniform') - 1 / 9) < 0.03);
    assert.ok(Math.abs(shareOfLongest('long') - 81 / 196) < 0.05);
  });

  it('are asked for by sizes and operators of the settings, alike for equal variants', () => {
    const few = arithmeticDomain({ ...options, operators: '*', digits: 2 });
    const contents = Array.from(
      { length: 50 },
      (_, variant) => few.proposer.prompt(variant * 7919).messages[0]?.content ?? '',
    );
    assert.ok(
      contents.every((content) => /multiplication of a (one|two)-digit number and a (one|two)-digit/.test(content)),
    );
    assert.ok(new Set(contents).size > 40);
    assert.deepEqual(few.proposer.prompt(3), few.proposer.prompt(3));
    for (let variant = 0; variant < 200; variant++) {
      const shown = domain.proposer.prompt(variant).messages[0]?.content.match(/(?<=Problem: ).*/g) ?? [];
      assert.equal(shown.length, 3);
      for (const problem of shown) {
        const parsed = parseExpression(problem, { digits: 3, unknowns: false });
        assert.ok(!isRejection(parsed) && partsOf(parsed).length === 3, problem);
      }
    }
    assert.throws(() => arithmeticDomain({ ...options, operators: '+%' }), { boundary: 'usage' });
    assert.throws(() => arithmeticDomain({ ...options, operators: '' }), { boundary: 'usage' });
  });
});

describe('rows of arithmetic', () => {
  it('are expressions, or questions with answers', async () => {
    assert.equal(domain.read({ expression: '163 x 856' }, 'q').statement, '163 * 856');
    assert.equal(domain.read({ question: 'What is 12 times 7?', answer: '84' }, 'q').statement, '12 * 7');
    const word = domain.read({ question: 'Ann has 3 bags of 24 pens. How many?', answer: '3 * 24 = 72\n#### 72' }, 'q');
    assert.equal((await domain.grade(word, '<answer>72 pens</answer>'))?.mark, 'right');
    assert.equal((await domain.grade(word, '<answer>71</answer>'))?.mark, 'wrong');
    assert.equal(domain.solver.prompts(word).length, 1);
    assert.deepEqual(domain.content.parse(JSON.parse(JSON.stringify(word.content))), word.content);
  });

  it('are refused where the answer is not the value', () => {
    const refused: [unknown, RegExp][] = [
      [{ expression: '12 * 7', answer: 85 }, /answer 85 is not the value 84/],
      [{ question: '12 * 7 = ?', answer: 'so it is #### 85' }, /not the value/],
      [{ expression: '12 *' }, /not an expression/],
      [{ expression: '5 / 0' }, /zero/],
      [{ question: 'How many?', answer: 'many' }, /not a number/],
      [{ question: 'How many?' }, /./],
      [7, /./],
    ];
    for (const [row, message] of refused) {
      assert.throws(() => domain.read(row, 'q'), message);
    }
  });
});
