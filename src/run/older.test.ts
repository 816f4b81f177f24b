import assert from 'node:assert/strict';
import { exampleRun } from '../../test/support/run-examples.ts';
import { Evaluation, RunRecord } from '../protocol/records.ts';
import { currentEvaluation, currentRun } from './older.ts';

describe('what older versions wrote', () => {
  it('of alarms, one for every step, is read as conditions that lasted', () => {
    const entry = (step: number, name: string) => ({ step, name, message: `${name} in ${step}` });
    const alarms = [entry(2, 'clipped'), entry(3, 'clipped'), entry(4, 'no_signal'), entry(7, 'clipped'), entry(8, 'clipped')]; // prettier-ignore
    const run = RunRecord.parse(currentRun({ ...exampleRun(), step: 8, alarms }));
    assert.deepEqual(run.alarms, [
      { name: 'no_signal', message: 'no_signal in 4', since: 4, last: 4, cleared: 5 },
      { name: 'clipped', message: 'clipped in 8', since: 7, last: 8 },
    ]);
  });

  it('passes the alarms of today unchanged', () => {
    const run = { ...exampleRun(), alarms: [{ name: 'a', message: 'b', since: 1, last: 2, cleared: 3 }] };
    assert.equal(currentRun(run), run);
  });

  const stored = {
    ...{ benchmark: 'multiplication (test)', domain: 'arithmetic', step: 4, model: 'm', modelHash: 'h', adapter: null },
    ...{ total: 3, solved: 1, accuracy: 1 / 3, interval: [0.1, 0.7], meanScore: 1 / 3, seconds: 2, time: 't' },
    problems: [
      { id: 'a', score: 1, mark: 'right', expected: '6', completion: ' 6', answer: '6', tokens: 2 },
      { id: 'b', score: 0, mark: 'wrong', expected: '8', completion: ' 7', answer: '7', tokens: 2 },
      { id: 'c', score: 0, mark: 'unparsable', expected: '9', completion: ' ?', answer: '', tokens: 1 },
    ],
  };

  it('of an evaluation, one greedy answer to each problem, is read as one sample', () => {
    const evaluation = Evaluation.parse(currentEvaluation(stored));
    const { benchmark, split, samples, temperature, precision, questionsHash, passAt } = evaluation;
    assert.deepEqual([benchmark, split, samples, temperature, precision], ['multiplication', 'test', 1, 0, 'exact']);
    assert.deepEqual([questionsHash, passAt, evaluation.problems.length], ['', undefined, 3]);
    assert.deepEqual(evaluation.problems[1], {
      ...{ id: 'b', expected: '8' },
      answers: [{ score: 0, mark: 'wrong', completion: ' 7', answer: '7', tokens: 2 }],
    });
    assert.ok(Math.abs(evaluation.referenceScore - 1.1 / 3) < 1e-12);
    assert.equal(currentEvaluation(evaluation), evaluation);
  });

  it('of an evaluation of coding without marks is marked by its verdicts', () => {
    const { domain: _, ...rest } = stored;
    const problem = { id: 'a', score: 0.5, verdict: 'WA', completion: 'x', answer: 'x', tokens: 3 };
    const evaluation = Evaluation.parse(currentEvaluation({ ...rest, benchmark: 'coding', problems: [problem] }));
    const { domain, split, referenceScore } = evaluation;
    assert.deepEqual([domain, split, referenceScore], ['coding', undefined, 0.5]);
    assert.deepEqual(
      evaluation.problems[0]?.answers.map(({ mark, verdict }) => [mark, verdict]),
      [['partial', 'WA']],
    );
  });
});
