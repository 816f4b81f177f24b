import { stat } from 'node:fs/promises';

/** Bytes; undefined where there is no such file. */
export async function fileSize(path: string): Promise<number | undefined> {
  return stat(path).then(
    (entry) => entry.size,
    () => undefined,
  );
}
