import assert from 'node:assert/strict';
import { wilsonInterval } from './statistics.ts';

describe('Wilson interval', () => {
  it('equals the textbook values for 8 of 24, 0 of 10 and 10 of 10', () => {
    const close = (actual: [number, number], expected: [number, number]): void =>
      actual.forEach((bound, i) => assert.ok(Math.abs(bound - (expected[i] ?? NaN)) < 5e-4, `${bound}`));
    close(wilsonInterval(8, 24), [0.1797, 0.5329]);
    close(wilsonInterval(0, 10), [0, 0.2775]);
    close(wilsonInterval(10, 10), [0.7225, 1]);
  });

  it('says nothing about nothing', () => {
    assert.deepEqual(wilsonInterval(0, 0), [0, 1]);
  });
});
