import { basename, dirname, resolve } from 'node:path';
import { BoundaryError } from '../base/errors.ts';
import { resolveConfig, type SettingValues } from '../config/resolve.ts';
import { resolveStored } from '../config/stored.ts';
import { sharedSettings, type Config } from '../config/tables.ts';
import { findCheckpoint } from '../run/checkpoint.ts';
import { holdsRun, readRun } from '../run/folder.ts';

/** What to load for an evaluation or a completion. */
export interface PolicySource {
  config: Config;
  /** Folder of the adapter; absent: the model alone. */
  adapter?: string;
  /** Steps of training behind the adapter where it is a run's checkpoint, else 0. */
  step: number;
  /** How the settings of the run are read differently today; see config/stored.ts. */
  notes: string[];
}

/**
 * Settings of a policy. `adapter`: the folder of a run (the checkpoint of `wantedStep` counts, else its latest one), one
 * of its checkpoints, or any other folder of an adapter. The first two have the settings of their run, everything else the defaults of `quick`;
 * `overrides` stand above both; with another domain, only what all domains have is the run's. Throws BoundaryError as `resolveConfig` and `resolveStored` do.
 */
export function findPolicy(adapter: string | undefined, overrides: SettingValues, wantedStep?: number): PolicySource {
  const dir = adapter === undefined ? undefined : resolve(adapter);
  const run = dir === undefined ? undefined : runBehind(dir);
  if (wantedStep !== undefined && (run === undefined || dir !== run)) {
    throw new BoundaryError(
      'usage',
      `A step was given, and ${dir ?? 'the model alone'} is not the folder of a run.`,
      'Give --adapter RUN together with --step N, or the folder of a checkpoint without --step.',
    );
  }
  if (dir === undefined || run === undefined) {
    const config = resolveConfig('quick', overrides);
    return { config, step: 0, notes: [], ...(dir === undefined ? {} : { adapter: dir }) };
  }
  const { config: own, notes } = resolveStored(readRun(run).config);
  const { domain = own.domain } = overrides;
  const config = resolveConfig('quick', { ...(domain === own.domain ? own : sharedSettings(own)), ...overrides });
  const checkpoint = dir === run ? findCheckpoint(run, wantedStep) : { dir, step: stepOf(dir) };
  return { config, notes, adapter: checkpoint.dir, step: checkpoint.step };
}

/** The run that a folder is, or is a checkpoint of; undefined for any other folder. */
export function runBehind(dir: string): string | undefined {
  return [dir, resolve(dir, '..', '..')].find(holdsRun);
}

/** Of a folder `<run>/checkpoints/000012`. */
function stepOf(dir: string): number {
  return basename(dirname(dir)) === 'checkpoints' && /^\d+$/.test(basename(dir)) ? Number(basename(dir)) : 0;
}
