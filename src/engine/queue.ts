import { existsSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as z from 'zod';
import { makeFolderSync } from '../base/make-folder.ts';
import { cacheDir } from '../base/cache-dir.ts';
import { BoundaryError } from '../base/errors.ts';
import { explainFileError, largestFile, readIfPresent, writeFileAtomic } from '../base/files.ts';
import type { Config } from '../config/tables.ts';
import type { RunRecord } from '../protocol/records.ts';
import { isLive, type QueuePlace, type ShownState } from '../protocol/run-state.ts';
import { holdsRun, readRun } from '../run/folder.ts';
import { listRuns } from '../run/list.ts';
import { shownState } from '../run/ownership.ts';
import { type StartOptions, startEngine } from './client.ts';

/** A file of the queue. */
const QueueFile = z.object({
  /** Folder of the run. */
  dir: z.string(),
  config: z.record(z.string(), z.union([z.string(), z.number()])),
  /** ISO time. */
  addedAt: z.string(),
  /** Why its engine could not start. */
  problem: z.string().optional(),
});
type QueueFile = z.infer<typeof QueueFile>;

/** A run of the queue. */
export interface QueuedRun extends QueueFile {
  /** Its place among all that were ever queued, which names it. */
  id: number;
  /** Undefined until its engine has begun. */
  state?: ShownState;
  /** Of its record, where there is one that can be read. */
  record?: Pick<RunRecord, 'step' | 'steps' | 'held' | 'config'>;
  /** Present while it waits: it has no engine and has not ended, and nothing keeps it from starting in its turn. */
  place?: QueuePlace;
}

/** How engines are started; a test has others. */
type Start = (dir: string, options: StartOptions) => Promise<void>;

/**
 * The queue of this machine: one file a run in the cache folder, so that windows and terminals share it and no folder that
 * came from elsewhere can start anything. A file stays until its run has ended: what a crash or a reboot cut off is resumed.
 */
export function queueFolder(cache: string = cacheDir()): string {
  return join(cache, 'queue');
}

/** The runs of the queue in their order; files that cannot be read are none. */
export function listQueue(cache?: string): QueuedRun[] {
  const folder = queueFolder(cache);
  const queue = (existsSync(folder) ? readdirSync(folder) : [])
    .flatMap((name): QueuedRun[] => {
      const id = /^(\d+)\.json$/.exec(name)?.[1];
      const file = id === undefined ? undefined : readQueueFile(join(folder, name));
      return id === undefined || !file ? [] : [{ ...file, id: Number(id), ...stateOf(file.dir) }];
    })
    .sort((a, b) => a.id - b.id);
  return queue.map((queued, index) => withPlace(queued, queue.slice(0, index)));
}

/** Places of the runs that wait in the queue, by their folders. */
export function queuePlaces(queue: readonly QueuedRun[] = listQueue()): ReadonlyMap<string, QueuePlace> {
  return new Map(queue.flatMap(({ dir, place }) => (place ? [[dir, place]] : [])));
}

/** `before`: the runs of the queue before it. */
function withPlace(queued: QueuedRun, before: readonly QueuedRun[]): QueuedRun {
  const { state, problem } = queued;
  if (hasEnded(queued) || problem !== undefined || (state !== undefined && isLive(state))) {
    return queued;
  }
  const isNext = before.every((other) => hasEnded(other) || other.problem !== undefined) && !isBusy(queued);
  return { ...queued, place: isNext ? 'next' : 'behind' };
}

function hasEnded({ state }: QueuedRun): boolean {
  return state === 'finished' || state === 'failed';
}

/** Puts a run at the end of the queue. Throws BoundaryError('usage') where its folder is in the queue or holds a run. */
export function enqueue(dir: string, config: Config, cache?: string): QueuedRun {
  const queue = listQueue(cache);
  if (queue.some((queued) => queued.dir === dir) || holdsRun(dir)) {
    throw new BoundaryError('usage', `${dir} is in the queue or holds a run already.`, 'Choose another folder.');
  }
  const id = (queue.at(-1)?.id ?? 0) + 1;
  const file: QueueFile = { dir, config: { ...config }, addedAt: new Date().toISOString() };
  writeQueueFile(id, file, cache);
  releaseQueue(cache);
  return { ...file, id };
}

/** Takes a run out of the queue; what it has recorded stays. */
export function dequeue(id: number, cache?: string): void {
  rmSync(queuePath(id, cache), { force: true });
}

/** Takes the run of this folder out of the queue, if it is in it. */
export function dequeueFolder(dir: string, cache?: string): void {
  listQueue(cache)
    .filter((queued) => queued.dir === dir)
    .forEach(({ id }) => dequeue(id, cache));
}

/** Nothing more starts until a person asks for it, or adds a run. */
export function holdQueue(cache?: string): void {
  if (listQueue(cache).length > 0) {
    writeFileAtomic(holdPath(cache), '');
  }
}

function releaseQueue(cache?: string): void {
  rmSync(holdPath(cache), { force: true });
}

function holdPath(cache?: string): string {
  return join(queueFolder(cache), 'held');
}

/** What {@link advanceQueue} may be told. */
export interface AdvanceOptions {
  cache?: string;
  start?: Start;
  /** The Node that runs the engine; the caller's own by default. */
  nodePath?: string;
  /** A person asks for it: tries again what could not start before, and ends {@link holdQueue}. */
  insist?: boolean;
}

/**
 * Starts or resumes the first run of the queue that has not ended, unless one of the queue or of its folder is running. A run
 * that cannot start keeps the reason, and the next one is tried. Resolves to what was started. Whoever ends a run or looks at
 * the queue calls it; two callers start one engine, since a run folder has one owner.
 */
export async function advanceQueue(options: AdvanceOptions = {}): Promise<QueuedRun | undefined> {
  const { cache, start = startEngine, nodePath, insist = false } = options;
  if (insist) {
    releaseQueue(cache);
  } else if (existsSync(holdPath(cache))) {
    return undefined;
  }
  for (const queued of listQueue(cache)) {
    const { id, dir, config, state, problem } = queued;
    if (hasEnded(queued)) {
      dequeue(id, cache);
      continue;
    }
    if (problem !== undefined && !insist) {
      continue;
    }
    if (isBusy(queued)) {
      return undefined;
    }
    try {
      await start(dir, {
        ...(state === undefined ? { config: config as Config } : {}),
        ...(nodePath ? { nodePath } : {}),
      });
      const { problem: _, ...file } = queued;
      writeQueueFile(id, file, cache);
      return queued;
    } catch (error) {
      const now = stateOf(dir).state;
      if (now !== undefined && isLive(now)) {
        // Somebody else was quicker.
        return undefined;
      }
      const message = error instanceof Error ? error.message : String(error);
      writeQueueFile(id, { ...queued, problem: message }, cache);
    }
  }
  return undefined;
}

/** Whether the run, or another one of its folder, has an engine. */
function isBusy({ dir }: QueuedRun): boolean {
  return listRuns(dirname(dir)).some((listed) => 'run' in listed && isLive(shownState(listed.run)));
}

function stateOf(dir: string): Pick<QueuedRun, 'record' | 'state'> {
  if (!holdsRun(dir)) {
    return {};
  }
  try {
    const run = readRun(dir);
    // Not its token, which lets a process steer the run.
    const { step, steps, held, config } = run;
    return { record: { step, steps, held, config }, state: shownState(run) };
  } catch {
    return { state: 'failed' };
  }
}

function queuePath(id: number, cache?: string): string {
  return join(queueFolder(cache), `${String(id).padStart(6, '0')}.json`);
}

function readQueueFile(path: string): QueueFile | undefined {
  try {
    return QueueFile.safeParse(JSON.parse(readIfPresent(path, largestFile.record) ?? '')).data;
  } catch {
    return undefined;
  }
}

function writeQueueFile(id: number, file: QueueFile, cache?: string): void {
  const path = queuePath(id, cache);
  try {
    makeFolderSync(dirname(path));
    writeFileAtomic(path, `${JSON.stringify(QueueFile.parse(file), null, 2)}\n`, { mode: 0o600 });
  } catch (error) {
    throw explainFileError(error, path);
  }
}
