import assert from 'node:assert/strict';
import { exampleMetrics } from '../../test/support/run-examples.ts';
import type { StepMetrics } from '../protocol/records.ts';
import { createAlarmWatch, updateAlarms } from './alarm-watch.ts';

/** A step in which the proposer was not updated and nothing is wrong. */
function healthy(step: number): StepMetrics {
  const metrics = exampleMetrics(step);
  return { ...metrics, proposer: { ...metrics.proposer, loss: null, grad_norm: null, clip_ratio: null } };
}

/** The same, but that most answers were cut. */
function cut(step: number): StepMetrics {
  const metrics = healthy(step);
  return { ...metrics, solver: { ...metrics.solver, clipped_ratio: 0.7 } };
}

describe('alarms of a run', () => {
  it('hold a condition that lasts a thousand steps once', () => {
    const watch = createAlarmWatch([]);
    const changes = Array.from({ length: 1000 }, (_, i) => watch.observe(cut(i + 1)));
    assert.equal(changes.flatMap(({ raised }) => raised).length, 1);
    assert.equal(changes.flatMap(({ cleared }) => cleared).length, 0);
    assert.deepEqual(watch.alarms.map(({ name, since, last }) => [name, since, last]), [['solver.clipped', 1, 1000]]); // prettier-ignore
    assert.ok(JSON.stringify(watch.alarms).length < 300);
  });

  it('are cleared in the step in which the condition is over, and raised again when it returns', () => {
    const watch = createAlarmWatch([]);
    assert.equal(watch.observe(healthy(1)).raised.length, 0);
    assert.equal(watch.observe(cut(2)).raised.length, 1);
    assert.deepEqual(watch.observe(healthy(3)).cleared.map(({ since, last, cleared }) => [since, last, cleared]), [[2, 2, 3]]); // prettier-ignore
    assert.equal(watch.observe(healthy(4)).cleared.length, 0);
    assert.deepEqual(watch.alarms.map(({ cleared }) => cleared), [3]); // prettier-ignore
    assert.equal(watch.observe(cut(5)).raised.length, 1);
    assert.deepEqual(watch.alarms.map(({ since, cleared }) => [since, cleared]), [[5, undefined]]); // prettier-ignore
  });

  it('are the same after a resume, whose metrics are read once', () => {
    const steps = [healthy(1), cut(2), healthy(3), cut(4), cut(5)];
    const undisturbed = createAlarmWatch([]);
    steps.forEach((metrics) => undisturbed.observe(metrics));
    const resumed = createAlarmWatch(steps.slice(0, 4));
    assert.deepEqual(resumed.observe(cut(5)).raised, []);
    assert.deepEqual(resumed.alarms, undisturbed.alarms);
  });

  it('tell the newest figures of a condition that lasts', () => {
    const { alarms } = updateAlarms([{ name: 'x', message: 'by 1', since: 1, last: 1 }], 2, [{ name: 'x', message: 'by 2' }]); // prettier-ignore
    assert.deepEqual(alarms, [{ name: 'x', message: 'by 2', since: 1, last: 2 }]);
  });
});
