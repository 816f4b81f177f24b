import { existsSync } from 'node:fs';
import { BoundaryError } from '../base/errors.ts';
import { largestFile, readJson, writeFileAtomic } from '../base/files.ts';
import { shellWord } from '../base/shell.ts';
import { leastSeeds } from '../domains/workspace/held-out.ts';
import { SeedReport } from '../protocol/seed.ts';
import { runPaths } from '../run/folder.ts';
import type { Sandbox } from '../sandbox/sandbox.ts';
import { patternsOf } from '../workspace/glob.ts';
import { findSeeds, type SeedProgress } from './seeds.ts';

/** What decides which functions a run is about. */
export interface SeedSettings {
  /** Folder; empty = that of this process. */
  workspace: string;
  exclude: string;
}

/** What the search found, and whether its time was too short for all, as on a busy machine. */
export function foundText({ seeds, rejected }: Pick<SeedReport, 'seeds' | 'rejected'>): string {
  const untried = rejected.filter(({ reason }) => reason === 'not_tried').length;
  const found = `${seeds.length} functions of this folder can be used`;
  return untried === 0 ? found : `${found}; the search had no time to try ${untried} others`;
}

/**
 * The functions that a run is about. They are looked for once and kept in its folder: a resumed run has the same ones,
 * whatever became of their files. Throws BoundaryError('usage') where there are too few, and as `findSeeds`.
 */
export async function seedsOfRun(
  dir: string,
  { workspace, exclude }: SeedSettings,
  tools: { sandbox: Sandbox; onProgress(progress: SeedProgress): void; signal: AbortSignal },
): Promise<SeedReport> {
  const path = runPaths(dir).seeds;
  if (existsSync(path)) {
    return readJson(path, SeedReport, largestFile.metrics);
  }
  const folder = workspace || process.cwd();
  const report = await findSeeds({ folder, exclude: patternsOf(exclude), ...tools });
  if (report.seeds.length < leastSeeds) {
    throw new BoundaryError(
      'usage',
      `${report.folder} has ${report.seeds.length} functions that problems can be made from, and ${leastSeeds} are needed.`,
      `\`selfq seeds ${shellWord(report.folder)}\` says why the others are none. Files that git ignores are not read.`,
    );
  }
  writeFileAtomic(path, JSON.stringify(report), { mode: 0o600 });
  return report;
}
