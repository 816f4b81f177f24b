import assert from 'node:assert/strict';
import { uniform } from './random.ts';

/** Chi-square of how often values of [0, 1) fall into equal bins. */
function chiSquare(values: readonly number[], bins: number): number {
  const counts = new Array<number>(bins).fill(0);
  for (const value of values) {
    counts[Math.floor(value * bins)]! += 1;
  }
  const expected = values.length / bins;
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}

describe('uniform', () => {
  it('is a function of its key alone', () => {
    assert.equal(uniform(7, 3, 11), uniform(7, 3, 11));
  });

  it('keeps its values, since recorded runs are resumed by them', () => {
    assert.deepEqual(
      [uniform(), uniform(0), uniform(1, 2, 3), uniform(-1), uniform(2 ** 40)],
      [0.7458949325419765, 0.5245336790376122, 0.25146405219968315, 0.5622715642822117, 0.34952086571527075],
    );
  });

  it('tells keys apart by order, length, sign and bits beyond 32', () => {
    const keys = [[], [0], [0, 0], [1, 2], [2, 1], [-1], [1], [2 ** 32], [2 ** 32 + 1], [2 ** 52], [-(2 ** 40)]];
    assert.equal(new Set(keys.map((key) => uniform(...key))).size, keys.length);
  });

  it('stays within [0, 1) and fills it evenly along each part of the key', () => {
    const along = [
      (i: number) => uniform(i, 0, 0),
      (i: number) => uniform(5, i, 0),
      (i: number) => uniform(5, 1, i),
      (i: number) => uniform(i * 65536, 1, 2),
    ];
    for (const draw of along) {
      const values = Array.from({ length: 64_000 }, (_, i) => draw(i));
      assert.ok(values.every((value) => value >= 0 && value < 1));
      // 63 degrees of freedom: 99.99 % of true uniform sequences stay below 112.
      assert.ok(chiSquare(values, 64) < 112, String(chiSquare(values, 64)));
      const lowBits = values.map((value) => (value * 2 ** 20) % 1);
      assert.ok(chiSquare(lowBits, 64) < 112, String(chiSquare(lowBits, 64)));
    }
  });

  it('gives neighbouring keys unrelated values', () => {
    const n = 50_000;
    for (const neighbour of [
      (i: number) => uniform(3, 0, i + 1),
      (i: number) => uniform(3, 1, i),
      (i: number) => uniform(4, 0, i),
    ]) {
      let sum = 0;
      for (let i = 0; i < n; i++) {
        sum += (uniform(3, 0, i) - 0.5) * (neighbour(i) - 0.5);
      }
      const correlation = (sum / n) * 12;
      assert.ok(Math.abs(correlation) < 4 / Math.sqrt(n), String(correlation));
    }
  });

  it('does not repeat over a run of many rows', () => {
    const seen = new Set<number>();
    for (let row = 0; row < 400; row++) {
      for (let position = 0; position < 500; position++) {
        seen.add(uniform(42, row, position));
      }
    }
    assert.equal(seen.size, 200_000);
  });
});
