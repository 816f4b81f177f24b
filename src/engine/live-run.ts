import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunEvent } from '../protocol/control.ts';
import type { RunRecord } from '../protocol/records.ts';
import { writeRun } from '../run/folder.ts';
import { withoutToken } from './control.ts';
import { log } from './log.ts';

/** run.json of the run that this process owns: what is in memory, on disk and told to clients is one thing. */
export interface LiveRun {
  readonly record: RunRecord;
  /** Changes the record, writes it and tells everyone. */
  update(patch: Partial<RunRecord>): void;
  /** Renews the heartbeat; a full disk does not end a run here, the next record will. */
  beat(): void;
  /** Like `update`, for the end of the run: makes room on a full disk by giving up the reserve. */
  finish(patch: Partial<RunRecord>): void;
}

const reserveBytes = 64 * 1024;

/** Writes the record and keeps it from now on; `notify` is told of every change. */
export function createLiveRun(dir: string, record: RunRecord, notify: (event: RunEvent) => void): LiveRun {
  let current = record;
  const reserve = join(dir, 'engine.reserve.tmp');
  const apply = (patch: Partial<RunRecord>): void => {
    const engine = { ...current.engine, heartbeat: new Date().toISOString() };
    current = { ...current, ...patch, engine };
  };
  writeRun(dir, current);
  // Replaced, never reused: a link of that name would lead out of the folder.
  rmSync(reserve, { force: true });
  writeFileSync(reserve, Buffer.alloc(reserveBytes, 1), { flag: 'wx' });
  return {
    get record() {
      return current;
    },
    update(patch) {
      apply(patch);
      writeRun(dir, current);
      notify({ type: 'state', run: withoutToken(current) });
    },
    beat() {
      apply({});
      try {
        writeRun(dir, current);
      } catch (error) {
        log(`heartbeat: ${error instanceof Error ? error.message : String(error)}`);
      }
    },
    finish(patch) {
      apply(patch);
      rmSync(reserve, { force: true });
      writeRun(dir, current);
      notify({ type: 'state', run: withoutToken(current) });
    },
  };
}
