import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { sum } from '../base/statistics.ts';

/** Bytes of all files below a folder; links are not followed, and what goes meanwhile counts for nothing. */
export async function diskUse(folder: string): Promise<number> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const sizes = await Promise.all(
    entries.map(async (entry) => {
      const path = join(folder, entry.name);
      return entry.isDirectory() ? diskUse(path) : sizeOf(path);
    }),
  );
  return sum(sizes);
}

async function sizeOf(path: string): Promise<number> {
  return lstat(path).then(
    (found) => (found.isFile() ? found.size : 0),
    () => 0,
  );
}
