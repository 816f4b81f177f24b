import * as z from 'zod';
import { BoundaryError } from '../../base/errors.ts';
import { linesOf } from '../../base/lines.ts';
import { parseJson } from '../../protocol/json.ts';
import { type JudgeResult, Problem } from '../../protocol/problem.ts';
import type { Sandbox } from '../sandbox.ts';

/** One line of a batch, and the body of a request to judge. */
export const JudgeJob = z.strictObject({
  problem: Problem,
  solution: z.string(),
  language: z.enum(['javascript', 'typescript', 'python']).optional(),
});
export type JudgeJob = z.infer<typeof JudgeJob>;

/** What came of one line; `line` counts from 1 and includes blank lines, which get no result. */
export type BatchResult = { line: number; result: JudgeResult } | { line: number; error: string };

/** Longest line that is read, bytes; the rest of a longer one is skipped. */
const maxLineBytes = 64 * 1024 * 1024;
/** Lines that wait for their result are no longer than this together, UTF-16 units. */
const maxHeldLength = 64 * 1024 * 1024;

/**
 * Judges one job as it came out of a file or a request. Throws BoundaryError of the boundary `usage` that names the field
 * where it breaks the schema.
 */
export async function judgeOne(sandbox: Sandbox, raw: unknown): Promise<JudgeResult> {
  const parsed = JudgeJob.safeParse(raw);
  if (!parsed.success) {
    throw new BoundaryError(
      'usage',
      `The job is not valid: ${describeIssues(parsed.error)}.`,
      'Give {"problem": {"id", "statement", "kind", "entry", "tests", "limits"}, "solution": "…"}.',
    );
  }
  const { problem, solution, language } = parsed.data;
  return sandbox.judge({ problem, source: solution, ...(language === undefined ? {} : { language }) });
}

/** The first faults of a value against its schema, by field. */
export function describeIssues(error: z.ZodError): string {
  return error.issues
    .slice(0, 3)
    .map((issue) => `${issue.path.map(String).join('.') || 'the whole'}: ${issue.message}`)
    .join('; ');
}

/**
 * Judges JSON lines as they come and yields results in their order, while later lines already run. At most `ahead` lines
 * are held, and no more than some 64 MB of them, so that input of any length takes constant memory; a line that is torn or
 * wrong yields an error with its number, and the rest continues.
 */
export async function* judgeBatch(
  sandbox: Sandbox,
  input: AsyncIterable<Buffer | string>,
  options: { ahead?: number } = {},
): AsyncGenerator<BatchResult> {
  const ahead = Math.max(1, options.ahead ?? 64);
  const pending: { length: number; result: Promise<BatchResult> }[] = [];
  let held = 0;
  let line = 0;
  async function* take(): AsyncGenerator<BatchResult> {
    const first = pending.shift();
    if (first !== undefined) {
      held -= first.length;
      yield await first.result;
    }
  }
  for await (const text of linesOf(input, maxLineBytes)) {
    line += 1;
    if (text?.trim() === '') {
      continue;
    }
    const length = text?.length ?? 0;
    pending.push({ length, result: judgeLine(sandbox, line, text) });
    held += length;
    while (pending.length >= ahead || (held > maxHeldLength && pending.length > 0)) {
      yield* take();
    }
  }
  while (pending.length > 0) {
    yield* take();
  }
}

async function judgeLine(sandbox: Sandbox, line: number, text: string | undefined): Promise<BatchResult> {
  if (text === undefined) {
    return { line, error: `Line ${line} is longer than ${maxLineBytes} bytes.` };
  }
  let raw: unknown;
  try {
    // A byte order mark, as editors and shells of Windows write it, is no part of the first line.
    raw = parseJson(text.replace(/^\ufeff/, ''));
  } catch (error) {
    return { line, error: `Line ${line} is not JSON: ${error instanceof Error ? error.message : String(error)}.` };
  }
  try {
    return { line, result: await judgeOne(sandbox, raw) };
  } catch (error) {
    if (error instanceof BoundaryError) {
      const remedy = error.boundary === 'usage' ? '' : ` ${error.remedy}`;
      return { line, error: `Line ${line}: ${error.message}${remedy}` };
    }
    // A defect of ours, which ends this line and no other.
    return { line, error: `Line ${line}: the judge failed: ${error instanceof Error ? error.message : String(error)}` };
  }
}
