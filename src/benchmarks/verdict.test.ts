import assert from 'node:assert/strict';
import { exampleEvaluation } from '../../test/support/run-examples.ts';
import type { Evaluation, EvaluatedProblem } from '../protocol/records.ts';
import { figuresByPart, figuresOf } from './figures.ts';
import { verdictOf, verdictText } from './verdict.ts';

/** An evaluation whose problem i has these right answers of `samples`. */
function evaluationOf(rights: readonly number[], samples = 1): Evaluation {
  const problems: EvaluatedProblem[] = rights.map((right, i) => ({
    id: `p${i}`,
    answers: Array.from({ length: samples }, (_, sample) => ({
      ...{ score: Number(sample < right), mark: sample < right ? 'right' : 'wrong' },
      ...{ completion: '', answer: '', tokens: 1 },
    })),
  }));
  const temperature = samples === 1 ? 0 : 1;
  return { ...exampleEvaluation(0), samples, temperature, problems, ...figuresOf(problems, { samples, temperature }) };
}

const times = (count: number, value: number): number[] => Array.from({ length: count }, () => value);

describe('whether a model learned', () => {
  it('is clear where problems are won that chance alone would hardly win', () => {
    const before = evaluationOf([...times(30, 0), ...times(70, 1)]);
    const after = evaluationOf([...times(20, 1), ...times(10, 0), ...times(66, 1), ...times(4, 0)]);
    const verdict = verdictOf(before, after) ?? assert.fail();
    assert.equal(verdict.conclusion, 'better');
    assert.ok(Math.abs(verdict.difference - 0.16) < 1e-12 && verdict.interval[0] > 0.06 && verdict.interval[1] < 0.26);
    // McNemar's exact test of 20 against 4, by the binomial.
    assert.ok(Math.abs((verdict.p ?? 1) - 0.001544) < 1e-5);
    assert.match(verdictText(verdict, 100), /^It learned: \+16\.0 points, 95 % \+\d+\.\d to \+\d+\.\d, p = 0\.002;/);
    const worse = verdictOf(after, before) ?? assert.fail();
    assert.match(verdictText(worse, 100), /^It got worse: −16\.0 points/);
  });

  it('cannot be told from a few problems, and the size of a gain that could be is said', () => {
    const before = evaluationOf([...times(50, 0), ...times(46, 1)]);
    const after = evaluationOf([...times(5, 1), ...times(45, 0), ...times(43, 1), ...times(3, 0)]);
    const verdict = verdictOf(before, after) ?? assert.fail();
    assert.equal(verdict.conclusion, 'unclear');
    assert.match(verdictText(verdict, 96), /cannot be told: \+2\.1 points, .*; 96 questions would show a gain of about 8 points/); // prettier-ignore
    const same = verdictOf(before, before) ?? assert.fail();
    assert.match(verdictText(same, 96), /the same problems are solved as before/);
  });

  it('is told by a paired bootstrap where problems have several answers', () => {
    const before = evaluationOf([...times(100, 1), ...times(100, 2)], 4);
    const after = evaluationOf([...times(60, 2), ...times(40, 1), ...times(90, 2), ...times(10, 1)], 4);
    const verdict = verdictOf(before, after) ?? assert.fail();
    assert.deepEqual([verdict.conclusion, verdict.p], ['better', undefined]);
    assert.ok(Math.abs(verdict.difference - 50 / 800) < 1e-12);
  });

  it('is not told of evaluations of different questions', () => {
    const before = evaluationOf([1, 0]);
    assert.equal(verdictOf(before, evaluationOf([1, 0, 1])), undefined);
    assert.equal(verdictOf(before, { ...before, questionsHash: 'other' }), undefined);
    assert.ok(verdictOf({ ...before, questionsHash: '' }, before));
  });
});

describe('figures by part', () => {
  it('are of each difficulty, easiest first, and of each tag that is none, most frequent first', () => {
    const problem = (id: string, right: boolean, ...tags: string[]): EvaluatedProblem => ({
      ...{ id, tags, difficulty: tags[0] ?? '' },
      answers: [{ score: 0, mark: right ? 'right' : 'wrong', completion: '', answer: '', tokens: 1 }],
    });
    const { difficulties, tags } = figuresByPart([
      problem('a', false, 'hard', 'strings'),
      problem('b', true, 'easy', 'arrays', 'strings'),
      problem('c', false, 'easy', 'strings'),
    ]);
    const shown = (parts: typeof tags): unknown[] => parts.map(({ name, total, accuracy }) => [name, total, accuracy]);
    assert.deepEqual(shown(difficulties), [['easy', 2, 0.5], ['hard', 1, 0]]); // prettier-ignore
    assert.deepEqual(shown(tags), [['strings', 3, 1 / 3], ['arrays', 1, 1]]); // prettier-ignore
  });
});
