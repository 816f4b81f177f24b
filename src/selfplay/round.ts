import { isRejection, type Judgement, type Question, type Rejection } from '../domains/domain.ts';
import type { DuplicateIndex } from '../domains/near-duplicate.ts';
import { uniform } from '../base/random.ts';
import type { Answer } from '../protocol/records.ts';
import type { Completion, GenerateRequest, Prompt } from '../protocol/runtime.ts';
import type { SelfPlaySettings as Config } from './settings.ts';
import type { Sampled, StepContext } from './context.ts';
import { optional } from '../base/optional.ts';
import { groupAdvantages, solverReward } from './rewards.ts';

/** Roles as keys of the random generator. */
const roleKey = { proposer: 0, solver: 1, variant: 2 } as const;

export interface Proposed extends Sampled {
  groupId: string;
  prompt: Prompt;
  completion: Completion;
}
interface Accepted {
  proposed: Proposed;
  question: Question;
  prompt: Prompt;
}
interface Answered extends Accepted {
  completions: Completion[];
}
export interface Judged extends Answered {
  judgements: Judgement[];
}

/** What was asked and answered: of one round, or of a step's rounds together. */
export interface Round {
  proposals: readonly Proposed[];
  rejections: ReadonlyMap<string, Rejection>;
  judged: readonly Judged[];
  answers: readonly Answer[];
}

export const noRound: Round = { proposals: [], rejections: new Map(), judged: [], answers: [] };

/**
 * `prompts` proposer prompts become proposals, questions, answers and rewards. Ids and seeds go on behind those of
 * `before`, the step's rounds so far. Every stage is a function of the run's seed, the step, `before` and the policy.
 */
export async function playRound(context: StepContext, step: number, prompts: number, before: Round): Promise<Round> {
  const firstGroup = groupsOf(before.proposals).size;
  const proposals = await context.stage('propose', () => propose(context, step, firstGroup, prompts));
  const verified = await context.stage('verify', () => parseAndVerify(context, proposals));
  const { accepted, rejections } = turnDownDuplicates(context, step, proposals, verified);
  const answered = await context.stage('solve', () => solve(context, step, before.judged.length, accepted));
  const judged = await context.stage('judge', () => judge(context, step, answered));
  return { proposals, rejections, judged, answers: rewardAnswers(context.config, judged) };
}

export function joinRounds(a: Round, b: Round): Round {
  return {
    proposals: [...a.proposals, ...b.proposals],
    rejections: new Map([...a.rejections, ...b.rejections]),
    judged: [...a.judged, ...b.judged],
    answers: [...a.answers, ...b.answers],
  };
}

/** Proposals by the proposer prompt that they share. */
export function groupsOf(proposals: readonly Proposed[]): Map<string, Proposed[]> {
  return Map.groupBy(proposals, ({ groupId }) => groupId);
}
/** Each proposer prompt is one group; the samples of a group share the prompt and differ by their seed. */
async function propose(
  { config, domain, policy }: StepContext,
  step: number,
  first: number,
  count: number,
): Promise<Proposed[]> {
  const groups = Array.from({ length: count }, (_, index) => first + index).map((group) => ({
    id: `p${step}.${group}`,
    prompt: domain.proposerPrompt(config.topic, randomInteger(config.seed, step, roleKey.variant, group)),
    seed: randomInteger(config.seed, step, roleKey.proposer, group),
  }));
  const completions = await policy.generate(
    groups.map(({ prompt, seed }) => ({
      prompt,
      seed,
      samples: config.proposalsPerPrompt,
      maxTokens: config.maxProposalTokens,
      stop: domain.proposerStop,
      ...sampling(config),
    })),
  );
  return groups.flatMap(({ id, prompt }, group) =>
    (completions[group] ?? []).map((completion, sample) => ({
      id: `${id}.${sample}`,
      groupId: id,
      prompt,
      completion,
      ...completion,
      advantage: 0,
    })),
  );
}

/** Proposals that parse become drafts, drafts that pass every guard become questions. */
async function parseAndVerify(context: StepContext, proposals: readonly Proposed[]): Promise<(Question | Rejection)[]> {
  const { domain, sandbox, policy, config } = context;
  const parsed = proposals.map(({ prompt, completion }) => domain.parse((prompt.prefill ?? '') + completion.text));
  const drafts = parsed.flatMap((draft, index) =>
    isRejection(draft) ? [] : [{ draft, id: proposals[index]?.id ?? '' }],
  );
  const results = await domain.verify(
    drafts.map(({ draft }) => draft),
    drafts.map(({ id }) => id),
    sandbox,
  );
  const questions = results.flatMap((result) => (isRejection(result) ? [] : [result]));
  const lengths = await policy.countTokens(questions.map((question) => domain.solverPrompt(question)));
  const tooLong = new Set(questions.filter((_, index) => (lengths[index] ?? 0) > config.maxPromptTokens));
  return parsed.map((draft) => {
    const result = isRejection(draft) ? draft : (results.shift() ?? unverified);
    return !isRejection(result) && tooLong.has(result)
      ? { reason: 'too_long', detail: `Its prompt is longer than ${config.maxPromptTokens} tokens.` }
      : result;
  });
}

const unverified: Rejection = { reason: 'not_verified', detail: 'The domain gave no result for it.' };

/** A question too like one of this run, this step included, is turned down; the others are remembered. */
function turnDownDuplicates(
  { domain, duplicates, notify }: StepContext,
  step: number,
  proposals: readonly Proposed[],
  verified: readonly (Question | Rejection)[],
): { accepted: Accepted[]; rejections: Map<string, Rejection> } {
  const accepted: Accepted[] = [];
  const rejections = new Map<string, Rejection>();
  proposals.forEach((proposed, index) => {
    const question = verified[index] ?? unverified;
    const rejection = isRejection(question) ? question : duplicateOf(duplicates, question);
    if (rejection) {
      rejections.set(proposed.id, rejection);
    } else if (!isRejection(question)) {
      duplicates.add(proposed.id, question.problem.statement);
      accepted.push({ proposed, question, prompt: domain.solverPrompt(question) });
    }
    const statement = isRejection(question) ? undefined : question.problem.statement;
    notify({
      type: 'proposal',
      step,
      id: proposed.id,
      ...(statement === undefined ? {} : { statement }),
      ...(rejection ? { rejection } : {}),
    });
  });
  return { accepted, rejections };
}

function duplicateOf(duplicates: DuplicateIndex, question: Question): Rejection | undefined {
  const nearest = duplicates.nearest(question.problem.statement);
  if (!nearest?.duplicate) {
    return undefined;
  }
  const likeness = `${Math.round(nearest.similarity * 100)} %`;
  return { reason: 'near_duplicate', detail: `Its statement is ${likeness} like that of ${nearest.id}.` };
}

/** Every accepted question is answered N times. The solver sees the statement and the signature, nothing else. */
async function solve(
  { config, domain, policy }: StepContext,
  step: number,
  first: number,
  accepted: Accepted[],
): Promise<Answered[]> {
  const completions = await policy.generate(
    accepted.map(({ prompt }, index) => ({
      prompt,
      samples: config.answersPerQuestion,
      maxTokens: config.maxAnswerTokens,
      stop: domain.solverStop,
      seed: randomInteger(config.seed, step, roleKey.solver, first + index),
      ...sampling(config),
    })),
  );
  return accepted.map((item, index) => ({ ...item, completions: completions[index] ?? [] }));
}

async function judge({ domain, sandbox, notify }: StepContext, step: number, answered: Answered[]): Promise<Judged[]> {
  return Promise.all(
    answered.map(async (item) => {
      const texts = item.completions.map(({ text }) => (item.prompt.prefill ?? '') + text);
      const judgements = await domain.judge(item.question, texts, sandbox);
      const rewards = judgements.flatMap(({ reward }) => (reward === undefined ? [] : [reward]));
      notify({
        type: 'question',
        step,
        id: item.proposed.id,
        statement: item.question.problem.statement,
        verdicts: judgements.map(({ result, reward }) => result?.verdict ?? String(reward ?? '?')),
        solveRate: rewards.length === 0 ? null : rewards.reduce((sum, reward) => sum + reward, 0) / rewards.length,
      });
      return { ...item, judgements };
    }),
  );
}

function rewardAnswers(config: Config, judged: readonly Judged[]): Answer[] {
  return judged.flatMap(({ proposed, completions, judgements }) => {
    const rewards = judgements.map((judgement) => solverReward(judgement, config.solverReward));
    const advantages = groupAdvantages(rewards);
    return completions.map(({ text, tokenIds, logprobs, finishReason }, index) => ({
      type: 'answer' as const,
      id: `${proposed.id}/${index}`,
      groupId: proposed.id,
      text,
      tokenIds,
      logprobs,
      finishReason,
      answer: judgements[index]?.answer ?? '',
      advantage: advantages[index] ?? 0,
      ...optional('reward', rewards[index]),
      ...optional('result', judgements[index]?.result),
    }));
  });
}

function sampling({ temperature, topP, topK }: Config): Pick<GenerateRequest, 'temperature' | 'topP' | 'topK'> {
  return { temperature, topP, topK };
}

/** An integer in [0, 2^31) drawn from the counter-based generator. */
function randomInteger(...key: number[]): number {
  return Math.floor(uniform(...key) * 2 ** 31);
}
