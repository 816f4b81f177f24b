import {
  isRejection,
  sandboxFault,
  type Domain,
  type Judgement,
  type Question,
  type Rejection,
} from '../domains/domain.ts';
import type { DuplicateIndex } from '../domains/near-duplicate.ts';
import type { RunEvent, Stage } from '../protocol/control.ts';
import { uniform } from '../protocol/random.ts';
import type {
  Answer,
  PromptRecord,
  Proposal,
  QuestionRecord,
  StepLine,
  StepMetrics,
  Update,
} from '../protocol/records.ts';
import type {
  Completion,
  GenerateRequest,
  Prompt,
  TrainOptions,
  TrainSequence,
  UpdateRecord,
} from '../protocol/runtime.ts';
import type { Sandbox } from '../sandbox/sandbox.ts';
import type { Config } from './config.ts';
import { measureStep } from './metrics.ts';
import { groupAdvantages, proposerReward, solverReward, truncatedRatios } from './rewards.ts';

/** The model in both of its roles. Implemented over the runtime process. */
export interface Policy {
  generate(requests: GenerateRequest[]): Promise<Completion[][]>;
  countTokens(prompts: readonly Prompt[]): Promise<number[]>;
  /** Trainer's logprobs; `adapter: false` is the reference policy. */
  logprobs(sequences: readonly Sampled[], adapter: boolean): Promise<number[][]>;
  train(sequences: TrainSequence[], options: TrainOptions): Promise<UpdateRecord[]>;
}

/** What a step works with. */
export interface StepContext {
  config: Config;
  domain: Domain;
  policy: Policy;
  sandbox: Sandbox;
  duplicates: DuplicateIndex;
  notify(event: RunEvent): void;
  /** Runs one stage; may run it again from its start when a child process died. */
  stage<T>(stage: Stage, work: () => Promise<T>): Promise<T>;
  /** Seconds spent in each stage of this step so far. */
  seconds(): Record<string, number>;
}

export interface StepResult {
  lines: StepLine[];
  metrics: StepMetrics;
}

/** What the trainer needs to know of a completion. */
export interface Sampled {
  id: string;
  promptTokenIds: readonly number[];
  tokenIds: readonly number[];
  logprobs: readonly number[];
  advantage: number;
}

/** Roles as keys of the random generator. */
const roleKey = { proposer: 0, solver: 1, variant: 2 } as const;

interface Proposed extends Sampled {
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
interface Judged extends Answered {
  judgements: Judgement[];
}

/**
 * One step of self-play (method section 1): the policy proposes questions, answers each of them several times, is
 * rewarded in both roles, and learns. `step` counts from 1. Every stage is a function of the run's seed, the step and
 * the policy, so that a step run again gives the same result.
 */
export async function runStep(context: StepContext, step: number): Promise<StepResult> {
  const proposals = await context.stage('propose', () => propose(context, step));
  const verified = await context.stage('verify', () => parseAndVerify(context, proposals));
  const { accepted, rejections } = turnDownDuplicates(context, step, proposals, verified);
  const answered = await context.stage('solve', () => solve(context, step, accepted));
  const judged = await context.stage('judge', () => judge(context, step, answered));

  const answers = rewardAnswers(context.config, judged);
  const proposalRecords = rewardProposals(context.config, proposals, rejections, judged);
  const updates = await context.stage('update', () =>
    update(context, step, proposals, proposalRecords, judged, answers),
  );

  const lines: StepLine[] = [
    { type: 'step', step, seed: context.config.seed },
    ...promptLines(proposals),
    ...proposalRecords,
    ...judged.map((item) => questionRecord(item, answers)),
    ...answers,
    ...updates,
  ];
  return { lines, metrics: measureStep(context.config, step, lines, context.seconds()) };
}

/** Each proposer prompt is one group; the samples of a group share the prompt and differ by their seed. */
async function propose({ config, domain, policy }: StepContext, step: number): Promise<Proposed[]> {
  const groups = Array.from({ length: config.proposerPrompts }, (_, group) => ({
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
async function solve({ config, domain, policy }: StepContext, step: number, accepted: Accepted[]): Promise<Answered[]> {
  const completions = await policy.generate(
    accepted.map(({ prompt }, index) => ({
      prompt,
      samples: config.answersPerQuestion,
      maxTokens: config.maxAnswerTokens,
      stop: domain.solverStop,
      seed: randomInteger(config.seed, step, roleKey.solver, index),
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

/**
 * A rejected proposal gets 0, unless the fault was ours; an accepted one what its answers say. Advantages are relative to
 * the prompt's group.
 */
function rewardProposals(
  config: Config,
  proposals: readonly Proposed[],
  rejections: ReadonlyMap<string, Rejection>,
  judged: readonly Judged[],
): Proposal[] {
  const rewards = new Map<string, number | undefined>(
    proposals.map(({ id }) => [id, rejections.get(id)?.reason === sandboxFault ? undefined : 0]),
  );
  for (const { proposed, judgements } of judged) {
    const solved = judgements.map(({ reward }) => reward);
    rewards.set(proposed.id, proposerReward(solved, config.proposerReward));
  }
  return [...Map.groupBy(proposals, ({ groupId }) => groupId).values()].flatMap((group) => {
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

/**
 * The solver learns in every step, the proposer in every k-th, after the solver. The old logprobs of both are those of
 * the policy before the step's first update.
 */
async function update(
  { config, policy }: StepContext,
  step: number,
  proposals: readonly Proposed[],
  proposalRecords: readonly Proposal[],
  judged: readonly Judged[],
  answers: readonly Answer[],
): Promise<Update[]> {
  const solverPrompts = new Map(
    judged.map(({ proposed, completions }) => [proposed.id, completions[0]?.promptTokenIds ?? []]),
  );
  const proposerPrompts = new Map(proposals.map(({ id, completion }) => [id, completion.promptTokenIds]));
  const learns = { solver: true, proposer: config.proposerUpdateEvery > 0 && step % config.proposerUpdateEvery === 0 };
  const solver = answers.map((answer) => ({ ...answer, promptTokenIds: solverPrompts.get(answer.groupId) ?? [] }));
  const proposer = proposalRecords.map((record) => ({
    ...record,
    promptTokenIds: proposerPrompts.get(record.id) ?? [],
  }));
  const batches = {
    solver: learns.solver ? await prepare(config, policy, solver) : [],
    proposer: learns.proposer ? await prepare(config, policy, proposer) : [],
  };
  const roles = (['solver', 'proposer'] as const).filter((role) =>
    batches[role].some(({ advantage }) => advantage !== 0),
  );
  const policyLogprobs = roles.length > 1 ? await measurePolicy(config, policy, batches.proposer) : new Map();
  const updates: Update[] = [];
  for (const role of roles) {
    const records = await policy.train(batches[role], trainOptions(config, role));
    updates.push(...records.map((record, index) => updateLine(role, index, record, batches[role], policyLogprobs)));
  }
  return updates;
}

/** So many proposals tell how far sampler and trainer are apart. */
const measuredProposals = 8;

/**
 * Trainer's logprobs of proposals by id, before the solver's update: what the trainer says of them afterwards is said by
 * another policy than the one that sampled them.
 */
async function measurePolicy(
  config: Config,
  policy: Policy,
  batch: readonly TrainSequence[],
): Promise<Map<string, readonly number[]>> {
  const trained = batch.filter(({ advantage }) => advantage !== 0);
  if (oldPolicy(config) === 'trainer') {
    return new Map(trained.map(({ id, oldLogprobs }) => [id, oldLogprobs]));
  }
  const measured = trained.slice(0, measuredProposals).map((sequence) => ({ ...sequence, logprobs: [] }));
  const logprobs = await policy.logprobs(measured, true);
  return new Map(measured.map(({ id }, index) => [id, logprobs[index] ?? []]));
}

/** Ratios of two policies of the trainer need old logprobs of the trainer. */
function oldPolicy({ oldLogprobs, importanceSamplingCorrection }: Config): Config['oldLogprobs'] {
  return importanceSamplingCorrection === 'truncated' ? 'trainer' : oldLogprobs;
}

/** Adds old and reference logprobs and importance weights to what the trainer will look at. */
async function prepare(config: Config, policy: Policy, sampled: readonly Sampled[]): Promise<TrainSequence[]> {
  const used = sampled.filter(({ advantage }) => advantage !== 0 || config.beta > 0);
  const recomputed = oldPolicy(config) === 'trainer' ? await policy.logprobs(used, true) : undefined;
  const reference = config.beta > 0 ? await policy.logprobs(used, false) : undefined;
  const position = new Map(used.map(({ id }, index) => [id, index]));
  return sampled.map(({ id, promptTokenIds, tokenIds, logprobs, advantage }) => {
    const index = position.get(id);
    const known = index === undefined ? undefined : recomputed?.[index];
    const refLogprobs = index === undefined ? undefined : reference?.[index];
    const corrected = config.importanceSamplingCorrection === 'truncated' && known;
    return {
      id,
      promptTokenIds,
      tokenIds,
      advantage,
      oldLogprobs: known ?? logprobs,
      ...optional('refLogprobs', refLogprobs),
      ...(corrected && { importanceWeights: truncatedRatios(corrected, logprobs, config.importanceSamplingCap) }),
    };
  });
}

function trainOptions(config: Config, role: 'solver' | 'proposer'): TrainOptions {
  return {
    lossType: config.lossType,
    epsilonLow: config.epsilonLow,
    epsilonHigh: config.epsilonHigh,
    dualClip: config.dualClip,
    beta: config.beta,
    learningRate: config.learningRate,
    adamBeta1: config.adamBeta1,
    adamBeta2: config.adamBeta2,
    weightDecay: config.weightDecay,
    maxGradNorm: config.maxGradNorm,
    miniBatchSequences: config.miniBatchSequences,
    maxCompletionTokens: role === 'solver' ? config.maxAnswerTokens : config.maxProposalTokens,
  };
}

/** JSON has no NaN: a figure that is not finite is written as null. */
function updateLine(
  role: Update['role'],
  index: number,
  record: UpdateRecord,
  batch: readonly TrainSequence[],
  policyLogprobs: ReadonlyMap<string, readonly number[]>,
): Update {
  const byId = new Map(batch.map((sequence) => [sequence.id, sequence]));
  const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);
  return {
    type: 'update',
    role,
    index,
    ...record,
    loss: finite(record.loss),
    kl: finite(record.kl),
    gradNorm: finite(record.gradNorm),
    sequences: record.sequences.map(({ id, tokenWeight, logprobs }) => {
      const sequence = byId.get(id);
      if (!logprobs || !sequence) {
        return { id, tokenWeight };
      }
      const refLogprobs = sequence.refLogprobs && [...sequence.refLogprobs];
      const before = index === 0 ? policyLogprobs.get(id) : undefined;
      return {
        id,
        tokenWeight,
        logprobs,
        oldLogprobs: [...sequence.oldLogprobs],
        ...optional('refLogprobs', refLogprobs),
        ...optional('importanceWeights', sequence.importanceWeights && [...sequence.importanceWeights]),
        ...optional('policyLogprobs', before && [...before]),
      };
    }),
  };
}

function promptLines(proposals: readonly Proposed[]): StepLine[] {
  const groups = Map.groupBy(proposals, ({ groupId }) => groupId);
  return [...groups].flatMap(([groupId, [first]]) =>
    first ? [{ type: 'prompt' as const, groupId, prompt: promptRecord(first.prompt, first.completion) }] : [],
  );
}

function questionRecord(
  { proposed, question, prompt, completions }: Judged,
  answers: readonly Answer[],
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
  };
}

function promptRecord(prompt: Prompt, completion: Completion | undefined): PromptRecord {
  return {
    messages: prompt.messages.map((message) => ({ ...message })),
    tokenIds: completion?.promptTokenIds ?? [],
    ...optional('prefill', prompt.prefill),
  };
}

function sampling({ temperature, topP, topK }: Config): Pick<GenerateRequest, 'temperature' | 'topP' | 'topK'> {
  return { temperature, topP, topK };
}

/** An integer in [0, 2^31) drawn from the counter-based generator. */
function randomInteger(...key: number[]): number {
  return Math.floor(uniform(...key) * 2 ** 31);
}

/** `{ [name]: value }`, or nothing where the value is undefined (exactOptionalPropertyTypes). */
function optional<Name extends string, T>(name: Name, value: T | undefined): { [K in Name]?: T } {
  return value === undefined ? {} : ({ [name]: value } as { [K in Name]?: T });
}
