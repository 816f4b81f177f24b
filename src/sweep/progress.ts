import { join } from 'node:path';
import { BoundaryError } from '../base/errors.ts';
import type { SettingValue } from '../base/setting.ts';
import { resolveStored } from '../config/stored.ts';
import type { RunRecord } from '../protocol/records.ts';
import type { ShownState } from '../protocol/run-state.ts';
import { holdsRun, readRun } from '../run/folder.ts';
import { shownState } from '../run/ownership.ts';
import type { GridRun } from './grid.ts';

/** How far a run of a sweep has come. */
export interface RunProgress {
  run: GridRun;
  dir: string;
  /** `pending`: not begun. */
  state: ShownState | 'pending';
  /** Absent where the run has not been begun. */
  record?: RunRecord;
}

/** Conflicts that are named one by one. */
const shownConflicts = 5;

/**
 * What there is of each run of a grid. A folder may lie there with a run of other settings: the sweep's file was changed
 * since, or the folder belongs to something else. Then its figures would be taken for what they are not. Throws
 * BoundaryError('run') that names all such runs with the settings in question.
 */
export function progressOf(grid: readonly GridRun[], runsFolder: string): RunProgress[] {
  const conflicts: string[] = [];
  const all = grid.map((run): RunProgress => {
    const dir = join(runsFolder, run.name);
    if (!holdsRun(dir)) {
      return { run, dir, state: 'pending' };
    }
    const record = readRun(dir);
    const differences = differencesOf(record, run);
    if (differences.length > 0) {
      conflicts.push(`${run.name} (${differences.slice(0, 3).join(', ')})`);
    }
    return { run, dir, record, state: shownState(record) };
  });
  if (conflicts.length > 0) {
    const more = conflicts.length > shownConflicts ? ` and ${conflicts.length - shownConflicts} more` : '';
    const which = conflicts.slice(0, shownConflicts).join('; ') + more;
    throw new BoundaryError(
      'run',
      `Runs in ${runsFolder} were made with other settings than the sweep has now: ${which}.`,
      'Put the settings back, give the sweep another name, or move these folders away; runs that fit are kept.',
    );
  }
  return all;
}

/** Whether nothing of a run is left to do but evaluations of the sweep's own. */
export function isDone({ state, record }: RunProgress): boolean {
  return state === 'finished' && record !== undefined && record.step >= record.steps;
}

/** `learningRate 0.001, now 0.0001` for each setting that a run was made with differently. */
function differencesOf(record: RunRecord, { config }: GridRun): string[] {
  const stored: Record<string, SettingValue> = { ...resolveStored(record.config).config, steps: record.steps };
  const wanted: Record<string, SettingValue> = { ...config };
  return [...new Set([...Object.keys(wanted), ...Object.keys(stored)])]
    .filter((name) => stored[name] !== wanted[name])
    .map((name) => `${name} ${stored[name] ?? 'not set'}, now ${wanted[name] ?? 'not set'}`);
}
