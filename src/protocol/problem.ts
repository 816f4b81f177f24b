import * as z from 'zod';
import { JsonValue } from './json.ts';

/** Limits of one test. `timeMs`: CPU milliseconds per test, 1 to 60,000. `memoryMb`: V8 heap MiB, 8 to 1,024. */
export const Limits = z.strictObject({
  timeMs: z.number().int().min(1).max(60_000),
  memoryMb: z.number().int().min(8).max(1024),
});
export type Limits = z.infer<typeof Limits>;

/** How an actual value is compared with the expected one (sandbox/judge/compare.ts). Default: exact values / tokens. */
export const Comparison = z.strictObject({
  mode: z.enum(['exact', 'token', 'unordered', 'caseInsensitive']).optional(),
  /**
   * Absolute or relative tolerance for each number, whole ones too, even where that makes a small number equal to zero.
   * Where none is given, expected integers are exact, and others have 1e-6, but no more than a hundredth of the expected
   * value: 1e-8 is not 0.
   */
  tolerance: z.number().min(0).max(1).optional(),
  /** Source of a JavaScript function `check(input, actual, expected) => boolean`, run in a separate sandbox. */
  checker: z.string().optional(),
});
export type Comparison = z.infer<typeof Comparison>;

const common = {
  id: z.string().min(1).max(200),
  statement: z.string().min(1),
  limits: Limits,
  tags: z.array(z.string()).default([]),
  source: z.string().default('unknown'),
  compare: Comparison.optional(),
};

/** `input` is the argument list of the entry function. Values are plain JSON data. */
export const FunctionProblem = z.strictObject({
  ...common,
  kind: z.literal('function'),
  entry: z.string().regex(/^[A-Za-z_$][\w$]*$/),
  /** Parameter names of `entry`, for the signature that a solver is shown. Default: arg0, arg1, … as the tests need. */
  parameters: z.array(z.string().regex(/^[A-Za-z_$][\w$]*$/)).optional(),
  tests: z.array(z.strictObject({ input: z.array(JsonValue), output: JsonValue })).min(1),
});
export type FunctionProblem = z.infer<typeof FunctionProblem>;

/** `input` is the whole standard input, `output` the whole expected standard output. */
export const ProgramProblem = z.strictObject({
  ...common,
  kind: z.literal('program'),
  tests: z.array(z.strictObject({ input: z.string(), output: z.string() })).min(1),
});
export type ProgramProblem = z.infer<typeof ProgramProblem>;

/** A problem whose results are data, which are compared with the expected ones outside of the program's reach. */
export type ComparedProblem = FunctionProblem | ProgramProblem;

/**
 * A problem of a benchmark that brings test code of its own: each piece runs behind the solution, in the same program,
 * and passes where it comes to its end without an exception. It may expect what JSON cannot say, such as `undefined`.
 */
export const AssertionProblem = z.strictObject({
  ...{ ...common, compare: z.never().optional() },
  kind: z.literal('assertions'),
  /** Of the test code, and so of solutions (TypeScript solutions may stand in front of JavaScript). */
  language: z.enum(['javascript', 'typescript', 'python']),
  /** Code that a solver continues, such as a function's comment and first line. Absent: the statement says it all. */
  head: z.string().min(1).optional(),
  /** Texts that end a continuation of `head`. */
  stop: z.array(z.string().min(1)).default([]),
  tests: z.array(z.strictObject({ code: z.string().min(1) })).min(1),
});
export type AssertionProblem = z.infer<typeof AssertionProblem>;

/** The one shape for generated, shipped and imported problems. */
export const Problem = z.discriminatedUnion('kind', [FunctionProblem, ProgramProblem, AssertionProblem]);
export type Problem = z.infer<typeof Problem>;

/**
 * AC accepted, WA wrong answer, RE threw, CE does not compile or has no entry point, TLE time, MLE memory,
 * OLE output too large, BAD result is not plain data, IE fault of ours (masked out of the reward, never 0).
 */
export const Verdict = z.enum(['AC', 'WA', 'RE', 'CE', 'TLE', 'MLE', 'OLE', 'BAD', 'IE']);
export type Verdict = z.infer<typeof Verdict>;

/** What became of one test. */
export const TestResult = z.object({
  verdict: Verdict,
  timeMs: z.number().optional(),
  /** Cut to a readable length; present on WA. */
  actual: z.string().optional(),
  expected: z.string().optional(),
  /** Where they first differ: `$[1].a` for values, `token 7` for text. */
  difference: z.string().optional(),
  /** What was thrown, cut; untrusted text of the program. */
  message: z.string().optional(),
});
export type TestResult = z.infer<typeof TestResult>;

/** `verdict`: AC when every test is, else that of the first failing test. `score` = passed / total in [0, 1]. */
export const JudgeResult = z.object({
  verdict: Verdict,
  score: z.number().min(0).max(1),
  passed: z.number().int().min(0),
  total: z.number().int().min(0),
  tests: z.array(TestResult),
  timeMs: z.number(),
  message: z.string().optional(),
});
export type JudgeResult = z.infer<typeof JudgeResult>;
