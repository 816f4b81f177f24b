import assert from 'node:assert/strict';
import { exampleRun } from '../../test/support/run-examples.ts';
import { RunRecord } from '../protocol/records.ts';
import { currentRun } from './older.ts';

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
});
