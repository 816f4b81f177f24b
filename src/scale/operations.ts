import * as z from 'zod';
import { optional } from '../base/optional.ts';
import type { Config } from '../config/tables.ts';
import { type Domain, type Fingerprint, isRejection } from '../domains/domain.ts';
import { minHash } from '../domains/near-duplicate.ts';
import type { Question } from '../protocol/question.ts';
import { StepLine } from '../protocol/records.ts';
import type { Prompt } from '../protocol/runtime.ts';
import { measureStep } from '../selfplay/metrics.ts';
import { answerGroup } from '../selfplay/rollout.ts';
import { describeIssues } from '../sandbox/http/batch.ts';
import { drawInteger, randomKeys } from '../selfplay/sampling.ts';

/** What an operation works with: the domain and the settings of the run that asks. */
export interface Play {
  domain: Domain;
  config: Config;
}

/**
 * One operation of self-play for a trainer that is not this program. Every operation is a function of its request: a server
 * keeps nothing between two of them, so that any number of servers can stand behind one address.
 */
export interface Operation {
  /** Throws {@link UnfitRequest} that names the field where the body does not fit. */
  prepare(body: unknown): Prepared;
}

/** A request that was read. */
export interface Prepared {
  /** What back-pressure counts: prompts, proposals, questions or answers. */
  items: number;
  run(play: Play): unknown;
}

/** A request that does not fit the domain: told to the client by name. */
export class UnfitRequest extends Error {}

function operation<Body>(of: {
  body: z.ZodType<Body>;
  items(body: Body): number;
  run(body: Body, play: Play): unknown;
}): Operation {
  return {
    prepare(raw) {
      const body = of.body.safeParse(raw);
      if (!body.success) {
        throw new UnfitRequest(describeIssues(body.error));
      }
      return { items: of.items(body.data), run: (play) => of.run(body.data, play) };
    },
  };
}

/** Most entries of one request. */
const mostEntries = 10_000;
const listOf = <Item extends z.ZodType>(item: Item) => z.array(item).min(1).max(mostEntries);

const Proposals = z.strictObject({ proposals: listOf(z.strictObject({ id: z.string(), text: z.string() })) });

const QuestionBody = z.strictObject({ id: z.string(), statement: z.string(), content: z.unknown() });
const answered = <Answers extends z.ZodType>(answers: Answers) =>
  z.strictObject({ items: listOf(z.strictObject({ question: QuestionBody, answers })) });

/** The prompts of `count` proposer groups of a step, from group `first` on. */
const propose = operation({
  body: z.strictObject({
    step: z.number().int().min(1),
    first: z.number().int().min(0),
    count: z.number().int().min(1).max(mostEntries),
  }),
  items: ({ count }) => count,
  run({ step, first, count }, { domain, config }) {
    const groups = Array.from({ length: count }, (_, index) => first + index).map((group) => ({
      id: `p${step}.${group}`,
      seed: drawInteger(config.seed, step, randomKeys.proposer, group),
      prompt: withStops(
        domain.proposer.prompt(drawInteger(config.seed, step, randomKeys.variant, group)),
        domain.proposer.stop,
      ),
    }));
    return { groups };
  },
});

/** The variant of the prompt that {@link propose} gave for a proposal's group, by its id `p<step>.<group>.<sample>`. */
function variantOf(id: string, seed: number): number {
  const [, step, group] = /^p(\d+)\.(\d+)/.exec(id) ?? [];
  return step === undefined || group === undefined
    ? 0
    : drawInteger(seed, Number(step), randomKeys.variant, Number(group));
}

/** Whether proposals can be read: by format alone, nothing is run. Null where one can. */
const parse = operation({
  body: Proposals,
  items: ({ proposals }) => proposals.length,
  run: ({ proposals }, { domain, config }) => ({
    results: proposals.map(({ id, text }) => {
      const draft = domain.proposer.parse(text, variantOf(id, config.seed));
      return { id, rejection: isRejection(draft) ? draft : null };
    }),
  }),
});

/** Proposals that pass every guard become questions. One result for each proposal, in order. */
const verify = operation({
  body: Proposals,
  items: ({ proposals }) => proposals.length,
  async run({ proposals }, { domain, config }) {
    const parsed = proposals.map(({ id, text }) => ({
      id,
      draft: domain.proposer.parse(text, variantOf(id, config.seed)),
    }));
    const drafts = parsed.filter(({ draft }) => !isRejection(draft));
    const verified = (await domain.proposer.verify(drafts)).values();
    const results = parsed.map(({ id, draft }) => {
      const result = isRejection(draft) ? draft : verified.next().value;
      if (result === undefined) {
        throw new RangeError(`The domain ${domain.name} gave no result for the proposal ${id}.`);
      }
      return isRejection(result) ? { id, rejection: result } : { id, ...known(domain, result) };
    });
    return { results };
  },
});

/** What makes questions the same, for a trainer that has read them from a run folder. */
const fingerprint = operation({
  body: z.strictObject({ questions: listOf(QuestionBody) }),
  items: ({ questions }) => questions.length,
  run: ({ questions }, { domain }) => ({
    results: questions.map((question) => known(domain, questionOf(domain, question))),
  }),
});

/**
 * The prompts of questions, one for each form, with the seed and the group's name of each. `first`: position in the step
 * of the first of them, on which seeds depend.
 */
const solve = operation({
  body: z.strictObject({
    step: z.number().int().min(1),
    first: z.number().int().min(0),
    questions: listOf(QuestionBody),
  }),
  items: ({ questions }) => questions.length,
  run: ({ step, first, questions }, { domain, config }) => ({
    results: questions.map((body, index) => {
      const question = questionOf(domain, body);
      const forms = domain.solver.prompts(question).map((prompt, form) => ({
        groupId: answerGroup(question.id, form),
        seed: drawInteger(config.seed, step, randomKeys.solver, first + index, ...(form === 0 ? [] : [form])),
        prompt: withStops(prompt, domain.solver.stop),
      }));
      return { id: question.id, forms };
    }),
  }),
});

const Rewarded = answered(z.array(z.array(z.string())));

/** Grades of all answers to each question together ([form][sample]), by tests or by the label that they elect. */
const reward = operation({
  body: Rewarded,
  items: ({ items }) => items.reduce((sum, { answers }) => sum + answers.flat().length, 0),
  run: async ({ items }, { domain }) => ({
    results: await Promise.all(
      items.map(async ({ question, answers }) => {
        const asked = questionOf(domain, question);
        const forms = domain.solver.prompts(asked).length;
        if (answers.length !== forms) {
          throw new UnfitRequest(`The question ${asked.id} has ${forms} forms, and answers to ${answers.length} came.`);
        }
        return { id: asked.id, ...(await domain.reward(asked, answers)) };
      }),
    ),
  }),
});

const Graded = answered(z.array(z.string()));

/** Grades of answers to the first form of each question by its known truth; null where the question does not hold it. */
const grade = operation({
  body: Graded,
  items: ({ items }) => items.reduce((sum, { answers }) => sum + answers.length, 0),
  run: async ({ items }, { domain }) => ({
    results: await Promise.all(
      items.map(async ({ question, answers }) => {
        const asked = questionOf(domain, question);
        const grades = await Promise.all(answers.map(async (text) => (await domain.grade(asked, text)) ?? null));
        return { id: asked.id, grades };
      }),
    ),
  }),
});

const Measured = z.strictObject({
  step: z.number().int().min(1),
  seconds: z.record(z.string(), z.number()),
  lines: z.array(StepLine),
});

/** The figures of a step from its records: the line of metrics.jsonl. */
const measure = operation({
  body: Measured,
  items: () => 1,
  run: ({ step, seconds, lines }, { config }) => ({
    metrics: measureStep(config, step, lines, { seconds, time: new Date() }),
  }),
});

/** Every operation by the last part of its path. */
export const operations: ReadonlyMap<string, Operation> = new Map(
  Object.entries({ propose, parse, verify, fingerprint, solve, reward, grade, measure }),
);

/** A question with all that a trainer keeps of it. */
function known(domain: Domain, question: Question) {
  return {
    question,
    fingerprint: wireFingerprint(domain.proposer.fingerprint(question)),
    ...optional('referenceLines', domain.proposer.referenceLines?.(question)),
  };
}

/** A fingerprint as it is sent: in place of a text its MinHash, from which a trainer computes similarities itself. */
export function wireFingerprint({ text, ...keys }: Fingerprint) {
  return { ...keys, ...optional('signature', text === undefined ? undefined : signatureOf(text)) };
}

/** MinHash of a text: 32-bit numbers, little-endian, in base64. */
function signatureOf(text: string): string {
  const hashes = minHash(text);
  const bytes = Buffer.alloc(4 * hashes.length);
  hashes.forEach((hash, index) => bytes.writeUInt32LE(hash, 4 * index));
  return bytes.toString('base64');
}

function questionOf(domain: Domain, { id, statement, content }: z.infer<typeof QuestionBody>): Question {
  const parsed = domain.content.safeParse(content);
  if (!parsed.success) {
    const where = parsed.error.issues[0]?.path.map(String).join('.') ?? '';
    throw new UnfitRequest(`The content of the question ${id} is none of the domain ${domain.name} (${where}).`);
  }
  return { id, statement, content: parsed.data };
}

/** The prompt with all texts that end its completion. */
function withStops(prompt: Prompt, stop: readonly string[]): Prompt {
  return { ...prompt, stop: [...(prompt.stop ?? []), ...stop] };
}
