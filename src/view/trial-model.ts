import * as z from 'zod';
import { Verdict } from '../protocol/problem.ts';

/** One answer of the page "Try the Model". */
export const TrialSide = z.object({
  /** `waiting`: nothing has come yet; `judging`: it is written and its tests run. */
  state: z.enum(['waiting', 'writing', 'judging', 'done', 'stopped', 'failed']),
  text: z.string(),
  /** When it is written: its tokens, and the seconds from the question to its end. */
  tokens: z.number().optional(),
  seconds: z.number().optional(),
  /** Cut at the limit of tokens. */
  cut: z.boolean().optional(),
  /** Why it failed, and what to do. */
  error: z.string().optional(),
  /** What became of it in the sandbox; absent where there are no tests. */
  result: z
    .object({
      verdict: Verdict,
      passed: z.number(),
      total: z.number(),
      /** The first test that failed: what was expected and what came; or why it could not be run. */
      expected: z.string().optional(),
      actual: z.string().optional(),
      message: z.string().optional(),
    })
    .optional(),
});
export type TrialSide = z.infer<typeof TrialSide>;

/** Where a question that is tried comes from. */
export const TrialQuestionPlace = z.object({
  id: z.string(),
  title: z.string(),
  /** Of a run's question its step, of a benchmark's the name. */
  step: z.number().int().optional(),
  benchmark: z.string().optional(),
});
export type TrialQuestionPlace = z.infer<typeof TrialQuestionPlace>;

/** Which of two answers a person finds better. */
export const trialChoices = ['left', 'right', 'tie'] as const;

/** Everything that the page "Try the Model" shows; also what it keeps over a restart of the window. */
export const TrialModel = z.object({
  dir: z.string(),
  runName: z.string(),
  /** Of the base model, and what the run is after its latest checkpoint. */
  baseName: z.string(),
  trainedName: z.string(),
  /** The person's own words; of a question its statement. */
  prompt: z.string(),
  question: TrialQuestionPlace.optional(),
  /** Whether the question has tests. */
  judged: z.boolean(),
  /** 0 = greedy. */
  temperature: z.number(),
  /** Which answer stands on the left, and whether that is told only after the choice. */
  left: z.enum(['base', 'trained']),
  blind: z.boolean(),
  sides: z.tuple([TrialSide, TrialSide]).optional(),
  /** Of the answers: what a choice between them is kept under, and the trained model's step. */
  pair: z.object({ id: z.string(), seed: z.number().int(), step: z.number().int() }).optional(),
  preferred: z.enum(trialChoices).optional(),
  /** What is waited for before the first word: the model that loads. */
  loading: z.string().optional(),
});
export type TrialModel = z.infer<typeof TrialModel>;
