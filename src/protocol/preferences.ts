import * as z from 'zod';
import { Verdict } from './problem.ts';

/** Version of the lines of preferences.jsonl. */
export const preferenceVersion = 1;

/** One of two answers that were compared. */
export const ComparedAnswer = z.object({
  /** What the prompt's prefill and the completion are together. */
  text: z.string(),
  tokens: z.number().int(),
  /** Of its tests, where it was run. */
  verdict: Verdict.optional(),
});
export type ComparedAnswer = z.infer<typeof ComparedAnswer>;

/** Which of two answers a person finds better: one line of preferences.jsonl. */
export const Preference = z.object({
  version: z.literal(preferenceVersion),
  /** Of the pair of answers; a later line of the same id takes the place of an earlier one. */
  id: z.string(),
  time: z.string(),
  /** The base model. */
  model: z.string(),
  /** Step of the run's checkpoint that answered as `trained`. */
  step: z.number().int(),
  messages: z.array(z.object({ role: z.enum(['system', 'user', 'assistant']), content: z.string() })),
  /** What the answers were made to begin with. */
  prefill: z.string().optional(),
  /** Where it is a question of the run (with `step`) or of a benchmark. */
  question: z
    .object({ id: z.string(), step: z.number().int().optional(), benchmark: z.string().optional() })
    .optional(),
  temperature: z.number(),
  seed: z.number().int(),
  base: ComparedAnswer,
  trained: ComparedAnswer,
  /** Which stood on the left. */
  left: z.enum(['base', 'trained']),
  /** Whether the person was told which is which only afterwards. */
  blind: z.boolean(),
  preferred: z.enum(['base', 'trained', 'tie']),
});
export type Preference = z.infer<typeof Preference>;
