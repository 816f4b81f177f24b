import { appendLine, readJsonLines } from '../base/files.ts';
import { Preference } from '../protocol/preferences.ts';
import { assertOwnParts, runPaths } from './folder.ts';

/** Adds a preference; on disk when it returns. Throws BoundaryError as {@link assertOwnParts}, and where it cannot be written. */
export function appendPreference(dir: string, preference: Preference): void {
  assertOwnParts(dir);
  appendLine(runPaths(dir).preferences, JSON.stringify(preference));
}

/** The preferences of a run, oldest first, one for each pair of answers: the last that was given. */
export function readPreferences(dir: string): Preference[] {
  assertOwnParts(dir);
  const all = readJsonLines(runPaths(dir).preferences, Preference);
  return [...new Map(all.map((preference) => [preference.id, preference])).values()];
}
