import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BoundaryError } from '../base/errors.ts';

/** `data/` lies beside package.json, above the sources as well as above a bundle of them. */
export function packageFolder(): string {
  const start = dirname(fileURLToPath(import.meta.url));
  for (let folder = start; ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'package.json'))) {
      return folder;
    }
    if (folder === dirname(folder)) {
      throw new BoundaryError('environment', `No package.json lies above ${start}.`, 'Install the program again.');
    }
  }
}
