import type { StepLine, StepMetrics } from '../protocol/records.ts';
import type { SelfPlaySettings } from './settings.ts';
import type { StepContext } from './context.ts';
import { playRounds, type Rollouts } from './dynamic-sampling.ts';
import { stepLines } from './lines.ts';
import { measureStep } from './metrics.ts';
import { groupAdvantages, proposerReward } from './rewards.ts';
import { groupsOf, type Rollout, type Round } from './rollout.ts';
import { measureSpread } from './spread.ts';
import { update } from './update.ts';

/** What a step leaves behind for the run folder. */
export interface StepResult {
  lines: StepLine[];
  metrics: StepMetrics;
}

/**
 * One step of self-play (method section 1): the policy proposes questions, answers each of them several times, is
 * rewarded in both roles, and learns (unless it only makes questions beforehand). `step` counts from 1. Everything is a
 * function of the run's seed, the step and the policy, so that a step run again gives the same result.
 */
export async function runStep(context: StepContext, step: number): Promise<StepResult> {
  const { config } = context;
  const played = await measureSpread(context, await playRounds(context, step));
  const learns = step > config.questionsBeforehand;
  const trainedOn: Rollouts['trainedOn'] = learns ? played.trainedOn : new Set();
  const rollouts = { ...played, proposals: rewardProposals(config, played), trainedOn };
  const updates = learns ? await context.stage('update', () => update(context, step, rollouts)) : [];
  const lines = stepLines(config, step, rollouts, updates);
  return { lines, metrics: measureStep(config, step, lines, { seconds: context.seconds(), time: new Date() }) };
}

/** Rejections for which a proposal is not to blame. */
const ourFaults: readonly string[] = ['sandbox_fault', 'domain_fault'];

/**
 * A rejected proposal gets 0, unless the fault was ours; an accepted one what its answers say. Advantages are relative to
 * the prompt's group.
 */
function rewardProposals(config: SelfPlaySettings, { proposals, asked }: Round): Rollout[] {
  const questions = new Map(asked.map((item) => [item.id, item]));
  const rewardOf = ({ id, rejection }: Rollout): number | undefined => {
    if (rejection) {
      return ourFaults.includes(rejection.reason) ? undefined : 0;
    }
    const answers = questions.get(id)?.answers.flat() ?? [];
    return proposerReward(
      answers.map(({ grade }) => grade?.reward),
      config.proposerReward,
    );
  };
  return [...groupsOf(proposals).values()].flatMap((group) => {
    const rewards = group.map(rewardOf);
    const advantages = groupAdvantages(rewards);
    return group.map((proposal, index) => ({ ...proposal, reward: rewards[index], advantage: advantages[index] ?? 0 }));
  });
}
