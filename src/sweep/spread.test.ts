import assert from 'node:assert/strict';
import { spreadOf } from './spread.ts';

describe('the spread over seeds', () => {
  it('is mean, sample deviation and the interval of Student, as worked by hand', () => {
    // 2, 4, 9: mean 5, squares 9 + 1 + 16 = 26, deviation sqrt(13), half width 4.303 * sqrt(13 / 3).
    const { n, mean, deviation, interval } = spreadOf([2, 4, 9]) ?? assert.fail();
    assert.deepEqual([n, mean], [3, 5]);
    assert.ok(Math.abs((deviation ?? 0) - Math.sqrt(13)) < 1e-12);
    const half = 4.303 * Math.sqrt(13 / 3);
    assert.ok(
      Math.abs((interval?.[0] ?? 0) - (5 - half)) < 1e-12 && Math.abs((interval?.[1] ?? 0) - (5 + half)) < 1e-12,
    );
  });

  it('has no deviation for one value, and none at all for none', () => {
    assert.deepEqual(spreadOf([0.5, null, undefined]), { n: 1, mean: 0.5 });
    assert.equal(spreadOf([null]), undefined);
  });

  it('knows the quantile beyond its table', () => {
    // t(0.975; 60) = 2.0003
    const values = Array.from({ length: 61 }, (_, i) => i);
    const { mean, deviation = 0, interval = [0, 0] } = spreadOf(values) ?? assert.fail();
    assert.ok(Math.abs(((interval[1] - mean) * Math.sqrt(61)) / deviation - 2.0003) < 0.003);
  });
});
