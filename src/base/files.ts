import { closeSync, constants, fsyncSync, openSync, readSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import type { z } from 'zod';
import { BoundaryError } from './errors.ts';
import { noFollow, openUntrusted, readNamedFile, readUntrusted } from './untrusted-file.ts';

/**
 * Puts `data` at `path` so that a reader meets the old file or the new one, never a part: temporary file in the same
 * folder, fsync, rename, fsync of the folder. Throws BoundaryError('environment') when the disk is full or read-only.
 */
export function writeFileAtomic(path: string, data: string | Uint8Array, options: { mode?: number } = {}): void {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    // A link of that name, in a folder from elsewhere, would lead out of it.
    rmSync(temporary, { force: true });
    writeAndSync(temporary, constants.O_EXCL, data, options.mode);
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
    writeAndSync(path, constants.O_APPEND, `${line}\n`);
  } catch (error) {
    throw explainFileError(error, path);
  }
}

/** Which lines of a JSONL file are read, by how they begin; without it all are. */
export interface LineChoice {
  /** Beginnings of the lines that are parsed. */
  wanted: readonly string[];
  /** Beginnings of the lines at which reading stops; the rest of the file stays on the disk. */
  end: readonly string[];
}

/** Largest files that are read, bytes. What is longer was not made by this program. */
export const largestFile = {
  record: 4 << 20,
  evaluation: 16 << 20,
  metrics: 64 << 20,
  lines: 448 << 20,
  texts: 96 << 20,
};

/**
 * The lines of a JSONL file. A last line without line end that does not parse was torn by a crash and is ignored; any
 * other line that does not fit `schema` throws BoundaryError('run') with its number. No file: no lines.
 * Files are read as {@link readIfPresent} reads them.
 */
export function readJsonLines<T>(path: string, schema: z.ZodType<T>, choice?: LineChoice): T[] {
  const text = (choice ? readUntil(path, choice.end) : readIfPresent(path, largestFile.lines)) ?? '';
  const isWanted = (line: string): boolean => choice?.wanted.some((start) => line.startsWith(start)) ?? true;
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

/** One JSON file of at most `limit` bytes. Throws BoundaryError('run') when it is missing or does not fit. */
export function readJson<T>(path: string, schema: z.ZodType<T>, limit: number = largestFile.evaluation): T {
  const text = readIfPresent(path, limit);
  if (text === undefined) {
    throw new BoundaryError('run', `${path} is missing.`, 'Give the folder of a run; `selfq status` lists them.');
  }
  const value = parseJson(text, schema);
  if (value === undefined) {
    throw damaged(path, 'its content');
  }
  return value;
}

/** Bytes that are read at once where the end of what is wanted is not known. */
const pieceBytes = 256 * 1024;

/** Text of a file up to the first line that begins with one of `ends`, undefined where there is no file. */
function readUntil(path: string, ends: readonly string[]): string | undefined {
  const marks = ends.map((end) => Buffer.from(`\n${end}`));
  const overlap = Math.max(0, ...marks.map(({ length }) => length - 1));
  return reading(path, () => {
    const descriptor = openUntrusted(path, largestFile.lines);
    try {
      let total = 0;
      const pieces: Buffer[] = [];
      let before = Buffer.alloc(0);
      for (;;) {
        const buffer = Buffer.allocUnsafe(pieceBytes);
        const piece = buffer.subarray(0, readSync(descriptor, buffer));
        // A mark may begin in the piece before.
        const searched = Buffer.concat([before, piece]);
        const found = findMark(searched, marks);
        pieces.push(piece);
        total += piece.length;
        if (total > largestFile.texts) {
          throw damaged(path, 'it has too much text, which');
        }
        if (found >= 0 || piece.length === 0) {
          const bytes = Buffer.concat(pieces);
          return bytes.toString('utf8', 0, found < 0 ? bytes.length : bytes.length - searched.length + found + 1);
        }
        before = searched.subarray(Math.max(0, searched.length - overlap));
      }
    } finally {
      closeSync(descriptor);
    }
  });
}

/** Where the first of `marks`, which begin with a line feed, is; -1 where none is. Looks at the starts of lines alone. */
function findMark(bytes: Buffer, marks: readonly Buffer[]): number {
  const isHere = (at: number): boolean => marks.some((mark) => mark.equals(bytes.subarray(at, at + mark.length)));
  let at = bytes.indexOf('\n');
  while (at >= 0 && !isHere(at)) {
    at = bytes.indexOf('\n', at + 1);
  }
  return at;
}

/**
 * Text of a file of a run folder, undefined where there is none. The folder may come from anywhere: throws
 * BoundaryError('run') for a link, a device or a pipe and for more than `limit` bytes.
 */
export function readIfPresent(path: string, limit: number = largestFile.evaluation): string | undefined {
  return reading(path, () => readUntrusted(path, limit));
}

/** Text of a file that a person named, which may be a link or a pipe; undefined where there is none. */
export function readNamedIfPresent(path: string): string | undefined {
  return reading(path, () => readNamedFile(path, largestFile.evaluation));
}

function reading<T>(path: string, read: () => T): T | undefined {
  try {
    return read();
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

/** The system's code of a failure, such as ENOENT; undefined for others. */
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

function writeAndSync(path: string, flag: number, data: string | Uint8Array, mode = 0o644): void {
  const bytes = typeof data === 'string' ? Buffer.from(data) : data;
  const descriptor = openSync(path, constants.O_WRONLY | constants.O_CREAT | noFollow | flag, mode);
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
