import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { BoundaryError } from '../base/errors.ts';
import { codingQuestion } from '../domains/coding/content.ts';
import type { Question } from '../domains/domain.ts';
import { parseJson } from '../protocol/json.ts';
import { Problem } from '../protocol/problem.ts';
import { packageFolder } from './package-folder.ts';

/**
 * Solutions of a problem, kept apart from it so that no prompt can be made of them by mistake: a reference, a
 * second solution written in another way, and plausible wrong programs, each of which the tests reject.
 */
const Solution = z.strictObject({
  id: z.string(),
  reference: z.string(),
  second: z.string(),
  wrong: z.array(z.string()).min(2),
});
export type Solution = z.infer<typeof Solution>;

/** Shipped coding benchmarks: folders of `data/`. */
export type CodingBenchmark = 'coding' | 'functions' | 'codeforces-style';

/** The questions of a shipped benchmark, in the order of its file. Throws BoundaryError('environment') for a damaged one. */
export async function codingQuestions(name: CodingBenchmark): Promise<Question[]> {
  const problems = await readLines(join(packageFolder(), 'data', name, 'problems.jsonl'), Problem);
  return problems.map((problem) => codingQuestion(problem));
}

/** Its solutions, in the same order. */
export async function codingSolutions(name: CodingBenchmark): Promise<Solution[]> {
  return readLines(join(packageFolder(), 'data', name, 'solutions.jsonl'), Solution);
}

/** The lines of a shipped file, each held to `schema`. Throws BoundaryError('environment') for a file or line that cannot be read. */
export async function readLines<T>(file: string, schema: z.ZodType<T>): Promise<T[]> {
  const lines = (await readText(file)).split('\n').filter((line) => line.trim() !== '');
  return lines.map((line, i) => {
    try {
      return schema.parse(parseJson(line));
    } catch (error) {
      throw new BoundaryError(
        'environment',
        `${file}, line ${i + 1} is damaged.`,
        'Install the program again, or restore the file with "git checkout data".',
        { cause: error },
      );
    }
  });
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new BoundaryError('environment', `${file} cannot be read.`, 'Install the program again.', { cause: error });
  }
}
