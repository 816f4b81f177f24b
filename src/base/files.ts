import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import type { z } from 'zod';
import { BoundaryError } from './errors.ts';

/**
 * Puts `data` at `path` so that a reader meets the old file or the new one, never a part: temporary file in the same
 * folder, fsync, rename, fsync of the folder. Throws BoundaryError('environment') when the disk is full or read-only.
 */
export function writeFileAtomic(path: string, data: string | Uint8Array, options: { mode?: number } = {}): void {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    writeAndSync(temporary, 'w', data, options.mode);
    renameSync(temporary, path);
    syncFolder(dirname(path));
  } catch (error) {
    rmSync(temporary, { force: true });
    throw explainFileError(error, path);
  }
}

/** Appends one line and waits until it lies on the disk. A line torn by a crash is dropped by {@link readJsonLines}. */
export function appendLine(path: string, line: string): void {
  try {
    writeAndSync(path, 'a', `${line}\n`);
  } catch (error) {
    throw explainFileError(error, path);
  }
}

/**
 * The lines of a JSONL file. A last line without line end that does not parse was torn by a crash and is ignored; any
 * other line that does not fit `schema` throws BoundaryError('run') with its number. No file: no lines. `isWanted`: lines
 * that are looked at at all, by their text.
 */
export function readJsonLines<T>(
  path: string,
  schema: z.ZodType<T>,
  isWanted: (line: string) => boolean = () => true,
): T[] {
  const text = readIfPresent(path) ?? '';
  const lines = text.split('\n');
  const torn = lines.pop() ?? '';
  const values = lines.flatMap((line, index) => {
    if (!isWanted(line)) {
      return [];
    }
    const value = parseJson(line, schema);
    if (value === undefined) {
      throw damaged(path, `line ${index + 1}`);
    }
    return [value];
  });
  const last = torn === '' || !isWanted(torn) ? undefined : parseJson(torn, schema);
  return last === undefined ? values : [...values, last];
}

/** One JSON file. Throws BoundaryError('run') when it is missing or does not fit. */
export function readJson<T>(path: string, schema: z.ZodType<T>): T {
  const text = readIfPresent(path);
  if (text === undefined) {
    throw new BoundaryError('run', `${path} is missing.`, 'Give the folder of a run; `selfq status` lists them.');
  }
  const value = parseJson(text, schema);
  if (value === undefined) {
    throw damaged(path, 'its content');
  }
  return value;
}

/** Text of a file, undefined where there is none. */
export function readIfPresent(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') {
      return undefined;
    }
    throw explainFileError(error, path);
  }
}

/** What a person can do about a failed file operation; anything unknown is passed on as it is. */
export function explainFileError(error: unknown, path: string): unknown {
  switch (codeOf(error)) {
    case 'ENOSPC':
    case 'EDQUOT':
      return new BoundaryError(
        'environment',
        `The disk is full: ${path} could not be written.`,
        'Free some space, then continue the run with `selfq resume DIR`. Nothing recorded so far is lost.',
        { cause: error },
      );
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new BoundaryError(
        'environment',
        `${path} could not be written: no permission.`,
        'Choose a folder that you may write to, with `--out DIR`, or mend its permissions.',
        { cause: error },
      );
    default:
      return error;
  }
}

export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** Makes a rename in this folder durable. Windows cannot open folders and needs no such call. */
export function syncFolder(path: string): void {
  if (process.platform === 'win32') {
    return;
  }
  sync(path, 'r');
}

/** Makes what other programs wrote durable. */
export function syncFile(path: string): void {
  sync(path, 'r+');
}

function sync(path: string, flags: 'r' | 'r+'): void {
  const descriptor = openSync(path, flags);
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function writeAndSync(path: string, flags: 'a' | 'w', data: string | Uint8Array, mode = 0o644): void {
  const bytes = typeof data === 'string' ? Buffer.from(data) : data;
  const descriptor = openSync(path, flags, mode);
  try {
    for (let offset = 0; offset < bytes.length;) {
      offset += writeSync(descriptor, bytes, offset);
    }
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function parseJson<T>(text: string, schema: z.ZodType<T>): T | undefined {
  try {
    const result = schema.safeParse(JSON.parse(text));
    return result.success ? result.data : undefined;
  } catch {
    return undefined;
  }
}

function damaged(path: string, what: string): BoundaryError {
  return new BoundaryError(
    'run',
    `${path} is damaged: ${what} cannot be read.`,
    'Restore the file from a copy, or begin a new run with `selfq run`.',
  );
}

/** Whether a failure says that the disk, or the share of it that this user has, is full. */
export function isDiskFull(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  return (
    code === 'ENOSPC' || code === 'EDQUOT' || (error instanceof Error && /No space left on device/i.test(error.message))
  );
}
