import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { RunRecord } from '../protocol/records.ts';
import { holdsRun, readRun } from './folder.ts';

/** A run found in a folder; `problem` where its run.json cannot be read. */
export type ListedRun = { dir: string; run: RunRecord } | { dir: string; problem: string };

/** The runs that lie directly in `folder`, newest first; unreadable ones last. */
export function listRuns(folder: string): ListedRun[] {
  if (!existsSync(folder)) {
    return [];
  }
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && holdsRun(join(folder, entry.name)))
    .map(({ name }) => describe(join(folder, name)))
    .sort((a, b) => createdAt(b).localeCompare(createdAt(a)));
}

function describe(dir: string): ListedRun {
  try {
    return { dir, run: readRun(dir) };
  } catch (error) {
    return { dir, problem: error instanceof Error ? error.message : String(error) };
  }
}

function createdAt(listed: ListedRun): string {
  return 'run' in listed ? listed.run.createdAt : '';
}
