import assert from 'node:assert/strict';
import { curvePanel } from './figure.ts';

describe('curves of a figure', () => {
  const ticksOf = (svg: string): number[] =>
    [...svg.matchAll(/class="small end"[^>]*>(-?[\d.]+)</g)].map(([, tick]) => Number(tick));
  const curve = (mean: number) => ({ points: [1, 2].map((step) => ({ step, mean, deviation: 0.3 })) });

  it('have no band below 0 where no mean is below it', () => {
    assert.equal(Math.min(...ticksOf(curvePanel('reward', [curve(0.1)]).svg)), 0);
    assert.ok(Math.min(...ticksOf(curvePanel('advantage', [curve(-0.1)]).svg)) <= -0.4);
  });
});
