import { sandboxFault } from '../domains/domain.ts';
import type { PromptRecord, Proposal, QuestionRecord, StepLine, StepMetrics } from '../protocol/records.ts';
import type { Completion, Prompt } from '../protocol/runtime.ts';
import type { SelfPlaySettings as Config } from './settings.ts';
import type { StepContext } from './context.ts';
import { playRounds, type Played } from './dynamic-sampling.ts';
import { measureStep } from './metrics.ts';
import { optional } from '../base/optional.ts';
import { groupAdvantages, proposerReward } from './rewards.ts';
import { groupsOf, type Judged, type Proposed, type Round } from './round.ts';
import { update } from './update.ts';

export interface StepResult {
  lines: StepLine[];
  metrics: StepMetrics;
}

/**
 * One step of self-play (method section 1): the policy proposes questions, answers each of them several times, is
 * rewarded in both roles, and learns. `step` counts from 1. Everything is a function of the run's seed, the step and
 * the policy, so that a step run again gives the same result.
 */
export async function runStep(context: StepContext, step: number): Promise<StepResult> {
  const { config } = context;
  const played = await playRounds(context, step);
  const proposals = rewardProposals(config, played);
  const updates = await context.stage('update', () => update(context, step, played, proposals));
  const lines: StepLine[] = [
    { type: 'step', step, seed: config.seed },
    ...promptLines(played.proposals),
    ...proposals,
    ...played.judged.map((item) => questionRecord(item, played)),
    ...played.answers,
    ...updates,
  ];
  return { lines, metrics: measureStep(config, step, lines, context.seconds()) };
}

/**
 * A rejected proposal gets 0, unless the fault was ours; an accepted one what its answers say. Advantages are relative to
 * the prompt's group.
 */
function rewardProposals(config: Config, { proposals, rejections, judged }: Round): Proposal[] {
  const rewards = new Map<string, number | undefined>(
    proposals.map(({ id }) => [id, rejections.get(id)?.reason === sandboxFault ? undefined : 0]),
  );
  for (const { proposed, judgements } of judged) {
    const solved = judgements.map(({ reward }) => reward);
    rewards.set(proposed.id, proposerReward(solved, config.proposerReward));
  }
  return [...groupsOf(proposals).values()].flatMap((group) => {
    const advantages = groupAdvantages(group.map(({ id }) => rewards.get(id)));
    return group.map(({ id, groupId, completion }, index) => ({
      type: 'proposal' as const,
      id,
      groupId,
      text: completion.text,
      tokenIds: completion.tokenIds,
      logprobs: completion.logprobs,
      finishReason: completion.finishReason,
      advantage: advantages[index] ?? 0,
      ...optional('reward', rewards.get(id)),
      ...optional('rejection', rejections.get(id)),
    }));
  });
}

function promptLines(proposals: readonly Proposed[]): StepLine[] {
  return [...groupsOf(proposals)].flatMap(([groupId, [first]]) =>
    first ? [{ type: 'prompt' as const, groupId, prompt: promptRecord(first.prompt, first.completion) }] : [],
  );
}

function questionRecord(
  { proposed, question, prompt, completions }: Judged,
  { answers, learnt }: Played,
): QuestionRecord {
  const rewards = answers.flatMap(({ groupId, result }) =>
    groupId === proposed.id && result && result.verdict !== 'IE' ? [result.score] : [],
  );
  return {
    type: 'question',
    id: proposed.id,
    problem: question.problem,
    prompt: promptRecord(prompt, completions[0]),
    ...optional('reference', question.reference),
    ...optional(
      'solveRate',
      rewards.length ? rewards.reduce((sum, reward) => sum + reward, 0) / rewards.length : undefined,
    ),
    ...optional('leftOut', learnt.has(proposed.id) ? undefined : true),
  };
}

function promptRecord(prompt: Prompt, completion: Completion | undefined): PromptRecord {
  return {
    messages: prompt.messages.map((message) => ({ ...message })),
    tokenIds: completion?.promptTokenIds ?? [],
    ...optional('prefill', prompt.prefill),
  };
}
