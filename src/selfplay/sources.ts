import { uniform } from '../base/random.ts';
import { optional } from '../base/optional.ts';
import { type Domain, type Fingerprint, isRejection, type Question, type Rejection } from '../domains/domain.ts';
import { shownTextLength } from '../protocol/control.ts';
import type { SelfPlaySettings } from './settings.ts';
import type { Drawn, QuestionSource, StepContext } from './context.ts';
import type { Rollout } from './rollout.ts';
import { groupsOf, textOf } from './rollout.ts';
import { drawInteger, randomKeys, samplingOf } from './sampling.ts';

/** The policy itself, as proposer (method section 1). */
export const proposerSource: QuestionSource = {
  async draw(context, step, groups, before) {
    const first = groupsOf(before.proposals).size;
    const proposals = await context.stage('propose', () => propose(context, step, first, groups));
    const verified = await context.stage('verify', () => parseAndVerify(context, proposals));
    return acceptNew(context, step, proposals, verified);
  },
};

/**
 * Questions made beforehand, each as often as every other: shuffled again for every pass by the run's seed. `labelled`:
 * their truth is known and answers are graded by it. `share` of a step's questions, in (0, 1].
 */
export function poolSource(
  questions: readonly Question[],
  { labelled, share = 1 }: { labelled: boolean; share?: number },
): QuestionSource {
  return {
    async draw({ config, domain }, step, groups, before) {
      const perStep = config.proposerPrompts * config.proposalsPerPrompt * share;
      const start = Math.floor((step - 1) * perStep);
      const count = poolCount(config, step, groups, share);
      const at = shuffled(questions, config.seed);
      const known = before.asked.filter(({ id }) => id.startsWith(prefix(labelled)));
      const drawn = Array.from({ length: count }, (_, index): Drawn => {
        const position = known.length + index;
        const question = at(start + position);
        return drawnOf(domain, `${prefix(labelled)}${step}.${position}`, question, labelled);
      });
      return { proposals: [], drawn };
    },
  };
}

/**
 * The proposer's questions in the first `steps`, afterwards those that they left to train on: `collected` gives them, and is
 * called once.
 */
export function beforehandSource(steps: number, collected: () => readonly Question[]): QuestionSource {
  let pool: QuestionSource | undefined;
  return {
    draw(context, step, groups, before) {
      if (step <= steps) {
        return proposerSource.draw(context, step, groups, before);
      }
      pool ??= poolSource(collected(), { labelled: false });
      return pool.draw(context, step, groups, before);
    },
  };
}

function drawnOf(domain: Domain, id: string, question: Question, labelled: boolean): Drawn {
  const referenceLines = domain.proposer.referenceLines?.(question);
  const prompts = domain.solver.prompts(question);
  return { id, question, labelled, prompts, ...optional('referenceLines', referenceLines) };
}

const prefix = (labelled: boolean): string => (labelled ? 'd' : 'q');

/** Questions of a pool in this round: fractions of a question add up over the steps. */
function poolCount(
  { proposerPrompts, proposalsPerPrompt }: SelfPlaySettings,
  step: number,
  groups: number,
  share: number,
): number {
  if (groups < proposerPrompts) {
    return Math.ceil(groups * proposalsPerPrompt * share);
  }
  const perStep = groups * proposalsPerPrompt * share;
  return Math.floor(step * perStep) - Math.floor((step - 1) * perStep);
}

/** The endless sequence of shuffled passes: gives the question at a position. A pass is put in order once. */
function shuffled(questions: readonly Question[], seed: number): (position: number) => Question {
  const passes = new Map<number, Question[]>();
  const order = (pass: number): Question[] =>
    questions
      .map((question, index) => ({ question, rank: uniform(seed, randomKeys.pool, pass, index) }))
      .sort((a, b) => a.rank - b.rank)
      .map(({ question }) => question);
  return (position) => {
    const pass = Math.floor(position / questions.length);
    const questionsOfPass = passes.get(pass) ?? order(pass);
    passes.set(pass, questionsOfPass);
    const question = questionsOfPass[position % questions.length];
    if (!question) {
      throw new RangeError('A pool needs at least one question.');
    }
    return question;
  };
}

/** Several sources at once; the proposer's prompts that the pools replace are not sampled. `pooled`: their share. */
export function mixtureSource(pools: readonly QuestionSource[], pooled: number): QuestionSource {
  return {
    async draw(context, step, groups, before) {
      const proposing = Math.round(groups * (1 - pooled));
      const parts = [
        ...(proposing > 0 ? [await proposerSource.draw(context, step, proposing, before)] : []),
        ...(await Promise.all(pools.map((pool) => pool.draw(context, step, groups, before)))),
      ];
      return { proposals: parts.flatMap(({ proposals }) => proposals), drawn: parts.flatMap(({ drawn }) => drawn) };
    },
  };
}

/** Each proposer prompt is one group; the samples of a group share the prompt and differ by their seed. */
async function propose(
  { config, domain, policy }: StepContext,
  step: number,
  first: number,
  count: number,
): Promise<Rollout[]> {
  const groups = Array.from({ length: count }, (_, index) => first + index).map((group) => {
    const variant = drawInteger(config.seed, step, randomKeys.variant, group);
    const seed = drawInteger(config.seed, step, randomKeys.proposer, group);
    return { id: `p${step}.${group}`, variant, prompt: domain.proposer.prompt(variant), seed };
  });
  const completions = await policy.generate(
    groups.map(({ prompt, seed }) => ({
      prompt,
      seed,
      samples: config.proposalsPerPrompt,
      maxTokens: config.maxProposalTokens,
      stop: domain.proposer.stop,
      ...samplingOf(config),
    })),
  );
  return groups.flatMap(({ id, variant, prompt }, group) =>
    (completions[group] ?? []).map((completion, sample) => ({
      id: `${id}.${sample}`,
      groupId: id,
      ...{ variant, prompt, completion },
      advantage: 0,
    })),
  );
}

type Verified = Question | Rejection;

/** Proposals that parse become drafts, drafts that pass every guard become questions. One entry for each proposal. */
async function parseAndVerify(context: StepContext, proposals: readonly Rollout[]): Promise<Verified[]> {
  const { domain, policy, config } = context;
  const parsed = proposals.map((proposal) => ({
    id: proposal.id,
    draft: domain.proposer.parse(textOf(proposal), proposal.variant ?? 0),
  }));
  const drafts = parsed.filter(({ draft }) => !isRejection(draft));
  const results = await domain.proposer.verify(drafts);
  const byId = new Map(drafts.map(({ id }, index) => [id, results[index]]));
  const questions = results.filter((result): result is Question => !isRejection(result));
  const prompts = questions.map((question) => domain.solver.prompts(question));
  const lengths = (await policy.countTokens(prompts.flat())).values();
  const longest = prompts.map((forms) => Math.max(...forms.map(() => lengths.next().value ?? 0)));
  const tooLong = new Set(questions.filter((_, index) => (longest[index] ?? 0) > config.maxPromptTokens));
  return parsed.map(({ id, draft }): Verified => {
    const result = isRejection(draft) ? draft : byId.get(id);
    if (!result) {
      throw new RangeError(`The domain ${domain.name} gave no result for the proposal ${id}.`);
    }
    return !isRejection(result) && tooLong.has(result)
      ? { reason: 'prompt_too_long', detail: `Its prompt is longer than ${config.maxPromptTokens} tokens.` }
      : result;
  });
}

/**
 * A question that the run is evaluated on, or that it has asked already, this step included, is rejected; the others are
 * remembered.
 */
function acceptNew(
  context: StepContext,
  step: number,
  proposals: readonly Rollout[],
  verified: readonly Verified[],
): { proposals: Rollout[]; drawn: Drawn[] } {
  const { domain, duplicates, notify } = context;
  const drawn: Drawn[] = [];
  const judged = proposals.map((proposal, index): Rollout => {
    const result = verified[index];
    const question = result && !isRejection(result) ? result : undefined;
    const fingerprint = question && domain.proposer.fingerprint(question);
    const rejection = isRejection(result) ? result : fingerprint && duplicateOf(context, fingerprint);
    if (question && fingerprint && !rejection) {
      const sameAs = duplicates.behavingAlike(fingerprint);
      duplicates.add(proposal.id, fingerprint);
      drawn.push({ ...drawnOf(domain, proposal.id, question, false), ...optional('sameAs', sameAs) });
    }
    notify({
      type: 'proposal',
      step,
      id: proposal.id,
      ...(question ? { statement: question.statement } : {}),
      ...(rejection ? { rejection, text: textOf(proposal).slice(0, shownTextLength) } : {}),
    });
    return rejection ? { ...proposal, rejection } : proposal;
  });
  return { proposals: judged, drawn };
}

function duplicateOf({ config, duplicates, heldOut }: StepContext, fingerprint: Fingerprint): Rejection | undefined {
  const kept = heldOut.nearest(fingerprint);
  if (kept?.duplicate) {
    return { reason: 'held_out', detail: `The run is evaluated on this question, or one much like it (${kept.id}).` };
  }
  const nearest = duplicates.nearest(fingerprint);
  if (nearest?.duplicate) {
    const likeness = nearest.similarity === 1 ? 'It is' : `Its statement is ${Math.round(nearest.similarity * 100)} %`;
    return { reason: 'near_duplicate', detail: `${likeness} like that of ${nearest.id}.` };
  }
  const sameAs = config.behaviourDuplicates === 'reject' ? duplicates.behavingAlike(fingerprint) : undefined;
  return sameAs === undefined
    ? undefined
    : { reason: 'same_behaviour', detail: `Its reference solution does the same as that of ${sameAs}.` };
}
