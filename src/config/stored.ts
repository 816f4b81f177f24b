import { BoundaryError } from '../base/errors.ts';
import type { SettingValue } from '../base/setting.ts';
import { domainOf, resolveIn, settingsOf, type SettingValues } from './resolve.ts';
import { runSettings, tables, type Config, type Tables } from './tables.ts';

/** What became of settings since runs were begun with them. */
export interface Changes {
  /** Name that a setting had -> name that it has. */
  renamed: Readonly<Record<string, string>>;
  /** Setting -> choice that it had -> choice that takes its place. */
  replaced: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Setting -> what runs did that were begun before it existed, where its default does something else. */
  before: SettingValues;
}

const changes: Changes = {
  renamed: {},
  replaced: { samplerPrecision: { fast: 'balanced' }, trainPrecision: { fast: 'balanced' } },
  before: { behaviourDuplicates: 'count' },
};

/** The settings of a run that this or another version began. */
export interface StoredConfig {
  config: Config;
  /** How this version reads them differently, in sentences for a person; empty when it reads them as they are. */
  notes: string[];
}

/**
 * Reads the settings of a run folder, which are left there as they are. Names that this version does not know are
 * ignored, missing ones have their defaults of `quick` (or do what was done before there was such a setting), renamed ones count under their new name. Throws
 * BoundaryError('run') that names the setting for a domain or a value that this version does not accept.
 */
export function resolveStored(stored: SettingValues): StoredConfig {
  const { values, notes } = readStored(tables, changes, stored);
  return { config: values as Config, notes };
}

/** {@link resolveStored} over given tables and changes. */
export function readStored(
  all: Tables,
  { renamed, replaced, before }: Changes,
  stored: SettingValues,
): { values: Record<string, SettingValue>; notes: string[] } {
  const notes: string[] = [];
  const current = new Map(Object.entries(stored).filter(([name]) => renamed[name] === undefined));
  for (const [name, value] of Object.entries(stored)) {
    const today = renamed[name];
    if (today !== undefined && !current.has(today)) {
      notes.push(`The setting ${name} is called ${today} now.`);
      current.set(today, value);
    }
  }
  for (const [name, value] of current) {
    const instead = replaced[name]?.[String(value)];
    if (instead !== undefined) {
      notes.push(`${name}=${value} is no longer offered; ${instead} takes its place.`);
      current.set(name, instead);
    }
  }
  const domain = inRun(() => domainOf(all, current.get('domain') ?? runSettings.domain.default));
  const known = settingsOf(all, domain);
  const [ours, others] = partition([...current], ([name]) => Object.hasOwn(known, name));
  const values = inRun(() => resolveIn(all, 'quick', { ...before, ...Object.fromEntries(ours) }));
  if (others.length > 0) {
    notes.push(`Settings that this version does not know are ignored: ${list(others)}.`);
  }
  const absent = Object.entries(values).filter(([name]) => name !== 'domain' && !current.has(name));
  const [kept, missing] = partition(absent, ([name]) => Object.hasOwn(before, name));
  if (kept.length > 0) {
    notes.push(`Settings that are newer than this run do what was done before: ${list(kept)}.`);
  }
  if (missing.length > 0) {
    notes.push(`Settings that this run was begun without have their defaults: ${list(missing)}.`);
  }
  return { values, notes };
}

function partition<T>(items: readonly T[], belongs: (item: T) => boolean): [T[], T[]] {
  return [items.filter(belongs), items.filter((item) => !belongs(item))];
}

function list(values: readonly (readonly [string, SettingValue])[]): string {
  return values.map(([name, value]) => `${name}=${value}`).join(', ');
}

/** A value that is refused stands in a file, not on the command line. */
function inRun<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof BoundaryError)) {
      throw error;
    }
    const remedy = `${error.remedy} The settings of a run stand in its run.json, under "config".`;
    throw new BoundaryError('run', `This run cannot be read: ${error.message}`, remedy);
  }
}
