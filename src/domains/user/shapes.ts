import * as z from 'zod';
import { JsonValue, isWithinDepth } from '../../protocol/json.ts';
import type { Prompt } from '../../protocol/runtime.ts';

/** Longest texts that a domain may give, characters. */
export const longest = { statement: 4000, prompt: 20_000, value: 200, question: 20_000, rejection: 300 };

/** Levels of nesting of a question. */
const questionDepth = 20;

/** Names of the functions that a domain must have, and of those that it may have. */
export const functionNames = {
  required: ['propose', 'parse', 'statement', 'ask'],
  optional: ['value', 'truth', 'reward', 'grade', 'key', 'tags'],
} as const;
export type FunctionName = (typeof functionNames.required)[number] | (typeof functionNames.optional)[number];

/** What each function is called with, for messages. */
export const parametersOf: Readonly<Record<FunctionName, string>> = {
  propose: 'variant, topic',
  parse: 'proposal',
  statement: 'question',
  ask: 'question',
  value: 'question, answer',
  truth: 'question',
  reward: 'question, answers',
  grade: 'question, answer',
  key: 'question',
  tags: 'question',
};

const Stops = z.array(z.string().min(1).max(100)).max(8);

/** What a domain says of itself, besides its functions. */
export const Facts = z.object({
  name: z.string().regex(/^[a-z][a-z0-9-]{0,39}$/),
  description: z.string().max(300).default(''),
  proposalStop: Stops.default([]),
  answerStop: Stops.default([]),
  settings: z.record(z.string(), z.number()).default({}),
  functions: z.array(z.string()),
});
export type Facts = z.infer<typeof Facts>;

/** What {@link Facts} expects, in words, by field. */
export const factWords: Readonly<Record<string, string>> = {
  name: 'lower-case letters, digits and -, at most 40, a letter first',
  description: 'a text of at most 300 characters',
  proposalStop: 'at most 8 texts of 1 to 100 characters',
  answerStop: 'at most 8 texts of 1 to 100 characters',
  settings: 'numbers by the names of settings',
};

/** What one function has to return: the check, and how a person is told of it. */
export interface Expected<T> {
  schema: z.ZodType<T>;
  words: string;
}

const text = (most: number) => z.string().min(1).max(most);
const share = z.number().min(0).max(1);

const PromptText = z.union([
  text(longest.prompt).transform((user): Prompt => ({ messages: [{ role: 'user', content: user }] })),
  z
    .strictObject({
      system: z.string().max(longest.prompt).optional(),
      user: text(longest.prompt),
      prefill: z.string().max(1000).optional(),
    })
    .transform(({ system, user, prefill }): Prompt => ({
      messages: [
        ...(system === undefined ? [] : [{ role: 'system' as const, content: system }]),
        { role: 'user', content: user },
      ],
      ...(prefill === undefined ? {} : { prefill }),
    })),
]);

/** A question of a user's domain: any JSON but null. */
export const QuestionData = JsonValue.refine(
  (value) => value !== null && isWithinDepth(value, questionDepth) && JSON.stringify(value).length <= longest.question,
);

const Rejected = z.strictObject({ rejected: text(longest.rejection) });

/** A value as it is compared: equal values have equal texts. */
const Value = z.union([z.string().max(longest.value), z.number()]).transform((value) => String(value).trim());

const promptWords = `a text, or {user, system?, prefill?}, of 1 to ${longest.prompt} characters`;
const valueWords = `a number or a text of at most ${longest.value} characters`;

/** What every function has to return; of `reward` see {@link expectedRewards}. */
export const expected = {
  propose: { schema: PromptText, words: promptWords },
  parse: {
    schema: z.union([Rejected, QuestionData]),
    words: `a question (JSON data of at most ${longest.question} characters), or {rejected: "why not"}`,
  },
  statement: { schema: text(longest.statement), words: `a text of 1 to ${longest.statement} characters` },
  ask: { schema: PromptText, words: promptWords },
  value: { schema: z.union([z.null(), Value]), words: `${valueWords}, or null where the answer cannot be read` },
  truth: { schema: z.union([z.null(), Value]), words: `${valueWords}, or null where it is not known` },
  grade: { schema: z.union([z.null(), share]), words: 'a number from 0 to 1, or null where the answer cannot be read' },
  key: { schema: text(1000), words: 'a text of 1 to 1000 characters' },
  tags: { schema: z.array(text(40)).max(8), words: 'at most 8 texts of 1 to 40 characters' },
} as const;

/** What `reward` has to return for so many answers. */
export function expectedRewards(count: number): Expected<(number | null)[]> {
  return {
    schema: z.array(z.union([z.null(), share])).length(count),
    words: `${count} numbers from 0 to 1, one for each answer, or null where one cannot be read`,
  };
}

/** A question with everything that is asked about it later: no record needs the domain's file to be read. */
export const UserContent = z.object({
  question: z.unknown(),
  prompt: z.custom<Prompt>((value) => typeof value === 'object' && value !== null && 'messages' in value),
  key: z.string(),
  /** The right value, from the row of a file or from the domain's `truth`. */
  truth: z.string().optional(),
  tags: z.array(z.string()).optional(),
});
export type UserContent = z.infer<typeof UserContent>;

/** A line of `questions.jsonl`, or of a pool of labelled questions. */
export const QuestionRow = z.strictObject({
  question: QuestionData,
  /** The right answer as `value` gives it. */
  answer: z.union([z.string(), z.number()]).optional(),
  id: z.string().min(1).max(100).optional(),
});
