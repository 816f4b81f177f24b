import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isDiskFull } from '../../base/files.ts';
import { BoundaryError } from '../../base/errors.ts';
import { reasonOf } from './sources.ts';

/** A model that is being fetched, in the words of messages. */
export interface PulledThing {
  title: string;
  /** What `selfq models pull` takes. */
  name: string;
  /** File or folder that it becomes. */
  target: string;
}

/** Throws BoundaryError('environment') unless the disk of `folder` has `bytes` free. */
export async function assertSpace(folder: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize < bytes) {
    throw diskFull(folder, bytes);
  }
}

function diskFull(folder: string, needed?: number): BoundaryError {
  const room = needed === undefined ? 'room' : `${Math.ceil(needed / 2 ** 20)} MiB`;
  return new BoundaryError(
    'environment',
    `The disk with ${folder} is full.`,
    `Make ${room} free there and run this again (a download continues where it stopped), or set SELFQ_HOME to a folder ` +
      'on another disk.',
  );
}

/** What a person can do about a failed pull; `aborted`: they ended it themselves. */
export function toPullFault(error: unknown, { title, name, target }: PulledThing, aborted: boolean): BoundaryError {
  if (error instanceof BoundaryError) {
    return error;
  }
  if (aborted) {
    return new BoundaryError(
      'interrupted',
      `Fetching ${title} was interrupted.`,
      `\`selfq models pull ${name}\` continues where it stopped.`,
      { cause: error },
    );
  }
  if (isDiskFull(error)) {
    return diskFull(dirname(target));
  }
  return new BoundaryError(
    'environment',
    `${title} could not be stored: ${reasonOf(error)}.`,
    `Make sure that ${dirname(target)} may be written, or set SELFQ_HOME to a folder that may.`,
    { cause: error },
  );
}
