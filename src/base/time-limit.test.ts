import assert from 'node:assert/strict';
import { TimeLimitError, withinTime } from './time-limit.ts';

describe('withinTime', () => {
  it('returns what the work returns and throws what it throws', () => {
    assert.equal(
      withinTime(5_000, () => withinTime(5_000, () => 3) + 1),
      4,
    );
    assert.throws(() => withinTime(5_000, () => assert.fail('own words')), /own words/);
  });

  it('runs work again that a busy machine has not given the processor', () => {
    const asleep = new Int32Array(new SharedArrayBuffer(4));
    let runs = 0;
    const work = (): string => {
      runs++;
      Atomics.wait(asleep, 0, 0, 300);
      return 'done';
    };
    assert.equal(withinTime(200, work), 'done');
    assert.ok(runs > 1);
    assert.throws(() => withinTime(1, work), TimeLimitError);
  }).timeout(60_000);

  it('ends an endless loop and an endless regular expression', () => {
    const before = process.cpuUsage();
    assert.throws(
      () =>
        withinTime(100, () => {
          for (;;);
        }),
      TimeLimitError,
    );
    assert.throws(() => withinTime(100, () => /^(a+)+$/.test(`${'a'.repeat(40)}!`)), TimeLimitError);
    const { user, system } = process.cpuUsage(before);
    assert.ok(user + system < 30e6, 'took more than 30 seconds of the processor');
    assert.equal(
      withinTime(5_000, () => 'again'),
      'again',
    );
  }).timeout(120_000);
});
