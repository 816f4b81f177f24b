import type { Alarm, RoleMetrics, StepMetrics } from '../protocol/records.ts';
import { extendVariety, signsOfCollapse, type VarietyHistory } from './collapse.ts';
import { emptyGauge, type Gauge, meanOf, measured, patience } from './gauge.ts';

/** Something that is wrong with a run in its newest step. */
export type Condition = Pick<Alarm, 'name' | 'message'>;

/**
 * Bound of mean |sampler logprob - trainer logprob|, nats. The default model stays near 0.010 (sampler strict, trainer
 * exact) and 0.013 (both balanced).
 */
export const samplingDifferenceBound = 0.1;

/**
 * Bounds of a share that tells whether elected labels can be trusted, by its mean over {@link patience} steps and at least
 * `leastCases` labels: fewer say too little. Measured with products, 1.5B: runs that improved had 0.85 to 1 with a fall of
 * 0.13 at most; one that got worse on plain majorities had 0.70 to 0.80 until it fell to 0.55 at step 11. With mixed
 * arithmetic, 0.5B: runs by agreement that gained had 0.72 to 1; plain majorities, which unlearn, have 0.58 to 0.70 after
 * three steps. The rewards of the runs that got worse rose all the time (alarms.test.ts has the steps).
 */
export const labelBounds = { least: 0.7, fall: 0.2, leastCases: 40 };

/** What conditions are judged by: the latest steps, oldest first, and what is kept of all the steps before. */
export interface AlarmHistory {
  /** The latest {@link patience} steps; the last one is the newest. */
  recent: readonly StepMetrics[];
  labelAccuracy: Gauge;
  formAgreement: Gauge;
  variety: VarietyHistory;
}

/** Before the first step. */
export const emptyHistory: AlarmHistory = {
  recent: [],
  labelAccuracy: emptyGauge(labelBounds.leastCases),
  formAgreement: emptyGauge(labelBounds.leastCases),
  variety: { distinctNgrams: emptyGauge(), hiddenSpread: emptyGauge() },
};

/** The history one step later. */
export function extendHistory(history: AlarmHistory, metrics: StepMetrics): AlarmHistory {
  return {
    recent: [...history.recent, metrics].slice(-patience),
    labelAccuracy: measured(
      history.labelAccuracy,
      metrics.label_accuracy,
      metrics.valid * (metrics.labelled_rate ?? 1),
    ),
    formAgreement: measured(history.formAgreement, metrics.form_agreement, metrics.valid),
    variety: extendVariety(history.variety, metrics),
  };
}

/** What is wrong with a run as of its newest step; each name at most once. */
export function findConditions(history: AlarmHistory): Condition[] {
  const newest = history.recent.at(-1);
  if (!newest) {
    return [];
  }
  return [
    ...labelConditions(history),
    ...roleConditions('solver', newest.solver),
    ...roleConditions('proposer', newest.proposer),
    ...lastingConditions(history.recent),
    ...collapseConditions(history),
    ...(newest.sandbox_faults > 0.01 * sumOf(newest.marks ?? newest.verdicts)
      ? [
          {
            name: 'sandbox_faults',
            message: `${newest.sandbox_faults} answers could not be judged through no fault of theirs. See selfq doctor, and selfq domain check for a domain of your own.`,
          },
        ]
      : []),
  ];
}

/**
 * Of domains whose answers elect their labels. A policy that agrees with itself on wrong answers is rewarded for it: its
 * reward, entropy and form look better than ever, so these are the only alarms that ring.
 */
function labelConditions({ labelAccuracy, formAgreement }: AlarmHistory): Condition[] {
  const conditions: Condition[] = [];
  const accuracy = meanOf(labelAccuracy);
  const agreement = meanOf(formAgreement);
  if (accuracy !== undefined && isLow(labelAccuracy, accuracy)) {
    conditions.push({
      name: 'label_accuracy',
      message: `Only ${percent(accuracy)} of the labels of the last ${labelAccuracy.recent.length} steps are true${from(labelAccuracy, accuracy)}: the policy is trained on wrong answers. Stop, and continue from an earlier checkpoint with easier questions, a larger model or a lower learningRate.`,
    });
  } else if (labelAccuracy.recent.length === 0 && agreement !== undefined && isLow(formAgreement, agreement)) {
    conditions.push({
      name: 'form_agreement',
      message: `The forms of a question agree in only ${percent(agreement)} of the pairs of the last ${formAgreement.recent.length} steps${from(formAgreement, agreement)}: many labels are likely wrong. Compare the evaluations before you go on; easier questions, a larger model or a lower learningRate help.`,
    });
  }
  return conditions;
}

function isLow({ best }: Gauge, value: number): boolean {
  return value < labelBounds.least || (best ?? value) - value >= labelBounds.fall;
}

function from({ best }: Gauge, value: number): string {
  return best !== undefined && best > value ? `, after ${percent(best)} at best` : '';
}

function roleConditions(role: 'solver' | 'proposer', metrics: RoleMetrics): Condition[] {
  const { loss, grad_norm, clip_ratio, clipped_ratio, sampling_logp_difference } = metrics;
  const conditions: Condition[] = [];
  if (clip_ratio !== null && (loss === null || grad_norm === null)) {
    conditions.push({
      name: `${role}.not_finite`,
      message: `The ${role}'s loss or gradient was not finite, so its update was skipped. Lower learningRate.`,
    });
  }
  if ((clipped_ratio ?? 0) > 0.5) {
    conditions.push({
      name: `${role}.clipped`,
      message: `More than half of the ${role}'s completions were cut at the token limit. Raise ${role === 'solver' ? 'maxAnswerTokens' : 'maxProposalTokens'}.`,
    });
  }
  if ((sampling_logp_difference ?? 0) > samplingDifferenceBound) {
    conditions.push({
      name: `${role}.policy_mismatch`,
      message: `Sampler and trainer differ by ${(sampling_logp_difference ?? 0).toFixed(3)} nats a token for the ${role}: they are no longer one policy.`,
    });
  }
  return conditions;
}

function lastingConditions(recent: readonly StepMetrics[]): Condition[] {
  const lasting = (test: (metrics: StepMetrics) => boolean): boolean => recent.length >= patience && recent.every(test);
  const conditions: Condition[] = [];
  if (lasting(({ valid }) => valid === 0)) {
    conditions.push({
      name: 'no_questions',
      message: `No valid question in ${patience} steps: nothing to learn from. Try another topic or a larger model.`,
    });
  }
  if (lasting(({ labelled_rate }) => labelled_rate === 0)) {
    conditions.push({
      name: 'no_labels',
      message: `No question got a label in ${patience} steps: nothing to learn from. Ask easier questions or take a larger model.`,
    });
  }
  if (lasting(({ valid, solver }) => valid > 0 && solver.frac_reward_zero_std === 1)) {
    conditions.push({
      name: 'no_signal',
      message: `All answers to every question were rewarded alike for ${patience} steps: nothing to learn from.`,
    });
  }
  if (lasting(({ copied_rate }) => (copied_rate ?? 0) > 0.5)) {
    conditions.push({
      name: 'copied_answers',
      message: `More than half of the answers of the last ${patience} steps are a number that the question shows. Start again with a lower learningRate.`,
    });
  }
  if (lasting(({ label_repetition, valid }) => valid >= 6 && (label_repetition ?? 0) > 0.5)) {
    conditions.push({
      name: 'repeated_labels',
      message: `More than half of the labels of the last ${patience} steps are the same value. Start again with a lower learningRate.`,
    });
  }
  return conditions;
}

/** One condition, whatever shows it: the signs come and go one by one while a proposer collapses. */
function collapseConditions({ recent, variety }: AlarmHistory): Condition[] {
  const signs = signsOfCollapse(recent, variety);
  return signs.length === 0
    ? []
    : [
        {
          name: 'collapse',
          message: `The questions of the last ${patience} steps collapse: ${signs.join('; ')}. Continue from an earlier checkpoint with a lower learningRate or another topic, or lower nearDuplicate.`,
        },
      ];
}

function percent(share: number): string {
  return `${Math.round(100 * share)} %`;
}

function sumOf(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}
