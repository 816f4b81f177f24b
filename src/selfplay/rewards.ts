import { mean } from '../base/statistics.ts';
import type { Grade } from '../protocol/question.ts';
import type { SelfPlaySettings } from './settings.ts';

/**
 * Reward of one answer in [0, 1]: what its domain gives it (the fraction of tests passed, the vote), or 1 for a
 * well-formed answer (the format baseline). Undefined where it is masked. Method section 1.
 */
export function solverReward({ mark, reward }: Grade, kind: SelfPlaySettings['solverReward']): number | undefined {
  if (mark === 'masked') {
    return undefined;
  }
  return kind === 'format' ? Number(mark !== 'unparsable') : reward;
}

/**
 * Reward of an accepted proposal in [0, 1] from the rewards of its answers, by name (settings.proposerReward).
 * Undefined when every answer was masked. A rejected proposal gets 0 and never comes here.
 */
export function proposerReward(
  answers: readonly (number | undefined)[],
  kind: SelfPlaySettings['proposerReward'],
): number | undefined {
  const rewards = answers.filter((reward) => reward !== undefined);
  if (rewards.length === 0) {
    return undefined;
  }
  const solveRate = mean(rewards);
  switch (kind) {
    case 'mean':
      return solveRate > 0 && solveRate < 1 ? 1 : 0;
    case 'perAnswer':
      return mean(rewards.map((reward) => (reward > 0 && reward < 1 ? 1 : 0)));
    case 'oneMinusMean':
      return solveRate > 0 ? 1 - solveRate : 0;
    case 'variance':
      return 4 * solveRate * (1 - solveRate);
    case 'middle':
      return Math.min(solveRate, 1 - solveRate);
  }
}

/**
 * GRPO advantage of each member of a group: (r - mean) / (std + 1e-6), std with N - 1. Masked members (undefined)
 * get 0 and do not count; a group of equal rewards, or of fewer than two, gets zeros.
 */
export function groupAdvantages(rewards: readonly (number | undefined)[]): number[] {
  const counted = rewards.filter((reward) => reward !== undefined);
  const deviation = standardDeviation(counted);
  if (!(deviation > 0)) {
    return rewards.map(() => 0);
  }
  const center = mean(counted);
  return rewards.map((reward) => (reward === undefined ? 0 : (reward - center) / (deviation + 1e-6)));
}

/** Sample standard deviation (N - 1); 0 for fewer than two values or when all are equal. */
export function standardDeviation(values: readonly number[]): number {
  if (values.length < 2 || values.every((value) => value === values[0])) {
    return 0;
  }
  const center = mean(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - center) ** 2, 0) / (values.length - 1));
}

/**
 * Truncated importance sampling: min(exp(trainer - sampler), cap) for each token, which corrects the loss for a sampler
 * that is not quite the trainer's policy. Logprobs in nats, of one policy. Yao et al., Your efficient RL framework
 * secretly brings you off-policy RL training (2025).
 */
export function truncatedRatios(trainer: readonly number[], sampler: readonly number[], cap: number): number[] {
  return trainer.map((logprob, t) => Math.min(Math.exp(logprob - sampler[t]!), cap));
}
