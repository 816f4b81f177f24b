import type { StepMetrics } from '../protocol/records.ts';

export interface Alarm {
  name: string;
  message: string;
}

/** Steps in a row that an alarm about a lasting state waits for. */
const patience = 3;

/**
 * Bound of mean |sampler logprob - trainer logprob|, nats. The default model stays near 0.010 (sampler strict, trainer
 * exact) and 0.013 (both balanced).
 */
export const samplingDifferenceBound = 0.1;

/** What is wrong with a run, judged from the metrics of its steps so far (the last one is the newest). */
export function findAlarms(history: readonly StepMetrics[]): Alarm[] {
  const newest = history.at(-1);
  if (!newest) {
    return [];
  }
  const lasting = (test: (metrics: StepMetrics) => boolean): boolean =>
    history.length >= patience && history.slice(-patience).every(test);
  const roles = [
    ['solver', newest.solver],
    ['proposer', newest.proposer],
  ] as const;
  const alarms: (Alarm | false)[] = [
    ...roles.map(
      ([role, { loss, grad_norm, clip_ratio }]) =>
        clip_ratio !== null &&
        (loss === null || grad_norm === null) && {
          name: 'not_finite',
          message: `The ${role}'s loss or gradient was not finite, so its update was left out. Lower learningRate.`,
        },
    ),
    ...roles.map(
      ([role, { clipped_ratio }]) =>
        (clipped_ratio ?? 0) > 0.5 && {
          name: 'clipped',
          message: `More than half of the ${role}'s completions were cut at the token limit. Raise ${role === 'solver' ? 'maxAnswerTokens' : 'maxProposalTokens'}.`,
        },
    ),
    ...roles.map(
      ([role, { sampling_logp_difference }]) =>
        (sampling_logp_difference ?? 0) > samplingDifferenceBound && {
          name: 'policy_mismatch',
          message: `Sampler and trainer differ by ${(sampling_logp_difference ?? 0).toFixed(3)} nats a token for the ${role}: they are not one policy any more.`,
        },
    ),
    lasting(({ valid }) => valid === 0) && {
      name: 'no_questions',
      message: `No valid question in ${patience} steps: nothing to learn from. Try another topic or a larger model.`,
    },
    lasting(({ valid, solver }) => valid > 0 && solver.frac_reward_zero_std === 1) && {
      name: 'no_signal',
      message: `All answers of every question were rewarded alike for ${patience} steps: nothing to learn from.`,
    },
    lasting(({ diversity }) => diversity !== null && diversity < 0.3) && {
      name: 'collapse',
      message: `The questions of the last ${patience} steps are nearly the same. Lower nearDuplicate or learningRate.`,
    },
    newest.sandbox_faults > 0.01 * sumOf(newest.verdicts) && {
      name: 'sandbox_faults',
      message: `${newest.sandbox_faults} answers could not be judged through no fault of theirs. See selfq doctor.`,
    },
  ];
  return alarms.filter((alarm) => alarm !== false);
}

function sumOf(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}
