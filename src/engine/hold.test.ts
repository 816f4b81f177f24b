import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { HeldBy, RunRecord } from '../protocol/records.ts';
import { exampleRun } from '../view/example-records.ts';
import { createGate, StopRequested } from './gate.ts';
import { createHold } from './hold.ts';

describe('a run that its setting holds', () => {
  function held(by: HeldBy | undefined, state: RunRecord['state'] = 'running') {
    const gate = createGate();
    const states: [RunRecord['state'] | undefined, RunRecord['held']][] = [];
    let record = exampleRun({ state });
    const live = {
      get record() {
        return record;
      },
      update(patch: Partial<RunRecord>) {
        record = { ...record, ...patch };
        states.push([patch.state, patch.held]);
      },
    };
    const machine = { by };
    return { gate, states, machine, wait: createHold(live, gate, async () => machine.by, 1) };
  }

  it('is not touched while it may work', async () => {
    const { wait, states } = held(undefined);
    await wait();
    assert.deepEqual(states, []);
  });

  it('is paused with the reason, told once, and continues by itself', async () => {
    const { wait, states, machine } = held('battery');
    const waiting = wait();
    await sleep(20);
    assert.deepEqual(states, [['paused', 'battery']]);
    machine.by = undefined;
    await waiting;
    assert.deepEqual(states.at(-1), ['running', null]);
  });

  it('starts after its wait as it would have without', async () => {
    const { wait, states, machine } = held('hours', 'starting');
    const waiting = wait();
    await sleep(5);
    machine.by = undefined;
    await waiting;
    assert.deepEqual(states, [['paused', 'hours'], ['starting', null]]); // prettier-ignore
  });

  it('is let go by a person, who is not asked again', async () => {
    const { wait, gate, states } = held('hours');
    const waiting = wait();
    await sleep(5);
    gate.open();
    await waiting;
    await wait();
    assert.deepEqual(states, [['paused', 'hours'], ['running', null]]); // prettier-ignore
  });

  it('can be stopped', async () => {
    const { wait, gate } = held('hours');
    const waiting = wait();
    await sleep(5);
    gate.stop();
    await assert.rejects(waiting, StopRequested);
  });
});
