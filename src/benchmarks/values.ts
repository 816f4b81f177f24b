import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BoundaryError } from '../base/errors.ts';
import { readRow as readAlgebra } from '../domains/algebra/content.ts';
import { readRow as readArithmetic } from '../domains/arithmetic/content.ts';
import type { Question } from '../domains/domain.ts';
import { packageFolder } from './package-folder.ts';

/** A file of `data/` and the SHA-256 of its bytes, hex. */
export interface CheckedFile {
  file: string;
  sha256: string;
}

/** The products of a file of lines `a,b`. Throws BoundaryError('environment') where the file is not the shipped one. */
export async function multiplications(source: CheckedFile): Promise<Question[]> {
  const lines = await readChecked(source);
  return lines.map((line, index) =>
    readArithmetic({ expression: line.replace(',', ' * ') }, `multiplication/${index + 1}`),
  );
}

/** Arithmetic expressions, one a line. Throws BoundaryError('environment') where the file is not the shipped one. */
export async function expressions(name: string, source: CheckedFile): Promise<Question[]> {
  const lines = await readChecked(source);
  return lines.map((expression, index) => readArithmetic({ expression }, `${name}/${index + 1}`));
}

/**
 * The systems of a JSONL file of `{question, answer}`, each of which is solved again. Throws BoundaryError('environment')
 * where the file is not the shipped one.
 */
export async function linearEquations(name: string, source: CheckedFile): Promise<Question[]> {
  const lines = await readChecked(source);
  return lines.map((line, index) => readAlgebra(JSON.parse(line), `${name}/${index + 1}`));
}

async function readChecked({ file, sha256 }: CheckedFile): Promise<string[]> {
  const path = join(packageFolder(), 'data', file);
  const remedy = 'Install the program again, or restore the file with "git checkout data".';
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    throw new BoundaryError('environment', `${path} cannot be read.`, remedy, { cause: error });
  }
  if (createHash('sha256').update(bytes).digest('hex') !== sha256) {
    throw new BoundaryError('environment', `${path} is not the file that was shipped.`, remedy);
  }
  return bytes.toString('utf8').trimEnd().split('\n');
}
