import assert from 'node:assert/strict';
import type { RunEvent } from '../protocol/control.ts';
import { createProgressReporter } from './progress.ts';

function setUp() {
  const events: RunEvent[] = [];
  let time = 0;
  const reporter = createProgressReporter(
    (event) => events.push(event),
    () => time,
  );
  return { events, reporter, wait: (milliseconds: number) => (time += milliseconds) };
}

describe('progress of a stage', () => {
  it('tells how many completions are finished and how fast tokens come', () => {
    const { events, reporter, wait } = setUp();
    reporter.enter(2, 'solve');
    wait(2_000);
    reporter.progress({ stage: 'generate', tokens: 300, finished: 3, total: 8 });
    assert.deepEqual(events, [
      { type: 'stage', step: 2, stage: 'solve', done: 0, total: 0 },
      { type: 'stage', step: 2, stage: 'solve', done: 3, total: 8, tokensPerSecond: 150 },
    ]);
    assert.deepEqual(reporter.last, events[1]);
  });

  it('tells every report of the runtime, which limits them itself, and no text alone', () => {
    const { events, reporter } = setUp();
    reporter.enter(1, 'propose');
    for (let finished = 1; finished <= 100; finished++) {
      reporter.progress({ stage: 'completion', request: 0, sample: finished, text: 'one of many', tokens: 3 });
    }
    assert.equal(events.length, 1);
    reporter.progress({ stage: 'generate', tokens: 900, finished: 99, total: 100 });
    reporter.progress({ stage: 'generate', tokens: 910, finished: 100, total: 100 });
    assert.deepEqual(
      events.map((event) => event.type === 'stage' && [event.done, event.what]),
      [
        [0, undefined],
        [99, 'one of many'],
        [100, 'one of many'],
      ],
    );
  });

  it('carries the beginning of the newest text on one line', () => {
    const { reporter, wait } = setUp();
    reporter.enter(1, 'propose');
    wait(1_000);
    reporter.progress({
      stage: 'completion',
      request: 0,
      sample: 0,
      text: ' the sum\n * of all\n */\nfunction',
      tokens: 9,
    });
    reporter.progress({ stage: 'generate', tokens: 1, finished: 1, total: 2 });
    assert.equal(reporter.last?.what, 'the sum of all function');
  });

  it('says so when the model is loaded again in the middle of a stage, and comes back to the stage', () => {
    const { reporter, wait } = setUp();
    reporter.enter(3, 'solve');
    wait(1_000);
    reporter.progress({ stage: 'load', done: 1, total: 9, what: 'weights' });
    assert.equal(reporter.last?.stage, 'load');
    wait(1_000);
    reporter.progress({ stage: 'generate', tokens: 5, finished: 0, total: 8 });
    assert.equal(reporter.last.stage, 'solve');
  });
});
