import { attach, startEngine } from '../../engine/client.ts';
import { optional } from '../../base/optional.ts';
import type { RunRecord } from '../../protocol/records.ts';
import { isLive } from '../../protocol/run-state.ts';
import { readRun } from '../../run/folder.ts';
import { assertTrainedHere, shownState } from '../../run/ownership.ts';
import type { Arguments } from '../arguments.ts';
import { follow } from '../follow.ts';
import { resolveStored } from '../../config/stored.ts';
import { ensureModel, warnOfMemory } from '../model.ts';
import { createProgressOutput } from '../terminal.ts';
import { runFolderOf } from './steer.ts';

/** Resumes a live run, or starts an engine for one that has none, up to `steps` where given. Returns its record before. */
export async function continueRun(
  dir: string,
  { steps, acceptDomain = false }: { steps?: number; acceptDomain?: boolean } = {},
): Promise<RunRecord> {
  const record = readRun(dir);
  assertTrainedHere(dir, record);
  if (isLive(shownState(record))) {
    const client = await attach(dir);
    await client.resume();
    client.dispose();
  } else {
    const { config } = resolveStored(record.config);
    await warnOfMemory(await ensureModel(config.model), config, 'run');
    await startEngine(dir, { acceptDomain, ...optional('steps', steps) });
  }
  return record;
}

/** `selfq resume`: resumes a paused run, starts the engine of one that has none, and watches; also a live one. */
export async function resume(args: Arguments): Promise<number> {
  const dir = runFolderOf(args);
  const record = await continueRun(dir, {
    ...optional('steps', args.integer('steps', 1)),
    acceptDomain: args.has('changed-domain'),
  });
  if (args.has('detach')) {
    return 0;
  }
  if (!args.has('json')) {
    createProgressOutput().line(`Continuing ${dir} after step ${record.step} of ${record.steps}.`);
  }
  return follow(dir, { json: args.has('json') });
}
