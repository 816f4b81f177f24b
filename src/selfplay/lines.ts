import { optional } from '../base/optional.ts';
import { mean } from '../base/statistics.ts';
import type { Answer, PromptRecord, Proposal, QuestionRecord, StepLine, Tokens, Update } from '../protocol/records.ts';
import type { Completion, Prompt } from '../protocol/runtime.ts';
import type { SelfPlaySettings } from './settings.ts';
import type { Rollouts } from './dynamic-sampling.ts';
import { type Asked, groupsOf, type Rollout, solveRateOf } from './rollout.ts';

/** A step as its file has it: header, prompts, proposals, questions, answers, tokens, updates. */
export function stepLines(
  config: SelfPlaySettings,
  step: number,
  rollouts: Rollouts,
  updates: readonly Update[],
): StepLine[] {
  const { proposals, asked, trainedOn } = rollouts;
  return [
    { type: 'step', step, seed: config.seed },
    ...promptLines(proposals),
    ...proposals.map(proposalLine),
    ...asked.map((item) => questionLine(item, trainedOn.has(item.id))),
    ...asked.flatMap(answerLines),
    ...[...proposals, ...asked.flatMap(({ answers }) => answers.flat())].map(tokensLine),
    ...updates,
  ];
}

function promptLines(proposals: readonly Rollout[]): StepLine[] {
  return [...groupsOf(proposals)].flatMap(([groupId, [first]]) =>
    first ? [{ type: 'prompt' as const, groupId, prompt: promptRecord(first.prompt, first.completion) }] : [],
  );
}

function proposalLine(rollout: Rollout): Proposal {
  return { type: 'proposal', ...sampled(rollout), ...optional('rejection', rollout.rejection) };
}

function questionLine(asked: Asked, isTrainedOn: boolean): QuestionRecord {
  const { id, question, prompts, answers, label, labelled } = asked;
  return {
    type: 'question',
    id,
    statement: question.statement,
    content: question.content,
    prompts: prompts.map((prompt, form) => promptRecord(prompt, answers[form]?.[0]?.completion)),
    ...(question.id === id ? {} : { origin: question.id }),
    ...(labelled ? { labelled: true as const } : {}),
    ...optional('label', label),
    ...optional('solveRate', solveRateOf(asked)),
    ...optional('sameAs', asked.sameAs),
    ...optional('referenceLines', asked.referenceLines),
    ...optional('hiddenDistance', asked.hiddenDistance),
    ...(isTrainedOn ? {} : { skipped: true as const }),
  };
}

function answerLines({ id: questionId, answers }: Asked): Answer[] {
  return answers.flatMap((samples, form) =>
    samples.map((rollout) => ({
      type: 'answer' as const,
      ...sampled(rollout),
      questionId,
      form,
      answer: rollout.grade?.answer ?? '',
      mark: rollout.grade?.mark ?? 'masked',
      ...optional('detail', rollout.grade?.detail),
    })),
  );
}

function sampled({ id, groupId, completion, advantage, reward }: Rollout) {
  const { text, tokenIds, logprobs, finishReason } = completion;
  const meanLogprob = logprobs.length === 0 ? undefined : mean(logprobs);
  return {
    ...{ id, groupId, text, tokens: tokenIds.length, ...optional('meanLogprob', meanLogprob) },
    ...{ finishReason, advantage, ...optional('reward', reward) },
  };
}

function tokensLine({ id, completion: { tokenIds, logprobs } }: Rollout): Tokens {
  return { type: 'tokens', id, tokenIds, logprobs };
}

function promptRecord(prompt: Prompt, completion: Completion | undefined): PromptRecord {
  return {
    messages: prompt.messages.map((message) => ({ ...message })),
    tokenIds: completion?.promptTokenIds ?? [],
    ...optional('prefill', prompt.prefill),
  };
}
