import * as z from 'zod';
import { JsonValue } from './json.ts';

/** What a parameter of a function may take, as far as its declaration, its name and its use tell. */
export type InputType =
  | { kind: 'integer' | 'number' | 'string' | 'boolean' }
  /** One of these values. */
  | { kind: 'choice'; values: (string | number | boolean)[] }
  | { kind: 'array'; of: InputType }
  | { kind: 'object'; fields: Record<string, InputType> }
  /** An object with any keys. */
  | { kind: 'record'; of: InputType };

/** {@link InputType} as it comes from another process. */
export const InputType: z.ZodType<InputType> = z.lazy(() =>
  z.union([
    z.object({ kind: z.enum(['integer', 'number', 'string', 'boolean']) }),
    z.object({ kind: z.literal('choice'), values: z.array(z.union([z.string(), z.number(), z.boolean()])) }),
    z.object({ kind: z.enum(['array', 'record']), of: InputType }),
    z.object({ kind: z.literal('object'), fields: z.record(z.string(), InputType) }),
  ]),
);

/** Where a function lies. */
export const FunctionPlace = z.object({
  /** Relative to the searched folder, with `/` on every system. */
  file: z.string(),
  /** From 1. */
  line: z.number().int().min(1),
  name: z.string(),
});
export type FunctionPlace = z.infer<typeof FunctionPlace>;

const described = {
  ...FunctionPlace.shape,
  /** JavaScript: the function and what it needs of its file, without types and comments. */
  source: z.string(),
  /** First paragraph of its doc comment; empty without one. */
  doc: z.string(),
  parameters: z.array(z.string()).min(1),
};

/** A function of a file that may be pure: nothing has been run yet. */
export const Candidate = z.object({
  ...described,
  /** Types of its parameters, [guess][parameter], likeliest first. */
  guesses: z.array(z.array(InputType)).min(1),
  /** Values that stand in its source: inputs that it tells apart. */
  literals: z.object({ strings: z.array(z.string()), numbers: z.array(z.number()) }),
});
export type Candidate = z.infer<typeof Candidate>;

/** A function of the person's own code that the proposer is shown: it was run, and gave the same data twice. */
export const Seed = z.object({
  ...described,
  types: z.array(InputType),
  /** Arguments that it takes, [input][parameter]. */
  inputs: z.array(z.array(JsonValue)).min(1),
  /** What it does (domains/coding/behaviour.ts); absent where that cannot be told. */
  behaviour: z.string().optional(),
});
export type Seed = z.infer<typeof Seed>;

/** Why a function is no seed; cli/seed-words.ts has the words. */
export const rejectedFunctionReasons = [
  'excluded',
  'asynchronous',
  'this',
  'imports',
  'outside',
  'input_output',
  'parameters',
  'too_long',
  'secret',
  'repeated',
  'endless',
  'throws',
  'changes_input',
  'changing_output',
  'not_data',
  'few_outputs',
  'returns_argument',
  'not_tried',
  'sandbox_fault',
] as const;
/** One of {@link rejectedFunctionReasons}. */
export const RejectedFunctionReason = z.enum(rejectedFunctionReasons);
export type RejectedFunctionReason = z.infer<typeof RejectedFunctionReason>;

/** A function that is no seed, and why. */
export const RejectedFunction = z.object({
  ...FunctionPlace.shape,
  reason: RejectedFunctionReason,
  detail: z.string(),
});
export type RejectedFunction = z.infer<typeof RejectedFunction>;

/** Why a file was not read; cli/seed-words.ts has the words. */
export const skippedFileReasons = [
  'other_language',
  'declarations',
  'secret',
  'generated',
  'excluded',
  'too_large',
  'unreadable',
  'out_of_time',
] as const;
/** One of {@link skippedFileReasons}. */
export const SkippedFileReason = z.enum(skippedFileReasons);
export type SkippedFileReason = z.infer<typeof SkippedFileReason>;

/** Files of a folder: how many there are, were read, and were left out by reason. */
export const FileCounts = z.object({
  listed: z.number().int(),
  read: z.number().int(),
  skipped: z.partialRecord(SkippedFileReason, z.number().int()),
  /** Whether git listed them, so that what it ignores is not among them. */
  byGit: z.boolean(),
});
export type FileCounts = z.infer<typeof FileCounts>;

/** A line of the process that reads a folder. */
export const ScanMessage = z.discriminatedUnion('type', [
  z.object({ type: z.literal('progress'), done: z.number(), total: z.number(), functions: z.number() }),
  z.object({ type: z.literal('candidate'), candidate: Candidate }),
  z.object({ type: z.literal('rejected'), rejected: RejectedFunction }),
  z.object({ type: z.literal('end'), files: FileCounts }),
  z.object({ type: z.literal('failed'), message: z.string(), remedy: z.string() }),
]);
export type ScanMessage = z.infer<typeof ScanMessage>;

/** What was found in a folder. */
export const SeedReport = z.object({
  /** Absolute path. */
  folder: z.string(),
  files: FileCounts,
  seeds: z.array(Seed),
  rejected: z.array(RejectedFunction),
  seconds: z.number(),
});
export type SeedReport = z.infer<typeof SeedReport>;
