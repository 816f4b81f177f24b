import { readFileSync } from 'node:fs';
import type { z } from 'zod';
import { parseJson } from '../protocol/json.ts';
import { usage } from './arguments.ts';

/** The values of a JSONL file, empty lines skipped. Throws BoundaryError('usage') that names the file and the line. */
export function readInputLines<T>(path: string, schema: z.ZodType<T>, shape: string): T[] {
  return readInput(path)
    .split('\n')
    .flatMap((line, index) =>
      line.trim() === '' ? [] : [parseInput(line, schema, `Line ${index + 1} of ${path}`, shape)],
    );
}

/** One JSON file. */
export function readInputJson<T>(path: string, schema: z.ZodType<T>, shape: string): T {
  return parseInput(readInput(path), schema, path, shape);
}

/** Text of a file that a person named. Throws BoundaryError('usage') where it cannot be read. */
export function readInput(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw usage(
      `${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
      'Give the path of a file.',
    );
  }
}

function parseInput<T>(text: string, schema: z.ZodType<T>, where: string, shape: string): T {
  let value: unknown;
  try {
    value = parseJson(text);
  } catch {
    throw usage(`${where} is not JSON.`, `It should be ${shape}.`);
  }
  const result = schema.safeParse(value);
  if (!result.success) {
    const [issue] = result.error.issues;
    const place = issue?.path.join('.') ?? '';
    throw usage(`${where} does not fit: ${place ? `${place}: ` : ''}${issue?.message ?? ''}`, `It should be ${shape}.`);
  }
  return result.data;
}
