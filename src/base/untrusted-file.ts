import { closeSync, constants, fstatSync, lstatSync, openSync, readFileSync, readSync, type Stats } from 'node:fs';
import { BoundaryError } from './errors.ts';

/**
 * Flags for files of a folder that a stranger may have made: a link is not followed and a pipe is not waited for. Windows
 * has neither, and makes links for administrators alone; there the look before has to do.
 */
export const noFollow = process.platform === 'win32' ? 0 : constants.O_NOFOLLOW | constants.O_NONBLOCK;

/**
 * A descriptor for reading a file that a stranger may have put there. Throws BoundaryError('run') for a link, a folder, a
 * device or a pipe and for more than `limit` bytes, and the system's error where it cannot be opened. The caller closes it.
 */
export function openUntrusted(path: string, limit: number): number {
  assertRegular(path, lstatSync(path), limit);
  const descriptor = openSync(path, constants.O_RDONLY | noFollow);
  try {
    assertRegular(path, fstatSync(descriptor), limit);
    return descriptor;
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}

/** The text (UTF-8) of such a file. Throws as {@link openUntrusted}. */
export function readUntrusted(path: string, limit: number): string {
  const descriptor = openUntrusted(path, limit);
  try {
    return readFileSync(descriptor, 'utf8');
  } finally {
    closeSync(descriptor);
  }
}

/** Throws BoundaryError('run') where there is something at `path` that is not of this kind: a link above all. */
export function assertKind(path: string, kind: 'file' | 'folder', limit = Infinity): void {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (!found) {
    return;
  }
  if (kind === 'file') {
    assertRegular(path, found, limit);
  } else if (!found.isDirectory()) {
    throw refused(path, `is ${kindOf(found)} where a folder should be`);
  }
}

const chunkBytes = 1 << 20;

/**
 * The text (UTF-8) of a file that a person named, which may be a link or a pipe. Throws RangeError for more than `limit`
 * bytes, and the system's error when it cannot be read.
 */
export function readNamedFile(path: string, limit: number): string {
  const descriptor = openSync(path, 'r');
  try {
    const chunks: Buffer[] = [];
    for (let total = 0; ;) {
      const chunk = Buffer.allocUnsafe(chunkBytes);
      const count = readSync(descriptor, chunk);
      if (count === 0) {
        return Buffer.concat(chunks).toString('utf8');
      }
      total += count;
      if (total > limit) {
        throw new RangeError(`it has more than ${Math.round(limit / 1e6)} MB`);
      }
      chunks.push(chunk.subarray(0, count));
    }
  } finally {
    closeSync(descriptor);
  }
}

function assertRegular(path: string, found: Stats, limit: number): void {
  if (!found.isFile()) {
    throw refused(path, `is ${kindOf(found)} where a file should be`);
  }
  if (found.size > limit) {
    throw refused(path, `has ${found.size} bytes, more than the ${limit} that such a file may have`);
  }
}

function kindOf(found: Stats): string {
  if (found.isSymbolicLink()) {
    return 'a link';
  }
  return found.isDirectory() ? 'a folder' : found.isFile() ? 'a file' : 'a device, a pipe or a socket';
}

function refused(path: string, fault: string): BoundaryError {
  return new BoundaryError(
    'run',
    `${path} ${fault}.`,
    'It was not made by this program: look at where the folder came from before you use it.',
  );
}
