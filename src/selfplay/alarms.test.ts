import assert from 'node:assert/strict';
import type { RoleMetrics, StepMetrics } from '../protocol/records.ts';
import { findAlarms } from './alarms.ts';

const role: RoleMetrics = {
  reward: 0.5,
  reward_std: 0.4,
  frac_reward_zero_std: 0.5,
  entropy: 0.5,
  mean_length: 60,
  clipped_ratio: 0.1,
  loss: 0.01,
  kl: 0,
  clip_ratio: 0,
  grad_norm: 0.2,
  sampling_logp_difference: 0.01,
};
const healthy: StepMetrics = {
  step: 1,
  solver: role,
  proposer: role,
  proposals: 8,
  valid: 5,
  rejected: { few_tests: 3 },
  test_pass_rate: 0.5,
  solved_rate: 0.4,
  difficulty: [1, 1, 1, 1, 1],
  diversity: 0.9,
  verdicts: { AC: 10, WA: 10 },
  sandbox_faults: 0,
  num_tokens: 1000,
  learning_rate: 1e-4,
  seconds: {},
  tokens_per_second: 100,
  time: '2026-01-01T00:00:00.000Z',
};
const names = (...history: StepMetrics[]): string[] => findAlarms(history).map(({ name }) => name);

describe('alarms', () => {
  it('are silent in a healthy run and before its first step', () => {
    assert.deepEqual(names(healthy, healthy, healthy), []);
    assert.deepEqual(names(), []);
  });

  it('sound at once for a loss that is not finite, cut completions, a split policy and sandbox faults', () => {
    assert.deepEqual(names({ ...healthy, solver: { ...role, loss: null } }), ['not_finite']);
    assert.deepEqual(names({ ...healthy, proposer: { ...role, clipped_ratio: 0.6 } }), ['clipped']);
    assert.deepEqual(names({ ...healthy, solver: { ...role, sampling_logp_difference: 0.2 } }), ['policy_mismatch']);
    assert.deepEqual(names({ ...healthy, sandbox_faults: 1 }), ['sandbox_faults']);
  });

  it('do not take a role that was not updated for a broken one', () => {
    const idle = { ...role, loss: null, kl: null, clip_ratio: null, grad_norm: null, sampling_logp_difference: null };
    assert.deepEqual(names({ ...healthy, proposer: idle }), []);
  });

  it('wait for three steps in a row before they call a state lasting', () => {
    const empty = { ...healthy, valid: 0 };
    const flat = { ...healthy, solver: { ...role, frac_reward_zero_std: 1 } };
    const same = { ...healthy, diversity: 0.1 };
    assert.deepEqual(names(healthy, empty, empty), []);
    assert.deepEqual(names(empty, empty, empty), ['no_questions']);
    assert.deepEqual(names(flat, flat, flat), ['no_signal']);
    assert.deepEqual(names(same, same, same), ['collapse']);
    assert.deepEqual(names(same, healthy, same, same), []);
  });

  it('sound where labels stay wrong, answers stay copies or labels stay the same, whatever the reward says', () => {
    const voted = { ...healthy, valid: 8, label_accuracy: 0.9, copied_rate: 0.02, label_repetition: 0.2 };
    const lasting = (change: Partial<StepMetrics>): string[] =>
      names(...Array.from({ length: 3 }, () => ({ ...voted, ...change })));
    assert.deepEqual(lasting({}), []);
    assert.deepEqual(lasting({ label_accuracy: 0.4 }), ['wrong_labels']);
    assert.deepEqual(lasting({ copied_rate: 0.6 }), ['copied_answers']);
    assert.deepEqual(lasting({ label_repetition: 0.8 }), ['repeated_labels']);
    // A step without labels, or of very few questions, says nothing.
    assert.deepEqual(lasting({ label_accuracy: null, copied_rate: null, label_repetition: null }), []);
    assert.deepEqual(lasting({ label_repetition: 1, valid: 2 }), []);
    assert.deepEqual(names({ ...voted, label_accuracy: 0.1 }), []);
  });
});
