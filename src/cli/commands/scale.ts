import { resolve } from 'node:path';
import { writeFileAtomic } from '../../base/files.ts';
import { nearestName } from '../../base/nearest-name.ts';
import { shellWord } from '../../base/shell.ts';
import { resolveConfig } from '../../config/resolve.ts';
import { resolveStored } from '../../config/stored.ts';
import type { Config } from '../../config/tables.ts';
import { readRun } from '../../run/folder.ts';
import { verlConfig } from '../../scale/verl-config.ts';
import { type Arguments, usage } from '../arguments.ts';
import { overridesOf } from '../overrides.ts';
import { configOf } from './run.ts';

const action = 'export-config';

/** `selfq scale export-config`: the settings of a run, or those of a preset, for the trainer on verl. */
export async function scale(args: Arguments): Promise<number> {
  const [given = '', dir] = args.positionals;
  if (given !== action) {
    const nearest = nearestName(given, [action]);
    throw usage(
      given === '' ? 'What should be done?' : `\`selfq scale\` cannot "${given}".`,
      nearest === undefined ? `There is ${action}.` : `Did you mean ${nearest}?`,
    );
  }
  const text = verlConfig(await settingsOf(args, dir), {
    base: args.text('base'),
    servers: args.texts('server').length > 0 ? args.texts('server') : ['http://127.0.0.1:8177'],
    runDir: args.text('run-dir') ?? 'runs/verl',
  });
  const out = args.text('out');
  if (out === undefined) {
    process.stdout.write(text);
  } else {
    writeFileAtomic(resolve(out), text);
    process.stdout.write(`verl's configuration: ${shellWord(out)}\n`);
  }
  return 0;
}

/** Those of the run in `dir` with what was named on the command line instead; without a run, of a preset. */
async function settingsOf(args: Arguments, dir: string | undefined): Promise<Config> {
  if (dir === undefined) {
    return configOf(args);
  }
  if (args.text('preset') !== undefined) {
    throw usage('A run has its own settings, and a preset was given, too.', 'Leave one of the two away.');
  }
  const { config } = resolveStored(readRun(resolve(dir)).config);
  return resolveConfig('quick', { ...config, ...overridesOf(args, ['domain', 'topic', 'model', 'steps']) });
}
