import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { makeFolderSync } from '../base/make-folder.ts';
import { explainFileError, readIfPresent, readJson, writeFileAtomic } from '../base/files.ts';

/** sweep.json, beside the table and the figure: which runs a sweep has. Written by `selfq sweep` alone. */
export const SweepRecord = z.object({
  version: z.literal(1),
  name: z.string(),
  /** In the order in which they are made; `name` is that of the folder. */
  runs: z.array(z.object({ name: z.string(), variant: z.string(), seed: z.number().int() })),
  /** Name of a run -> why it could not be started, or not be evaluated. */
  failures: z.record(z.string(), z.string()),
});
export type SweepRecord = z.infer<typeof SweepRecord>;

/** Where everything of a sweep lies, in the folder of runs; its runs lie beside it. */
export const sweepPaths = (runsFolder: string, name: string) => ({
  dir: join(runsFolder, name),
  record: join(runsFolder, name, 'sweep.json'),
  table: join(runsFolder, name, 'results.md'),
  figure: join(runsFolder, name, 'results.svg'),
  figures: join(runsFolder, name, 'results.json'),
  evaluations: join(runsFolder, name, 'evals'),
});

/** The record of a sweep; undefined where it has not been begun. Throws BoundaryError('run') for a damaged one. */
export function readSweep(runsFolder: string, name: string): SweepRecord | undefined {
  const { record } = sweepPaths(runsFolder, name);
  return readIfPresent(record) === undefined ? undefined : readJson(record, SweepRecord);
}

/** Writes the record of a sweep, and its folder where there is none. */
export function writeSweep(runsFolder: string, record: SweepRecord): void {
  const paths = sweepPaths(runsFolder, record.name);
  try {
    makeFolderSync(paths.evaluations);
  } catch (error) {
    throw explainFileError(error, paths.dir);
  }
  writeFileAtomic(paths.record, `${JSON.stringify(record, null, 2)}\n`);
}

/** The sweeps that were begun in a folder of runs, by name; damaged ones are skipped. */
export function listSweeps(runsFolder: string): SweepRecord[] {
  if (!existsSync(runsFolder)) {
    return [];
  }
  return readdirSync(runsFolder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name }) => {
      try {
        return readSweep(runsFolder, name) ?? [];
      } catch {
        return [];
      }
    });
}
