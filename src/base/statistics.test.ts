import assert from 'node:assert/strict';
import { bootstrapInterval, mean, passAtK, signTest, wilsonInterval } from './statistics.ts';
import { uniform } from './random.ts';

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

describe('pass@k', () => {
  it('equals a table: samples, right ones, k, share', () => {
    // By counting: the number of sets of k samples without a right one, of all sets of k.
    const table: [samples: number, right: number, k: number, share: number][] = [
      [4, 0, 1, 0],
      [4, 1, 1, 1 / 4],
      [4, 1, 2, 1 / 2],
      [4, 2, 2, 1 - 1 / 6],
      [4, 1, 4, 1],
      [8, 3, 4, 1 - 5 / 70],
      [10, 3, 1, 0.3],
      [10, 3, 2, 1 - 21 / 45],
      [10, 3, 5, 1 - 21 / 252],
      [10, 6, 5, 1],
      [200, 13, 1, 0.065],
      [200, 1, 100, 0.5],
    ];
    for (const [samples, right, k, share] of table) {
      assert.ok(Math.abs(passAtK(samples, right, k) - share) < 1e-12, `${samples} ${right} ${k}`);
    }
  });

  it('has the expectation of the chance that one of k is right, whatever the number of samples', () => {
    const share = 0.3;
    const trials = 4000;
    const estimates = Array.from({ length: trials }, (_, trial) => {
      const right = Array.from({ length: 6 }, (_, i) => uniform(3, trial, i)).filter((u) => u < share).length;
      return passAtK(6, right, 2);
    });
    assert.ok(Math.abs(mean(estimates) - (1 - (1 - share) ** 2)) < 0.015);
  });
});

describe('the bootstrap interval of a mean', () => {
  it('holds the true mean in about 95 % of simulated evaluations of 100 problems with 4 samples', () => {
    const evaluations = 400;
    // Problems of three kinds, as they are: never solved, sometimes, nearly always.
    const chances = [0, 0.35, 0.9];
    const truth = mean(chances);
    const held = Array.from({ length: evaluations }, (_, evaluation) => {
      const shares = Array.from({ length: 100 }, (_, i) => {
        const chance = chances[Math.floor(uniform(7, evaluation, i) * 3)] ?? 0;
        return mean(Array.from({ length: 4 }, (_, s) => (uniform(8, evaluation, i, s) < chance ? 1 : 0)));
      });
      const [low, high] = bootstrapInterval(shares, 1);
      return low <= truth && truth <= high ? 1 : 0;
    });
    assert.ok(mean(held) > 0.92 && mean(held) < 0.98, `${mean(held)}`);
  }).timeout(60_000);

  it('is the same for the same values, and as wide as Wilson says where none differ', () => {
    const values = [0, 0.5, 1, 0.25];
    assert.deepEqual(bootstrapInterval(values, 1), bootstrapInterval(values, 1));
    assert.deepEqual(bootstrapInterval([0, 0, 0], 1), wilsonInterval(0, 3));
    assert.deepEqual(bootstrapInterval([], 1), [0, 1]);
  });
});

describe('the sign test', () => {
  it('has the probability of the binomial, by hand and for sets beyond the range of numbers', () => {
    assert.ok(Math.abs(signTest(26, 6) - 0.000535) < 1e-5);
    assert.equal(signTest(3, 3), 1);
    assert.ok(signTest(1100, 1000) > 0.02 && signTest(1100, 1000) < 0.04);
  });
});
