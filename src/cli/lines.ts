import { readNamedFile } from '../base/untrusted-file.ts';
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

/** Largest file that is read as a whole, bytes. */
const largestInput = 256e6;

/**
 * Text of a file that a person named, without the byte order mark that editors and shells of Windows put before it. Throws
 * BoundaryError('usage') where it cannot be read, or has no end.
 */
export function readInput(path: string): string {
  try {
    return readNamedFile(path, largestInput).replace(/^\uFEFF/, '');
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
