import assert from 'node:assert/strict';
import { stripVTControlCharacters } from 'node:util';
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
    clear: () => void (told.status = ''),
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

  it('says nothing of the time that is left before a step with questions was measured, or when it is over', () => {
    const { view, told, stages } = watch();
    const measured = { ...exampleMetrics(1), seconds: { propose: 1 } };
    stages(1, 'propose');
    view.show({ type: 'metrics', metrics: { ...measured, valid: 0 } });
    stages(2, 'propose');
    assert.doesNotMatch(told.status, /left/);
    view.show({ type: 'metrics', metrics: measured });
    stages(3, 'propose', 'verify', 'solve');
    stages(8, 'propose', 'verify', 'evaluate');
    assert.doesNotMatch(told.status, /left/);
  });

  it('says once in a step that the model is loaded, however often parts of it are', () => {
    const { told, stages } = watch();
    stages(0, 'load', 'evaluate', 'load', 'evaluate');
    assert.deepEqual(told.lines.map(stripVTControlCharacters), [
      'Loading the model …',
      'Held-out problems before training …',
    ]);
    stages(1, 'propose', 'load');
    assert.equal(told.lines.length, 3);
  });

  it('says of a run that waits what for, and no longer what it did before', () => {
    const { view, told, stages } = watch();
    stages(1, 'propose', 'solve');
    assert.match(told.status, /step 1/);
    view.show({ type: 'state', run: { ...exampleRun(), state: 'paused', held: 'battery' } });
    assert.equal(told.status, '');
    assert.deepEqual(told.lines.slice(-1).map(stripVTControlCharacters), ['Waits for mains power.']);
  });

  it('says what the search for functions found when it has ended', () => {
    const { view, told, stages } = watch();
    const search = { type: 'stage', step: 0, stage: 'search', total: 9 } as const;
    view.show({ ...search, done: 1, what: '1 of them can be used' });
    view.show({ ...search, done: 9, what: '7 functions of this folder can be used' });
    assert.equal(told.lines.length, 0);
    stages(0, 'load', 'evaluate');
    assert.equal(told.lines.filter((line) => line.includes('7 functions')).length, 1);
  });

  it('shows rejected proposals where fewer than half are questions', () => {
    const rejection = { reason: 'malformed', detail: 'It names no day.' };
    const other = { reason: 'malformed', detail: 'It is code.' };
    const lines = [1, 3].map((accepted) => {
      const { view, told, stages } = watch();
      stages(1, 'propose');
      for (let index = 0; index < accepted; index++) {
        view.show({ type: 'proposal', step: 1, id: `p${index}`, statement: 'Which day is 2 days after Monday?' });
      }
      view.show({
        type: 'proposal',
        step: 1,
        id: 'a',
        rejection,
        text: 'Which day is 2 days after\n\u001B[2Jyour choice',
      });
      view.show({ type: 'proposal', step: 1, id: 'b', rejection: other, text: '```js\n/**\n * Given 2 * 3' });
      stages(1, 'verify', 'solve');
      return told.lines.map(stripVTControlCharacters).slice(accepted);
    });
    assert.deepEqual(lines[0], [
      '  1 of 3 proposals are questions; answering them',
      '  rejected: malformed 2',
      '    It names no day. “Which day is 2 days after your choice”',
      '    It is code. “Given 2 * 3”',
    ]);
    assert.deepEqual(lines[1], ['  3 of 5 proposals are questions; answering them', '  rejected: malformed 2']);
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
