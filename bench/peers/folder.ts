import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheDir } from '../../src/base/cache-dir.ts';

/** Where programs to compare with are installed, and model files are written for them. */
export function peersDir(): string {
  return join(cacheDir(), 'peers');
}

/** A script of `bench/peers`, whether this runs from source or from a bundle. */
export function peerScript(name: string): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'bench', 'peers', name)) && dirname(folder) !== folder) {
    folder = dirname(folder);
  }
  return join(folder, 'bench', 'peers', name);
}
