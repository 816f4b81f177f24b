import { statfs } from 'node:fs/promises';
import { BoundaryError } from '../../base/errors.ts';
import { codeOf, isDiskFull } from '../../base/files.ts';

/** Left free on the disk beyond the file itself, bytes. */
const reserveBytes = 256 * 2 ** 20;

/** Throws BoundaryError('environment') unless the disk of `folder` has room for `bytes`. */
export async function assertSpace(folder: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize < bytes + reserveBytes) {
    throw diskFull(folder, bytes);
  }
}

function diskFull(folder: string, bytes?: number, cause?: unknown): BoundaryError {
  const need = bytes === undefined ? 'more room' : `${Math.ceil((bytes + reserveBytes) / 1e6)} MB`;
  return new BoundaryError(
    'environment',
    `The disk of ${folder} is too full: the prepared weights need ${need}.`,
    'Free some space, or set SELFQ_HOME to a folder on a larger disk.',
    { cause },
  );
}

/** What a person can do when `folder` could not be written; anything unknown is passed on as it is. */
export function asDiskError(error: unknown, folder: string): unknown {
  if (isDiskFull(error)) {
    return diskFull(folder, undefined, error);
  }
  const code = codeOf(error);
  switch (code) {
    case 'EACCES':
    case 'EROFS':
    case 'ENOTDIR':
    case 'EEXIST':
    case 'EPERM':
      return new BoundaryError(
        'environment',
        `${folder} cannot be written (${code}).`,
        'Set SELFQ_HOME to a folder that you may write.',
        { cause: error },
      );
    default:
      return error;
  }
}
