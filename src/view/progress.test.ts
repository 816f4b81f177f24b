import assert from 'node:assert/strict';
import type { QueuePlace, ShownProgress, ShownState } from '../protocol/run-state.ts';
import type { RunRecord } from '../protocol/records.ts';
import { runView } from './dashboard-model.ts';
import { exampleRun } from './example-records.ts';
import { queueText, shownProgress, stageText, stateText, stepCount, stepText } from './progress.ts';
import { runCell, runRow } from './run-table.ts';
import { english } from './translate.ts';

function progress(state: ShownState, given: Partial<RunRecord> = {}, queued?: QueuePlace): ShownProgress {
  return shownProgress({ run: exampleRun({ step: 1, steps: 6, ...given }), state, queued });
}

function said(shown: ShownProgress): [state: string, step: string, count: string] {
  return [stateText(english, shown), stepText(english, shown), stepCount(shown)];
}

describe('how far a run is', () => {
  it('is the step in progress while it works, and the last that was finished after that', () => {
    assert.deepEqual(said(progress('running')), ['running', 'step 2 of 6', '2/6']);
    assert.deepEqual(said(progress('running', { step: 6 })), ['running', 'step 6 of 6', '6/6']);
    assert.deepEqual(said(progress('paused')), ['paused', 'step 2 of 6', '2/6']);
    assert.deepEqual(said(progress('interrupted')), ['interrupted', 'step 1 of 6', '1/6']);
  });

  it('names the steps that make questions and train nothing', () => {
    const config = { questionsBeforehand: 2 };
    assert.equal(said(progress('running', { config }))[1], 'step 2 of 6, making questions to train on later');
    assert.equal(said(progress('running', { config, step: 2 }))[1], 'step 3 of 6');
    assert.equal(said(progress('stopped', { config }))[1], 'step 1 of 6');
  });

  it('is no step of a run that waits, which says for what', () => {
    const config = { runWhen: '22:00-07:00' };
    const done = ['1 of 6 steps done', '1/6'];
    assert.deepEqual(said(progress('paused', { held: 'battery' })), ['waits for mains power', ...done]);
    assert.deepEqual(said(progress('paused', { held: 'hours', config })), [
      'waits for its hours, 22:00-07:00',
      ...done,
    ]);
    assert.deepEqual(said(progress('interrupted', {}, 'behind')), ['waits for the run before it', ...done]);
  });

  it('is told as ever once it does not wait any more', () => {
    assert.equal(stateText(english, progress('stopped', { held: 'hours' })), 'stopped');
    assert.equal(stateText(english, progress('paused', { held: null })), 'paused');
    assert.equal(stateText(english, progress('interrupted', {}, 'next')), 'interrupted');
  });

  it('is the same on the dashboard and in the table of runs', () => {
    const run = exampleRun({ state: 'paused', held: 'battery' });
    const facts = { dir: '/runs/r', name: 'Coding', state: 'paused', run, evaluations: [] } as const;
    const row = runRow(english, { ...facts, bytes: 0, tags: [], note: '' });
    assert.deepEqual(said(runView({ ...facts, metrics: [] })), said(row));
    assert.equal(runCell(english, row, 'state', 'en'), 'waits for mains power');
    assert.equal(runCell(english, row, 'steps', 'en'), '0/6');
  });

  it('says of a run that has not been begun whether another one has to end first', () => {
    assert.equal(queueText(english, 'behind'), 'waits for the run before it');
    assert.equal(queueText(english, 'next'), 'in the queue');
  });

  it('shows bytes and tokens as a share, and questions as a count', () => {
    assert.equal(
      stageText(english, { stage: 'load', done: 255_934_464, total: 709_355_520 }),
      'loading the model 36 %',
    );
    assert.equal(stageText(english, { stage: 'solve', done: 12, total: 64 }), 'solving 12/64');
    assert.equal(stageText(english, { stage: 'verify', done: 0, total: 0 }), 'verifying');
  });
});
