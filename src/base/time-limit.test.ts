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

  it('ends an endless loop and an endless regular expression', () => {
    const started = performance.now();
    assert.throws(
      () =>
        withinTime(100, () => {
          for (;;);
        }),
      TimeLimitError,
    );
    assert.throws(() => withinTime(100, () => /^(a+)+$/.test(`${'a'.repeat(40)}!`)), TimeLimitError);
    assert.ok(performance.now() - started < 5_000);
    assert.equal(
      withinTime(5_000, () => 'again'),
      'again',
    );
  });
});
