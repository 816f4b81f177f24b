import assert from 'node:assert/strict';
import { BoundaryError } from '../base/errors.ts';
import { presets, resolveConfig, settings, type Setting } from './config.ts';

const refusal = (overrides: Record<string, string | number>): BoundaryError => {
  try {
    resolveConfig('quick', overrides);
  } catch (error) {
    assert.ok(error instanceof BoundaryError);
    return error;
  }
  throw new assert.AssertionError({ message: `${JSON.stringify(overrides)} was accepted` });
};

describe('settings', () => {
  it('accept their own defaults in every preset', () => {
    for (const preset of presets) {
      const config = resolveConfig(preset, {});
      assert.deepEqual(resolveConfig(preset, { ...config }), config);
    }
  });

  it('have the published values in the paper preset', () => {
    const { proposerPrompts, proposalsPerPrompt, answersPerQuestion, steps, beta, miniBatchSequences, testsMode } =
      resolveConfig('paper', {});
    assert.deepEqual(
      [proposerPrompts, proposalsPerPrompt, answersPerQuestion, steps, beta, miniBatchSequences, testsMode],
      [64, 4, 4, 100, 0.001, 128, 'written'],
    );
  });

  it('take text as a number where one is meant', () => {
    assert.equal(resolveConfig('quick', { learningRate: '3e-5' }).learningRate, 3e-5);
  });

  it('suggest the nearest name for one that does not exist', () => {
    const error = refusal({ learningrate: 1 });
    assert.equal(error.boundary, 'usage');
    assert.match(error.remedy, /"learningRate"/);
    assert.match(refusal({ setps: 3 }).remedy, /"steps"/);
  });

  it('say the range or the choices for a value that does not fit', () => {
    assert.match(refusal({ steps: 0 }).remedy, /from 1 to 100000 \(steps\)/);
    assert.match(refusal({ steps: '2.5' }).remedy, /whole number/);
    assert.match(refusal({ topP: '' }).remedy, /from 0.01 to 1/);
    assert.match(refusal({ lossType: 'ppo' }).remedy, /dapo, grpo, dr_grpo/);
  });

  it('each say what they mean', () => {
    for (const [name, setting] of Object.entries<Setting>(settings)) {
      assert.ok(setting.description.endsWith('.'), name);
    }
  });
});
