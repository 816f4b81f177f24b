import assert from 'node:assert/strict';
import fc from 'fast-check';
import { downsample, groupNeighbours } from './downsample.ts';
import type { Point } from './messages.ts';

const curve = fc
  .array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 0, maxLength: 2000 })
  .map((values) => values.map((value, step): Point => [step, value]));

describe('downsampling', () => {
  it('keeps real points in their order, the first and the last, and no more than asked for', () => {
    fc.assert(
      fc.property(curve, fc.integer({ min: 3, max: 300 }), (points, limit) => {
        const few = downsample(points, limit);
        assert.ok(few.length <= Math.max(limit, 0) || few.length === points.length);
        assert.equal(few.length, Math.min(points.length, limit));
        assert.ok(few.every((point) => points[point[0]] === point || points[point[0]]?.[1] === point[1]));
        assert.ok(few.every(([step], i) => i === 0 || step > few[i - 1]![0]));
        assert.deepEqual([few[0], few.at(-1)], [points[0], points.at(-1)]);
      }),
    );
  });

  it('does not lose a peak', () => {
    const points = Array.from({ length: 10_000 }, (_, step): Point => [step, step === 4321 ? 100 : Math.sin(step)]);
    assert.ok(downsample(points, 200).some(([, value]) => value === 100));
  });
});

describe('grouping neighbours', () => {
  it('puts every item into one group, in order', () => {
    fc.assert(
      fc.property(fc.array(fc.integer()), fc.integer({ min: 1, max: 70 }), (items, limit) => {
        const groups = groupNeighbours(items, limit);
        assert.deepEqual(groups.flat(), items);
        assert.ok(groups.length <= limit && groups.every((group) => group.length > 0));
      }),
    );
  });
});
