import * as z from 'zod';
import { JudgeResult } from './problem.ts';

/**
 * What an answer is worth in one word, whatever the domain: the only thing that shared code looks at.
 * right: full reward; partial: some of it; wrong: none; unparsable: nothing in it could be judged; masked: it could not
 * be judged through a fault of ours, so it counts for nothing.
 */
export const marks = ['right', 'partial', 'wrong', 'unparsable', 'masked'] as const;
/** One of {@link marks}. */
export const Mark = z.enum(marks);
export type Mark = z.infer<typeof Mark>;

/** What a domain has to say about an answer beyond its mark. */
export const Detail = z.discriminatedUnion('kind', [
  /** The answer was run against tests. */
  z.object({ kind: z.literal('tests'), result: JudgeResult }),
  /** The answer was compared with the label that the answers to its question elected. */
  z.object({
    kind: z.literal('vote'),
    /** The elected value; null where there was none. */
    label: z.string().nullable(),
    /** Answers to the same form of the question with the same value, this one included; of how many. */
    votes: z.number().int(),
    of: z.number().int(),
    /** Whether the answer is true, where the truth can be computed. Never part of a reward. */
    correct: z.boolean().optional(),
    /** Whether the answer is one of the numbers that the question shows, where that is suspicious. */
    copied: z.boolean().optional(),
  }),
  /** The answer was compared with the known value. */
  z.object({ kind: z.literal('value'), expected: z.string() }),
  /** What there is to say in words, such as why an answer is masked. */
  z.object({ kind: z.literal('note'), text: z.string() }),
]);
export type Detail = z.infer<typeof Detail>;

/** A judged answer. */
export const Grade = z.object({
  mark: Mark,
  /** In [0, 1]; absent exactly where the mark is `masked`. */
  reward: z.number().min(0).max(1).optional(),
  /** What was extracted from the completion and judged; empty where nothing could be. */
  answer: z.string(),
  detail: Detail.optional(),
});
export type Grade = z.infer<typeof Grade>;

/** What the answers to a question elected as its answer, where a domain knows no tests. */
export const Label = z.object({
  /** Null: no value won. */
  value: z.string().nullable(),
  /** Share of all answers that have the most frequent value, in [0, 1]. */
  majorityRatio: z.number(),
  /** Share of pairs of forms whose most frequent values agree, in [0, 1]; absent for questions of one form. */
  formAgreement: z.number().optional(),
  /** Whether the label is true; absent without a label, or where the truth cannot be computed. Never part of a reward. */
  correct: z.boolean().optional(),
});
export type Label = z.infer<typeof Label>;

/** Why a proposal was rejected, for counting; view/words.ts has the words for each. */
export const rejectionReasons = [
  'malformed',
  'too_short',
  'statement_too_long',
  'reference_too_long',
  'prompt_too_long',
  'not_english',
  'off_topic',
  'unsafe',
  'copied_from_prompt',
  'contains_solution',
  'held_out',
  'near_duplicate',
  'same_behaviour',
  'few_tests',
  'tests_all_same_output',
  'tests_all_shown',
  'contradicting_tests',
  'example_contradicts_reference',
  'reference_fails',
  'output_not_data',
  'not_deterministic',
  'numbers_too_large',
  'other_digits',
  'unbalanced_brackets',
  'division_by_zero',
  'trivial',
  'no_unique_solution',
  'sandbox_fault',
  'domain_fault',
] as const;
export type RejectionReason = (typeof rejectionReasons)[number];

/** What an unsafe proposal is about; or that its reference is unsafe (code), or that the base model called it so (judge). */
export const unsafeCategories = [
  ...(['malware', 'credentials', 'weapons', 'drugs', 'self_harm', 'violence', 'hate', 'sexual', 'fraud'] as const),
  ...(['code', 'judge'] as const),
] as const;
export type UnsafeCategory = (typeof unsafeCategories)[number];

/** Why a proposal was rejected: a reason for counting and one sentence for a person. */
export interface Rejection {
  reason: RejectionReason;
  detail: string;
  /** Of the reason `unsafe`. */
  category?: UnsafeCategory;
}

/** A question that passed every guard. `content` is its domain's own data (JSON), `statement` what a person reads. */
export interface Question<C = unknown> {
  id: string;
  statement: string;
  content: C;
}
