import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { createGate, StopRequested } from './gate.ts';

describe('gate', () => {
  it('lets pass at once while it is open', async () => {
    const held: boolean[] = [];
    await createGate().pass((hold) => held.push(hold));
    assert.deepEqual(held, []);
  });

  it('holds while paused and lets go when opened', async () => {
    const gate = createGate();
    const held: boolean[] = [];
    gate.pause();
    let passed = false;
    const pass = gate.pass((hold) => held.push(hold)).then(() => (passed = true));
    await sleep(5);
    assert.equal(passed, false);
    gate.open();
    await pass;
    assert.deepEqual(held, [true, false]);
  });

  it('waits for a time, or until somebody opens it', async () => {
    const gate = createGate();
    assert.equal(await gate.wait(1), false);
    const waiting = gate.wait(60_000);
    gate.open();
    assert.equal(await waiting, true);
    const stopped = gate.wait(60_000);
    gate.stop();
    await assert.rejects(stopped, StopRequested);
  });

  it('ends waiting and work when asked to stop, in a pause too', async () => {
    const gate = createGate();
    gate.pause();
    const held = gate.pass(() => undefined);
    const working = gate.race(sleep(60_000, undefined, { ref: false }));
    gate.stop();
    await assert.rejects(held, StopRequested);
    await assert.rejects(working, StopRequested);
    await assert.rejects(() => gate.pass(() => undefined), StopRequested);
  });
});
