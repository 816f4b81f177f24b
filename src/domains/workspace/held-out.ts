import { createHash } from 'node:crypto';
import type { Seed } from '../../protocol/seed.ts';

/** Whether the functions of a file are held out, by a hash of its path alone: a file that is added later moves no other. */
export function isHeldOut(file: string, share: number): boolean {
  return createHash('sha256').update(file).digest().readUInt32BE(0) / 2 ** 32 < share;
}

/** Fewest functions that a run is about: every step would be about the same otherwise. */
export const leastSeeds = 3;

/**
 * Functions that prompts may show, and those of held-out files; none is held out where fewer than {@link leastSeeds} would be
 * left to show. `share`: of all files, in [0, 1].
 */
export function splitByFile(seeds: readonly Seed[], share: number): { shown: Seed[]; heldOut: Seed[] } {
  const { shown = [], heldOut = [] } = Object.groupBy(seeds, ({ file }) =>
    isHeldOut(file, share) ? 'heldOut' : 'shown',
  );
  return shown.length < leastSeeds ? { shown: [...seeds], heldOut: [] } : { shown, heldOut };
}
