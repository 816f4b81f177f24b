import assert from 'node:assert/strict';
import { electLabel, type LabelRule, type ReadAnswer, rewardByLabel } from './majority.ts';

/** `7 7 x 3`: values, x for an unparsable answer; forms are separated by `|`. */
const values = (text: string): (string | undefined)[][] =>
  text.split('|').map((form) =>
    form
      .trim()
      .split(' ')
      .map((value) => (value === 'x' ? undefined : value)),
  );

const elect = (text: string, rule: LabelRule, shown: string[] = []): string | null =>
  electLabel(values(text), { rule, shown: new Set(shown) });

const reward = (text: string, rule: LabelRule, truth?: string) => {
  const answers = values(text).map((form) => form.map((value): ReadAnswer => ({ text: value ?? '', value })));
  return rewardByLabel(answers, { rule, truth });
};

describe('a majority', () => {
  it('is the most frequent answer, if more than one gave it and nothing is as frequent', () => {
    const table: [string, string | null][] = [
      ['5 5 5 6', '5'],
      ['5 5 6 7', '5'],
      // Four different answers: a majority of one is none.
      ['1 2 3 4', null],
      // Of equals none is preferred.
      ['5 5 6 6', null],
      // Unparsable never wins, and where it is the most frequent, or as frequent, nothing does.
      ['x x x 5', null],
      ['x x 5 5', null],
      ['x x x x', null],
      ['x 5 5 5', '5'],
      ['x 1 2 3', null],
      ['5', null],
    ];
    for (const [answers, label] of table) {
      assert.equal(elect(answers, 'majority'), label, answers);
    }
  });

  it('rewards its answers with 1 and all others with 0', () => {
    const { grades, label } = reward('5 5 x 6', 'majority', '6');
    assert.deepEqual(
      grades[0]?.map((grade) => [grade.mark, grade.reward]),
      [
        ['right', 1],
        ['right', 1],
        ['unparsable', 0],
        ['wrong', 0],
      ],
    );
    assert.deepEqual(label, { value: '5', majorityRatio: 0.5, correct: false });
    assert.deepEqual(grades.flat()[3]?.detail, { kind: 'vote', label: '5', votes: 1, of: 4, correct: true });
  });

  it('that does not exist rewards nobody, whatever the truth is', () => {
    const { grades, label } = reward('1 2 3 4', 'majority', '2');
    assert.deepEqual(
      grades.flat().map((grade) => grade.reward),
      [0, 0, 0, 0],
    );
    assert.deepEqual(label, { value: null, majorityRatio: 0.25 });
  });
});

describe('an agreement', () => {
  it('is the value on which forms agree, given twice in one of them', () => {
    const table: [string, string | null][] = [
      ['5 5 6 7 | 5 8 9 x', '5'],
      // Once in each form is chance among so many wrong answers.
      ['5 1 2 3 | 5 4 6 7', null],
      // The majority of each form, and no value of both.
      ['5 5 5 5 | 6 6 6 6', null],
      ['5 5 5 6 | 6 6 6 5', null],
      ['5 5 5 6 | 6 6 7 5', '5'],
      ['5 5 5 5', null],
      ['x x x x | x x x x', null],
      ['5 5 x x | 5 x x x', '5'],
      // Two of three forms are enough.
      ['5 5 5 5 | 6 6 1 2 | 5 3 4 7', '5'],
    ];
    for (const [answers, label] of table) {
      assert.equal(elect(answers, 'agreement'), label, answers);
    }
  });

  it('is never about a number that the question shows', () => {
    assert.equal(elect('195 195 195 195 | 195 195 195 81', 'agreement', ['195', '276']), null);
    assert.equal(elect('195 81 81 195 | 195 195 195 81', 'agreement', ['195', '276']), '81');
    assert.equal(elect('195 195 195 195', 'majority', ['195', '276']), '195');
  });

  it('is measured between the most frequent values of the forms', () => {
    assert.equal(reward('5 5 6 7 | 5 5 9 x', 'agreement').label?.formAgreement, 1);
    assert.equal(reward('5 5 6 7 | 5 8 9 x', 'agreement').label?.formAgreement, 0);
    assert.equal(reward('5 5 6 7', 'agreement').label?.formAgreement, undefined);
    const [pairs] = [reward('5 5 | 5 5 | 6 6', 'agreement').label?.formAgreement];
    assert.ok(pairs !== undefined && Math.abs(pairs - 1 / 3) < 1e-9);
  });

  it('gives way to the computed truth where that is the label, even if nobody answered it', () => {
    const { grades, label } = reward('5 5 5 6 | 5 5 x 5', 'truth', '6');
    assert.deepEqual(
      grades.map((form) => form.map((grade) => grade.reward)),
      [
        [0, 0, 0, 1],
        [0, 0, 0, 0],
      ],
    );
    assert.deepEqual([label?.value, label?.correct], ['6', true]);
    assert.equal(reward('5 5 5 5', 'truth', '6').label?.value, '6');
    assert.equal(reward('5 5 5 5', 'truth').label?.value, null);
  });

  it('says of each answer whether it copies what the question shows', () => {
    const answers = [
      [
        { text: '195', value: '195' },
        { text: '', value: undefined },
      ],
      [{ text: '81', value: '81' }],
    ];
    const { grades } = rewardByLabel(answers, { rule: 'agreement', shown: new Set(['195']) });
    const copied = grades.flat().map(({ detail }) => (detail?.kind === 'vote' ? detail.copied : 'none'));
    assert.deepEqual(copied, [true, undefined, false]);
  });
});
