import assert from 'node:assert/strict';
import { exampleMetrics, exampleRun } from '../../test/support/run-examples.ts';
import type { Stage } from '../protocol/stages.ts';
import { createRunView } from './run-view.ts';

/** A view on a clock that moves by a second with each stage; what it said, and its last status. */
function watch(options = {}) {
  let seconds = 0;
  const lines: string[] = [];
  const told = { lines, status: '' };
  const output = {
    isTerminal: true,
    line: (text: string) => void lines.push(text),
    status: (text: string) => void (told.status = text),
    clear: () => undefined,
  };
  const view = createRunView(exampleRun(), output, () => 1000 * seconds, options);
  const stages = (step: number, ...names: Stage[]): void =>
    names.forEach((stage) => {
      seconds++;
      view.show({ type: 'stage', step, stage, done: 0, total: 0 });
    });
  return { view, told, stages };
}

describe('the view of a run', () => {
  it('counts the time of a step from its first round on', () => {
    const { view, told, stages } = watch();
    stages(1, 'propose', 'verify', 'solve', 'judge', 'update');
    view.show({ type: 'metrics', metrics: { ...exampleMetrics(1), seconds: { propose: 10 } } });
    stages(2, 'propose', 'verify', 'solve', 'judge');
    assert.match(told.status, /17 s left/);
    stages(2, 'propose');
    assert.match(told.status, /16 s left/);
  });

  it('says once why other precisions are computed than the settings say', () => {
    const { view, told } = watch();
    const used = { samplerPrecision: 'strict', trainPrecision: 'exact' };
    view.show({ type: 'state', run: { ...exampleRun(), precisions: used } });
    assert.equal(told.lines.length, 0);
    const run = { ...exampleRun(), precisions: { ...used, reason: 'Integer products saturate.' } };
    view.show({ type: 'state', run });
    view.show({ type: 'state', run });
    assert.equal(told.lines.length, 1);
    assert.match(told.lines[0] ?? '', /Integer products saturate\.$/);
  });

  it('keeps to one line for each step where it is to be brief', () => {
    const lines = [{ brief: true }, {}].map((options) => {
      const { view, told, stages } = watch(options);
      stages(1, 'propose');
      view.show({ type: 'proposal', step: 1, id: 'p', statement: 'Add two numbers.' });
      stages(1, 'verify', 'solve');
      view.show({ type: 'metrics', metrics: exampleMetrics(1) });
      return told.lines;
    });
    assert.equal(lines[0]?.length, 1);
    assert.match(String(lines[0]), /step 1/);
    assert.ok((lines[1]?.length ?? 0) > 1);
  });

  it('tells of questions that the update skips', () => {
    const { view, told } = watch();
    view.show({ type: 'metrics', metrics: exampleMetrics(1) });
    view.show({ type: 'metrics', metrics: { ...exampleMetrics(2), skipped: 3 } });
    const [usual, dynamic] = told.lines;
    assert.doesNotMatch(usual ?? '', /skipped/);
    assert.match(dynamic ?? '', /3 skipped in the update/);
  });

  it('tells when an alarm is raised and when its condition is over', () => {
    const { view, told } = watch();
    const alarm = { type: 'alarm', step: 2, name: 'no_signal', message: 'Nothing to learn from.' } as const;
    view.show({ ...alarm, change: 'raised' });
    view.show({ ...alarm, change: 'cleared', step: 5 });
    assert.match(told.lines[0] ?? '', /! ?.*Nothing to learn from/);
    assert.match(told.lines[1] ?? '', /No longer: Nothing to learn from/);
  });
});
