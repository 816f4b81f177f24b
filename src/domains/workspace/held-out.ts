import { createHash } from 'node:crypto';
import type { Seed } from '../../protocol/seed.ts';

/** Whether the functions of a file are held out, by a hash of its path alone: a file that is added later moves no other. */
export function isHeldOut(file: string, share: number): boolean {
  return createHash('sha256').update(file).digest().readUInt32BE(0) / 2 ** 32 < share;
}

/** Functions that prompts may show, and those of held-out files. `share`: of all files, in [0, 1]. */
export function splitByFile(seeds: readonly Seed[], share: number): { shown: Seed[]; heldOut: Seed[] } {
  const { shown = [], heldOut = [] } = Object.groupBy(seeds, ({ file }) =>
    isHeldOut(file, share) ? 'heldOut' : 'shown',
  );
  return { shown, heldOut };
}
