import { stat } from 'node:fs/promises';
import { BoundaryError } from '../../base/errors.ts';

/** Throws BoundaryError('model') for a folder, a device or a pipe, which has no size and may never end. */
export async function assertRegularFile(path: string): Promise<void> {
  const entry = await stat(path);
  if (!entry.isFile()) {
    throw new BoundaryError('model', `${path} is not a regular file.`, 'Give the path of a model file or folder.');
  }
}
