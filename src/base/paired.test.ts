import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { pairedBootstrap, pairedShareInterval, problemsNeeded } from './paired.ts';
import { createRandomSequence } from './random.ts';
import { signTest } from './statistics.ts';

const Fixture = z.object({
  mcnemar: z.array(z.object({ won: z.number(), lost: z.number(), p: z.number() })),
  bootstrap: z.array(
    z.object({
      samples: z.number(),
      differences: z.array(z.number()),
      interval: z.tuple([z.number(), z.number()]),
    }),
  ),
});
const scipy = Fixture.parse(JSON.parse(readFileSync(join(import.meta.dirname, 'fixtures', 'paired.json'), 'utf8')));

/** Problems of all difficulties; the second policy is a little better at most of them. */
function createPopulation(seed: number): {
  sample(problems: number, samples: number): number[];
  difference: number;
} {
  const draw = createRandomSequence(seed);
  const normal = (): number => Math.sqrt(-2 * Math.log(draw() + 1e-12)) * Math.cos(2 * Math.PI * draw());
  const problem = (): [number, number] => {
    const logit = -1 + 2.5 * normal();
    const share = (shift: number): number => 1 / (1 + Math.exp(-logit - shift));
    return [share(0), share(0.3 + 0.5 * normal())];
  };
  const tries = 200_000;
  const all = Array.from({ length: tries }, problem);
  const right = (share: number, samples: number): number => {
    let count = 0;
    for (let i = 0; i < samples; i++) {
      count += draw() < share ? 1 : 0;
    }
    return count / samples;
  };
  return {
    difference: all.reduce((sum, [before, after]) => sum + after - before, 0) / tries,
    sample: (problems, samples) =>
      Array.from({ length: problems }, () => {
        const [before, after] = problem();
        return right(after, samples) - right(before, samples);
      }),
  };
}

/** Share of 1,000 simulated comparisons whose interval holds the true difference. */
function coverage(
  problems: number,
  samples: number,
  interval: (differences: readonly number[]) => readonly [number, number],
): number {
  const population = createPopulation(11 + problems + samples);
  const simulations = 1000;
  let held = 0;
  for (let i = 0; i < simulations; i++) {
    const [low, high] = interval(population.sample(problems, samples));
    held += low <= population.difference && population.difference <= high ? 1 : 0;
  }
  return held / simulations;
}

describe('two results on the same problems', () => {
  it("have the p of SciPy's binomial test, also far beyond the range of binomial coefficients", () => {
    for (const { won, lost, p } of scipy.mcnemar) {
      assert.ok(Math.abs(signTest(won, lost) - p) < 1e-9, `${won} won, ${lost} lost`);
    }
  });

  it("have the bounds of SciPy's bootstrap within its noise", () => {
    for (const { differences, samples, interval } of scipy.bootstrap) {
      const bounds = pairedBootstrap(differences, { grain: 1 / samples });
      const tolerance = 0.03 * (interval[1] - interval[0]);
      bounds.forEach((bound, i) => assert.ok(Math.abs(bound - (interval[i] ?? NaN)) < tolerance, String(bounds)));
    }
  });

  it('get the same bounds from the same seed, others from another', () => {
    const differences = scipy.bootstrap[2]?.differences ?? [];
    const bounds = (seed: number): [number, number] => pairedBootstrap(differences, { grain: 0.125, seed });
    assert.deepEqual(bounds(3), bounds(3));
    assert.notDeepEqual(bounds(3), bounds(4));
  });

  for (const [problems, samples] of [
    [24, 4],
    [100, 4],
    [300, 8],
  ] as const) {
    it(`have 95 % intervals that hold 93 to 97 % of simulated differences (${problems} problems, ${samples} samples)`, function () {
      this.timeout(120_000);
      const share = coverage(problems, samples, (differences) =>
        pairedBootstrap(differences, { grain: 1 / samples, resamples: 400 }),
      );
      assert.ok(share >= 0.93 && share <= 0.97, `${share}`);
    });
  }

  it('have intervals of greedy answers that hold as often', () => {
    const share = coverage(300, 1, (differences) => {
      const count = (sign: number): number => differences.filter((difference) => difference === sign).length;
      return pairedShareInterval(count(1), count(-1), differences.length);
    });
    assert.ok(share >= 0.93 && share <= 0.97, `${share}`);
  });

  it('are never quite sure to be alike: no difference anywhere leaves an interval that narrows with the problems', () => {
    const width = (problems: number): number => {
      const [low, high] = pairedBootstrap(Array<number>(problems).fill(0), { grain: 1 });
      return high - low;
    };
    assert.ok(width(24) > width(400) && width(400) > 0);
    const [low, high] = pairedShareInterval(0, 0, 24);
    assert.ok(low < 0 && low === -high);
    assert.deepEqual(pairedBootstrap([1], { grain: 1 }), [-1, 1]);
  });

  it('say with how many problems a difference would show: as many as a hand calculation gives', () => {
    // Half of the problems differ by 0.5 either way: variance 0.25 * 0.5, (2.8016 / 0.02)^2 * 0.125 = 2,453.
    const differences = Array.from({ length: 10_000 }, (_, i) => [0.5, 0, -0.5, 0][i % 4] ?? 0);
    assert.ok(Math.abs(problemsNeeded(differences, 0.25, 0.02) - 2453) < 5);
    assert.ok(problemsNeeded(Array<number>(24).fill(0), 1, 0.02) > 0);
  });
});
