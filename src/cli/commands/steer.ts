import { resolve } from 'node:path';
import { attach, attachToStop } from '../../engine/client.ts';
import { readRun } from '../../run/folder.ts';
import { type Arguments, usage } from '../arguments.ts';
import { shellWord } from '../../base/shell.ts';

/** The folder of a run given as the first argument. */
export function runFolderOf(args: Arguments): string {
  const [dir] = args.positionals;
  if (dir === undefined) {
    throw usage('Which run?', 'Give its folder; `selfq status` lists the runs.');
  }
  return resolve(dir);
}

/** `selfq pause`: at the next safe point. */
export async function pause(args: Arguments): Promise<number> {
  const dir = runFolderOf(args);
  const client = await attach(dir);
  await client.pause();
  client.dispose();
  process.stderr.write(`It will hold at the next safe point. \`selfq resume ${shellWord(dir)}\` continues it.\n`);
  return 0;
}

/** Returns when the engine has gone. */
export async function stop(args: Arguments): Promise<number> {
  const dir = runFolderOf(args);
  const link = await attachToStop(dir);
  await link.stop();
  await link.closed;
  link.dispose();
  const { step, steps } = readRun(dir);
  process.stderr.write(`Stopped after step ${step} of ${steps}. \`selfq resume ${shellWord(dir)}\` continues.\n`);
  return 0;
}
