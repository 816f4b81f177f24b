import assert from 'node:assert/strict';
import { mean } from '../base/statistics.ts';
import fc from 'fast-check';
import { groupAdvantages, proposerReward, solverReward, standardDeviation, truncatedRatios } from './rewards.ts';

describe('rewards and advantages', () => {
  it('gives one right answer of four the advantage 1.5 and the others -0.5 (method, section 1)', () => {
    const advantages = groupAdvantages([1, 0, 0, 0]);
    [1.5, -0.5, -0.5, -0.5].forEach((expected, i) => assert.ok(Math.abs((advantages[i] ?? NaN) - expected) < 1e-5));
  });

  it('gives a group of equal rewards no advantage, rounding or not', () => {
    assert.deepEqual(groupAdvantages([0.1, 0.1, 0.1]), [0, 0, 0]);
    assert.deepEqual(groupAdvantages([0.7]), [0]);
  });

  it('leaves masked members out of mean and deviation and gives them 0', () => {
    const [masked, ...others] = groupAdvantages([undefined, 1, 0, 0, 0]);
    assert.equal(masked, 0);
    assert.deepEqual(others, groupAdvantages([1, 0, 0, 0]));
  });

  it('makes advantages of any group sum to 0 with deviation close to 1', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 10 }), { minLength: 2, maxLength: 16 }), (tenths) => {
        const advantages = groupAdvantages(tenths.map((value) => value / 10));
        assert.ok(Math.abs(mean(advantages)) < 1e-9);
        const spread = standardDeviation(advantages);
        assert.ok(new Set(tenths).size === 1 ? spread === 0 : Math.abs(spread - 1) < 1e-4);
      }),
    );
  });

  it('rewards the proposer for questions that are neither trivial nor impossible', () => {
    assert.equal(proposerReward([1, 1, 1, 1], 'mean'), 0);
    assert.equal(proposerReward([0, 0, 0, 0], 'mean'), 0);
    assert.equal(proposerReward([1, 0, 0, 0], 'mean'), 1);
    assert.equal(proposerReward([0.5, 0.5, 0.5, 0.5], 'mean'), 1);
    assert.equal(proposerReward([undefined, undefined], 'mean'), undefined);
  });

  it('offers the other proposer rewards of the field by name', () => {
    assert.equal(proposerReward([1, 0, 0.5, 0.5], 'perAnswer'), 0.5);
    assert.equal(proposerReward([1, 0, 0, 0], 'oneMinusMean'), 0.75);
    assert.equal(proposerReward([0, 0], 'oneMinusMean'), 0);
    assert.equal(proposerReward([1, 0], 'variance'), 1);
    assert.equal(proposerReward([1, 0, 0, 0], 'middle'), 0.25);
  });

  it('masks an answer that was not judged, whatever the kind of reward', () => {
    const masked = { mark: 'masked', answer: '' } as const;
    assert.equal(solverReward(masked, 'tests'), undefined);
    assert.equal(solverReward(masked, 'format'), undefined);
  });

  it('rewards what the domain says, or form alone', () => {
    const partial = { mark: 'partial', reward: 0.25, answer: 'x' } as const;
    const unparsable = { mark: 'unparsable', reward: 0, answer: '' } as const;
    assert.deepEqual([solverReward(partial, 'tests'), solverReward(partial, 'format')], [0.25, 1]);
    assert.deepEqual([solverReward(unparsable, 'tests'), solverReward(unparsable, 'format')], [0, 0]);
  });

  it('truncates importance ratios of trainer to sampler at the cap', () => {
    const ratios = truncatedRatios([-1, -1, -1], [-1, -1 - Math.log(1.5), -4], 2);
    [1, 1.5, 2].forEach((expected, t) => assert.ok(Math.abs(ratios[t]! - expected) < 1e-12));
  });
});
