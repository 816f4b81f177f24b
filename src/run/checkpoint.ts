import { existsSync, lstatSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolderSync } from '../base/make-folder.ts';
import { BoundaryError } from '../base/errors.ts';
import { explainFileError, syncFile, syncFolder, writeFileAtomic } from '../base/files.ts';
import { assertKind } from '../base/untrusted-file.ts';
import { numberedNames, runPaths, stepName } from './folder.ts';

/** A checkpoint on disk, complete. */
export interface Checkpoint {
  step: number;
  dir: string;
}

/**
 * Writes a checkpoint under a temporary name and renames it when it is complete and on the disk, so that a folder with
 * a checkpoint's name is always whole. `save` puts the policy's files into the folder that it is given. All else that the
 * next step depends on lies in the records of earlier steps; everything random is a function of seed and step.
 */
export async function writeCheckpoint(
  runDir: string,
  step: number,
  save: (dir: string) => Promise<void>,
): Promise<Checkpoint> {
  const { checkpoints } = runPaths(runDir);
  const dir = join(checkpoints, stepName(step));
  const temporary = `${dir}.tmp`;
  try {
    rmSync(temporary, { recursive: true, force: true });
    makeFolderSync(temporary);
    await save(temporary);
    writeFileAtomic(join(temporary, 'state.json'), `${JSON.stringify({ step })}\n`);
    readdirSync(temporary).forEach((name) => syncFile(join(temporary, name)));
    rmSync(dir, { recursive: true, force: true });
    renameSync(temporary, dir);
    syncFolder(checkpoints);
  } catch (error) {
    rmSync(temporary, { recursive: true, force: true });
    throw explainFileError(error, dir);
  }
  return { step, dir };
}

/** Complete checkpoints, ascending by step. Throws BoundaryError('run') where one holds a link or is one. */
export function listCheckpoints(runDir: string): Checkpoint[] {
  const { checkpoints } = runPaths(runDir);
  assertKind(checkpoints, 'folder');
  const all = numberedNames(checkpoints, /^(\d{6,})$/).map(({ step, path }) => ({ step, dir: path }));
  all.forEach(({ dir }) => assertOwnFiles(dir));
  return all.filter(({ dir }) => existsSync(join(dir, 'state.json')));
}

function assertOwnFiles(dir: string): void {
  assertKind(dir, 'folder');
  for (const name of existsSync(dir) ? readdirSync(dir) : []) {
    assertKind(join(dir, name), lstatSync(join(dir, name)).isDirectory() ? 'folder' : 'file');
  }
}

/** The complete checkpoint of the latest step; undefined where there is none. */
export function latestCheckpoint(runDir: string): Checkpoint | undefined {
  return listCheckpoints(runDir).at(-1);
}

/** Checkpoints that a run keeps besides every tenth: the newest. */
const newestKept = 3;

/**
 * Most checkpoints that are on disk at the same time in a run of `steps` steps; one more is being written. `keepsBest`:
 * one of them is chosen as the best.
 */
export function mostCheckpoints(steps: number, keepsBest: boolean): number {
  return Math.min(steps, newestKept + Number(keepsBest)) + 1 + Math.floor(steps / 10);
}

/** Keeps the last three checkpoints, every tenth, and that of step `best`. */
export function pruneCheckpoints(runDir: string, best?: number): void {
  const all = listCheckpoints(runDir);
  const old = all.slice(0, -newestKept).filter(({ step }) => step !== best && (step === 0 || step % 10 !== 0));
  old.forEach(({ dir }) => rmSync(dir, { recursive: true, force: true }));
}

/** Checkpoints that a person may give up: all but the latest, which a run continues from, and that of step `best`. */
export function spareCheckpoints(runDir: string, best?: number): Checkpoint[] {
  return listCheckpoints(runDir)
    .slice(0, -1)
    .filter(({ step }) => step !== best);
}

/** The checkpoint of `step`, the latest without one. Throws BoundaryError('run') where there is none. */
export function findCheckpoint(runDir: string, step?: number): Checkpoint {
  const all = listCheckpoints(runDir);
  const found = step === undefined ? all.at(-1) : all.find((checkpoint) => checkpoint.step === step);
  if (!found) {
    const wanted = step === undefined ? 'no checkpoint yet' : `no checkpoint of step ${step}`;
    const remedy = all.length > 0 ? `There are those of steps ${all.map(({ step }) => step).join(', ')}.` : '';
    throw new BoundaryError('run', `${runDir} has ${wanted}.`, remedy || 'Let the run finish its first step.');
  }
  return found;
}
