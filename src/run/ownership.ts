import { linkSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import * as z from 'zod';
import { BoundaryError } from '../base/errors.ts';
import { shellWord } from '../base/shell.ts';
import { pidExists } from '../base/processes.ts';
import type { RunRecord } from '../protocol/records.ts';
import { isLive, type ShownState } from '../protocol/run-state.ts';
import { codeOf, explainFileError, largestFile, readIfPresent } from '../base/files.ts';
import { runPaths } from './folder.ts';
import { processStartTime } from './process-identity.ts';

/** How often the engine renews its heartbeat, and how old one may be where nothing better proves life. */
export const heartbeatMs = 2_000;
const heartbeatLimitMs = 15_000;

const Owner = z.object({ pid: z.number().int(), startTime: z.string(), heartbeat: z.string() });
type Owner = z.infer<typeof Owner>;

/** Identity of the calling process as it stands in run.json and in the lock. */
export function ownIdentity(): Owner {
  return {
    pid: process.pid,
    startTime: processStartTime(process.pid) ?? '',
    heartbeat: new Date().toISOString(),
  };
}

/**
 * Whether the process that owns a run is alive. A pid may have been given to another process since, so its start time
 * has to agree too. Where start times cannot be compared (Windows; a folder shared by two machines), a fresh heartbeat
 * decides.
 */
export function isAlive(owner: Owner, now: number = Date.now()): boolean {
  // A date in the future proves nothing: clocks differ by less, and files can say anything.
  const fresh = Math.abs(now - Date.parse(owner.heartbeat)) < heartbeatLimitMs;
  if (owner.startTime === '' || !sameBoot(owner.startTime)) {
    return fresh && (owner.startTime !== '' || pidExists(owner.pid));
  }
  return processStartTime(owner.pid) === owner.startTime;
}

/** The state that a reader should show: a run that says it is live while its engine is dead was `interrupted`. */
export function shownState(run: RunRecord): ShownState {
  return isLive(run.state) && !isAlive(run.engine) ? 'interrupted' : run.state;
}

/** Throws BoundaryError('run') for a run that another program trains, which alone can continue it. */
export function assertTrainedHere(dir: string, { trainer }: RunRecord): void {
  if (trainer !== undefined) {
    throw new BoundaryError(
      'run',
      `The run in ${dir} is trained by ${trainer}, not by this program.`,
      'Start it again where it was launched: it continues from its latest checkpoint.',
    );
  }
}

/** Ownership of a run folder. */
export interface Claim {
  /** Whether the lock is still this process's own; an owner looks again from time to time. */
  holds(): boolean;
  release(): void;
}

/**
 * Makes the calling process the only owner of a run folder. The lock file is created complete by `link`, which fails
 * where one exists; a dead owner's lock is first renamed away, which only one of several claimants can do.
 * Throws BoundaryError('run') while the owner is alive.
 */
export function claimRun(dir: string): Claim {
  const { lock } = runPaths(dir);
  const mine = `${lock}.${process.pid}.tmp`;
  const content = JSON.stringify(ownIdentity());
  try {
    rmSync(mine, { force: true });
    writeFileSync(mine, content, { mode: 0o600, flag: 'wx' });
    for (let attempt = 0; attempt < 10; attempt++) {
      if (tryLink(mine, lock)) {
        return {
          holds: () => readLock(lock) === content,
          release: () => releaseLock(lock, content),
        };
      }
      removeDeadLock(dir, lock);
    }
  } catch (error) {
    throw explainFileError(error, lock);
  } finally {
    rmSync(mine, { force: true });
  }
  throw inUse(dir, undefined);
}

function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') {
      return false;
    }
    throw error;
  }
}

function removeDeadLock(dir: string, lock: string): void {
  const content = readLock(lock);
  if (content === undefined) {
    return;
  }
  const owner = parseOwner(content);
  if (owner && isAlive(owner)) {
    throw inUse(dir, owner.pid);
  }
  const grave = `${lock}.${process.pid}.dead.tmp`;
  try {
    renameSync(lock, grave);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') {
      return;
    }
    throw error;
  }
  // Between reading and renaming, another claimant may have put its own lock here: give it back.
  if (readLock(grave) !== content) {
    tryLink(grave, lock);
  }
  rmSync(grave, { force: true });
}

function releaseLock(lock: string, content: string): void {
  if (readLock(lock) === content) {
    rmSync(lock, { force: true });
  }
}

function readLock(path: string): string | undefined {
  return readIfPresent(path, largestFile.record);
}

/**
 * Whether the owner runs on this machine, as far as can be told: its boot is known on Linux alone. A control socket is not
 * reached from another one.
 */
export function isOfThisMachine({ startTime }: Owner): boolean {
  return startTime === '' || sameBoot(startTime);
}

function parseOwner(content: string): Owner | undefined {
  try {
    return Owner.safeParse(JSON.parse(content)).data;
  } catch {
    return undefined;
  }
}

function sameBoot(startTime: string): boolean {
  if (process.platform !== 'linux') {
    return true;
  }
  return processStartTime(process.pid)?.split(':')[0] === startTime.split(':')[0];
}

function inUse(dir: string, pid: number | undefined): BoundaryError {
  return new BoundaryError(
    'run',
    `The run in ${dir} is in use${pid === undefined ? '' : ` by the engine with pid ${pid}`}.`,
    `Follow it with \`selfq status ${shellWord(dir)}\`, end it with \`selfq stop ${shellWord(dir)}\`, or choose another folder with --out.`,
  );
}
