import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { RoleMetrics, StepMetrics } from '../protocol/records.ts';
import { type AlarmHistory, emptyHistory, extendHistory, findConditions } from './alarms.ts';

/**
 * Labels and true labels of each step, of the runs by majority and by agreement of sweeps/mixed-arithmetic-labels.json
 * (docs/results.md).
 */
const runs = JSON.parse(readFileSync(new URL('fixtures/label-counts.json', import.meta.url), 'utf8')) as Record<
  string,
  [labels: number, right: number][]
>;

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
const historyOf = (steps: readonly StepMetrics[]): AlarmHistory =>
  steps.reduce((history, metrics) => extendHistory(history, metrics), emptyHistory);
const names = (...steps: StepMetrics[]): string[] => findConditions(historyOf(steps)).map(({ name }) => name);

/** Steps of a run that looks better and better but for its labels. */
const labelled = (figures: readonly Partial<StepMetrics>[]): StepMetrics[] =>
  figures.map((figure, i) => ({
    ...healthy,
    valid: 16,
    step: i + 1,
    labelled_rate: 0.9,
    majority_ratio: 0.7,
    ...figure,
  }));
/** The first step after which `name` is among the conditions; undefined where it is never. */
function firstStepOf(name: string, steps: readonly StepMetrics[]): number | undefined {
  return steps.find((_, index) => names(...steps.slice(0, index + 1)).includes(name))?.step;
}
const accuracies = (...values: number[]) => labelled(values.map((label_accuracy) => ({ label_accuracy })));

describe('alarms', () => {
  it('are silent in a healthy run and before its first step', () => {
    assert.deepEqual(names(healthy, healthy, healthy), []);
    assert.deepEqual(names(), []);
  });

  it('sound at once for a loss that is not finite, cut completions, a split policy and sandbox faults', () => {
    assert.deepEqual(names({ ...healthy, solver: { ...role, loss: null } }), ['solver.not_finite']);
    assert.deepEqual(names({ ...healthy, proposer: { ...role, clipped_ratio: 0.6 } }), ['proposer.clipped']);
    const split = { ...role, sampling_logp_difference: 0.2 };
    assert.deepEqual(names({ ...healthy, solver: split }), ['solver.policy_mismatch']);
    assert.deepEqual(names({ ...healthy, sandbox_faults: 1 }), ['sandbox_faults']);
  });

  it('weigh faults against all answers in domains without verdicts, too', () => {
    const many = { ...healthy, verdicts: {}, marks: { right: 199, masked: 1 }, sandbox_faults: 1 };
    assert.deepEqual(names(many), []);
    assert.deepEqual(names({ ...many, sandbox_faults: 3 }), ['sandbox_faults']);
  });

  it('tell the roles apart', () => {
    const both = { ...healthy, solver: { ...role, clipped_ratio: 0.6 }, proposer: { ...role, clipped_ratio: 0.6 } };
    assert.deepEqual(names(both), ['solver.clipped', 'proposer.clipped']);
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
    assert.deepEqual(names(...labelled([{ labelled_rate: 0 }, { labelled_rate: 0 }, { labelled_rate: 0 }])), ['no_labels']); // prettier-ignore
  });
});

describe('the alarm of label accuracy', () => {
  /** Straight lines between the measured steps. */
  const between = (points: readonly (readonly [step: number, value: number])[]): number[] =>
    points.slice(1).flatMap(([step, value], i) => {
      const [from, start] = points[i] ?? [step, value];
      const added = Array.from({ length: step - from }, (_, k) => start + ((k + 1) * (value - start)) / (step - from));
      return i === 0 ? [start, ...added] : added;
    });

  it('rings by the fourth step of a collapse: sums by plain majorities, 0.5B, rewards rising from 0.50 to 0.93', () => {
    const measured = [[1, 0.5], [4, 0.21], [12, 0.2], [20, 0.1], [29, 0], [40, 0]] as const; // prettier-ignore
    const steps = accuracies(...between(measured));
    assert.equal(steps.length, 40);
    const rung = firstStepOf('label_accuracy', steps);
    assert.ok(rung !== undefined && rung >= 3 && rung <= 4, String(rung));
    assert.ok(steps.slice(3).every((_, i) => names(...steps.slice(0, i + 4)).includes('label_accuracy')));
  });

  it('rings before step 12 of products by plain majorities, 1.5B, which got 14 points worse', () => {
    const steps = accuracies(0.67, 0.75, 0.79, 0.7, 0.92, 0.73, 0.63, 0.78, 0.7, 0.63, 0.33, 0.25, 0.69, 0.63);
    assert.equal(firstStepOf('label_accuracy', steps), 11);
  });

  it('is silent on products labelled by agreement of both orders, seed 2, which improved', () => {
    assert.equal(firstStepOf('label_accuracy', accuracies(0.8, 1, 1, 1, 1, 1, 1, 1)), undefined);
  });

  it('is silent on seed 1 of the same: 0.75 to 1.00, mean 0.95, falling to 0.87 after step 7', () => {
    // Of this run the range, the mean and the fall are known, not each step.
    const values = [0.75, 1, 1, 1, 1, 1, 1, 1, 0.98, 0.98, 0.98, 0.87, 0.87, 0.87];
    assert.ok(Math.abs(values.reduce((a, b) => a + b) / 14 - 0.95) < 0.005);
    assert.equal(firstStepOf('label_accuracy', accuracies(...values)), undefined);
  });

  it('rings by step 3 of mixed arithmetic by plain majorities, 0.5B, which ended at no right answer', () => {
    const values = [0.78, 0.44, 0.53, 0.63, 0.5, 0.72, 0.26, 0.25, 0.4, 0.24, 0.21, 0.18, 0.12, 0, 0.1, 0, 0, 0, 0, 0];
    assert.equal(firstStepOf('label_accuracy', accuracies(...values)), 3);
  });

  it('is silent on the same by agreement, which gained 16 points: few labels vary much', () => {
    const values = [0.8, 0.86, 0.94, 0.71, 0.86, 0.94, 0.75, 0.64, 0.78, 0.8, 0.8, 0.82, 0.86, 0.94, 0.82, 1, 1, 0.94, 0.87, 0.5]; // prettier-ignore
    const labels = [10, 6, 16, 14, 11, 17, 13, 9, 9, 10, 10, 13, 18, 16, 11, 10, 10, 16, 15, 8];
    const steps = labelled(values.map((label_accuracy, i) => ({ label_accuracy, valid: labels[i] ?? 0, labelled_rate: 1 }))); // prettier-ignore
    assert.equal(firstStepOf('label_accuracy', steps), undefined);
  });

  it('rings in each run on plain majorities, which lost half of their right answers in 40 steps, and in none that gained', () => {
    const rung = Object.entries(runs).map(([name, steps]) => {
      const metrics = steps.map(([labels, right]) => ({
        ...{ valid: labels, labelled_rate: 1, label_accuracy: labels === 0 ? null : right / labels },
      }));
      return [name, firstStepOf('label_accuracy', labelled(metrics))] as const;
    });
    assert.deepEqual(Object.fromEntries(rung), {
      ...{ 'majority, seed 1': 3, 'majority, seed 2': 3, 'majority, seed 3': 3 },
      ...{ 'agreement, seed 1': undefined, 'agreement, seed 2': undefined, 'agreement, seed 3': undefined },
    });
  });

  it('rings for a fall of 0.2 from the best, and not for less', () => {
    assert.equal(firstStepOf('label_accuracy', accuracies(0.95, 0.95, 0.95, 0.7, 0.8, 0.81)), undefined);
    assert.equal(firstStepOf('label_accuracy', accuracies(0.95, 0.95, 0.95, 0.75, 0.75, 0.74)), 6);
    assert.equal(firstStepOf('label_accuracy', accuracies(0.75, 0.75, 0.75, 0.95, 0.95, 0.95, 0.75, 0.75, 0.74)), 9);
  });

  it('waits for as many labels as tell something', () => {
    const few = { valid: 6, labelled_rate: 1, label_accuracy: 0.5 };
    assert.equal(firstStepOf('label_accuracy', labelled(Array.from({ length: 10 }, () => few))), 7);
  });

  it('says how far it fell', () => {
    const [condition] = findConditions(historyOf(accuracies(0.9, 0.9, 0.9, 0.5, 0.5, 0.5)));
    assert.match(condition?.message ?? '', /Only 50 % .* after 90 % at best/);
  });

  it('passes over steps that had no label whose truth is known', () => {
    const steps = labelled([{ label_accuracy: 0.5 }, { label_accuracy: null }, { label_accuracy: 0.5 }, {}, {}]);
    assert.equal(firstStepOf('label_accuracy', steps), undefined);
    assert.equal(firstStepOf('label_accuracy', [...steps, { ...healthy, valid: 16, step: 6, label_accuracy: 0.5 }]), 6);
  });

  it('leaves its place to the agreement of forms where no truth is known', () => {
    const falling = [0.9, 0.9, 0.9, 0.7, 0.7, 0.69].map((form_agreement) => ({ form_agreement }));
    assert.equal(firstStepOf('form_agreement', labelled(falling)), 6);
    const known = falling.map((figures) => ({ ...figures, label_accuracy: 0.95 }));
    assert.equal(firstStepOf('form_agreement', labelled(known)), undefined);
  });

  it('sound where labels stay wrong, answers stay copies or labels stay the same, whatever the reward says', () => {
    const voted = { ...healthy, valid: 16, label_accuracy: 0.9, copied_rate: 0.02, label_repetition: 0.2 };
    const lasting = (change: Partial<StepMetrics>): string[] =>
      names(...Array.from({ length: 3 }, () => ({ ...voted, ...change })));
    assert.deepEqual(lasting({}), []);
    assert.deepEqual(lasting({ label_accuracy: 0.4 }), ['label_accuracy']);
    assert.deepEqual(lasting({ copied_rate: 0.6 }), ['copied_answers']);
    assert.deepEqual(lasting({ label_repetition: 0.8 }), ['repeated_labels']);
    // A step without labels, or of very few questions, says nothing.
    assert.deepEqual(lasting({ label_accuracy: null, copied_rate: null, label_repetition: null }), []);
    assert.deepEqual(lasting({ label_repetition: 1, valid: 2 }), []);
    assert.deepEqual(names({ ...voted, label_accuracy: 0.1 }), []);
  });
});
