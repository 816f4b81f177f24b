import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { BoundaryError } from '../base/errors.ts';
import { parseJson } from '../protocol/json.ts';
import { Problem } from '../protocol/problem.ts';
import type { Question } from '../domains/domain.ts';

/**
 * A reference solution, kept apart from its problem so that no prompt can be made of it by mistake. `wrong`: plausible
 * wrong solutions, each of which the problem's tests turn down.
 */
const Solution = z.strictObject({ id: z.string(), reference: z.string(), wrong: z.array(z.string()).min(2) });
export type Solution = z.infer<typeof Solution>;

/** The shipped held-out questions, in the order of the file. Throws BoundaryError('environment') where it is damaged. */
export async function loadBenchmark(): Promise<Question[]> {
  const problems = await readLines(join(packageFolder(), 'data', 'coding-heldout.jsonl'), Problem);
  const solutions = await loadSolutions();
  const references = new Map(solutions.map(({ id, reference }) => [id, reference]));
  return problems.map((problem) => {
    const reference = references.get(problem.id);
    return { problem, ...(reference === undefined ? {} : { reference }) };
  });
}

/** Of the held-out questions, in the order of their file. */
export async function loadSolutions(): Promise<Solution[]> {
  return readLines(join(packageFolder(), 'data', 'coding-heldout.solutions.jsonl'), Solution);
}

/** `data/` lies beside package.json, above the sources as well as above a bundle of them. */
function packageFolder(): string {
  const start = dirname(fileURLToPath(import.meta.url));
  for (let folder = start; ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'package.json'))) {
      return folder;
    }
    if (folder === dirname(folder)) {
      throw new BoundaryError('environment', `No package.json lies above ${start}.`, 'Install the program again.');
    }
  }
}

async function readLines<T>(file: string, schema: z.ZodType<T>): Promise<T[]> {
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
