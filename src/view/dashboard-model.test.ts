import assert from 'node:assert/strict';
import { feedOf, runView } from './dashboard-model.ts';
import { exampleEvaluation, exampleMetrics, exampleRun, exampleStep } from './example-records.ts';
import { seriesNames } from './messages.ts';

const run = exampleRun({ step: 20, steps: 60 });
const facts = { dir: '/runs/r', name: 'Coding', state: 'running', run, evaluations: [] } as const;
const steps = (count: number): ReturnType<typeof exampleMetrics>[] =>
  Array.from({ length: count }, (_, i) => exampleMetrics(i + 1));

describe('what the dashboard shows of a run', () => {
  it('has every curve, without points where there was no value', () => {
    const view = runView({ ...facts, metrics: [exampleMetrics(1), exampleMetrics(2, { diversity: null })] });
    assert.deepEqual(Object.keys(view.series).sort(), [...seriesNames].sort());
    assert.deepEqual(view.series['solver.reward'], [[1, 0.4], [2, 0.4]]); // prettier-ignore
    assert.deepEqual(view.series.diversity, [[1, 0.8]]);
    assert.deepEqual(view.series.valid_share[0], [1, 16 / 24]);
  });

  it('tells the time left from the latest steps', () => {
    const slow = exampleMetrics(1, { seconds: { propose: 1000 } });
    const view = runView({ ...facts, metrics: [slow, ...steps(10)] });
    assert.ok(Math.abs((view.secondsPerStep ?? 0) - 36.1) < 1e-9);
    assert.ok(Math.abs((view.secondsLeft ?? 0) - 40 * 36.1) < 1e-9);
  });

  it('says nothing of time, difficulty and proposals before the first step', () => {
    const view = runView({ ...facts, metrics: [] });
    assert.equal(view.secondsLeft, undefined);
    assert.equal(view.difficulty, undefined);
    assert.deepEqual(view.proposals, { steps: 0, accepted: 0, rejected: [] });
    assert.deepEqual(view.stageTimes.rows, []);
  });

  it('names another trainer, by which the run is neither resumed nor steered', () => {
    assert.equal(runView({ ...facts, metrics: [] }).trainer, undefined);
    const elsewhere = { ...run, trainer: 'verl 0.9.1' };
    assert.equal(runView({ ...facts, run: elsewhere, metrics: [] }).trainer, 'verl 0.9.1');
  });

  it('sums reasons of rejection over the latest ten steps, most frequent first', () => {
    const view = runView({ ...facts, metrics: steps(25) });
    assert.deepEqual(view.proposals, { steps: 10, accepted: 160, rejected: [['malformed', 60], ['near-duplicate', 20]] }); // prettier-ignore
  });

  it('tells what unsafe proposals were about, where that was recorded', () => {
    const { quality } = exampleMetrics(1);
    assert.ok(quality);
    const rejected = { unsafe: 3, malformed: 1 };
    const told = exampleMetrics(1, { rejected, quality: { ...quality, unsafe_reasons: { weapons: 2, judge: 1 } } });
    const untold = exampleMetrics(2, { rejected: { unsafe: 1 } });
    assert.deepEqual(runView({ ...facts, metrics: [told, untold] }).proposals.rejected, [
      ['unsafe.weapons', 2],
      ['unsafe.judge', 1],
      ['malformed', 1],
      ['unsafe', 1],
    ]);
  });

  it('takes the difficulty of the latest step that had questions', () => {
    const view = runView({ ...facts, metrics: [exampleMetrics(1), exampleMetrics(2, { difficulty: [0, 0, 0] })] });
    assert.deepEqual(view.difficulty, { step: 1, counts: [4, 3, 4, 3, 2] });
  });

  it('stays small however long the run is', () => {
    const view = runView({ ...facts, metrics: steps(10_000) });
    assert.ok(JSON.stringify(view).length < 300_000);
    assert.equal(view.stageTimes.rows.length, 60);
    assert.ok(view.series['solver.reward'].length <= 400);
  });

  it('passes evaluations on without the answers', () => {
    const [evaluation] = runView({ ...facts, metrics: [], evaluations: [exampleEvaluation(0, 7)] }).evaluations;
    assert.equal(evaluation?.solved, 7);
    assert.ok(!JSON.stringify(evaluation).includes('completion'));
  });
});

describe('the list of latest problems', () => {
  const lines = exampleStep(3, [
    { id: 'q0', statement: 'Sum the numbers.', answers: ['AC AC', 'AC WA'] },
    { id: 'q1', statement: 'Again.', answers: [], rejection: 'near-duplicate' },
  ]);

  it('shows accepted ones with the verdicts of each answer and rejected ones with their reason', () => {
    const [first, second] = feedOf(3, lines);
    assert.deepEqual(first?.strip, [['passed', 'passed'], ['passed', 'failed']]); // prettier-ignore
    assert.deepEqual(first.answers, [
      { mark: 'right', verdict: 'AC' },
      { mark: 'partial', verdict: 'WA' },
    ]);
    assert.equal(first.title, 'Sum the numbers');
    assert.equal(second?.rejection, 'near-duplicate');
    assert.deepEqual(second.strip, []);
  });
});
