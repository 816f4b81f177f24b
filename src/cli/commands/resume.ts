import { attach, startEngine } from '../../engine/client.ts';
import { readRun } from '../../run/folder.ts';
import { shownState } from '../../run/ownership.ts';
import type { Arguments } from '../arguments.ts';
import { follow } from '../follow.ts';
import { resolveStored } from '../../config/stored.ts';
import { ensureModel, warnOfMemory } from '../model.ts';
import { createProgressOutput } from '../terminal.ts';
import { runFolderOf } from './steer.ts';

/** `selfq resume`: resumes a paused run, starts the engine of one that has none, and watches; also a live one. */
export async function resume(args: Arguments): Promise<number> {
  const dir = runFolderOf(args);
  const record = readRun(dir);
  const state = shownState(record);
  if (['starting', 'running', 'paused', 'stopping'].includes(state)) {
    const client = await attach(dir);
    await client.resume();
    client.dispose();
  } else {
    const { config } = resolveStored(record.config);
    await warnOfMemory(await ensureModel(config.model), config, 'run');
    const steps = args.integer('steps', 1);
    await startEngine(dir, steps === undefined ? {} : { steps });
  }
  if (args.has('detach')) {
    return 0;
  }
  if (!args.has('json')) {
    createProgressOutput().line(`Continuing ${dir} after step ${record.step} of ${record.steps}.`);
  }
  return follow(dir, { json: args.has('json') });
}
