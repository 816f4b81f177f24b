import { accessSync, constants } from 'node:fs';
import { homedir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { startEngine } from '../../engine/client.ts';
import { type Config, presets, resolveConfig, type Setting, settings } from '../../selfplay/config.ts';
import { type Arguments, nearestName, usage } from '../arguments.ts';
import { follow } from '../follow.ts';
import { ensureModel, warnOfMemory } from '../model.ts';
import { describeSubject } from '../run-view.ts';
import { createProgressOutput, table } from '../terminal.ts';

/** `selfq run`: settings, model, engine, and then watching it. */
export async function run(args: Arguments): Promise<number> {
  if (args.has('settings')) {
    process.stdout.write(`${settingsTable()}\n`);
    return 0;
  }
  const config = configOf(args);
  const model = await ensureModel(config.model);
  await warnOfMemory(model, config, 'run');
  const dir = args.text('out') ?? defaultFolder(config.domain);
  // A path of the person's own is stored as an absolute one: the engine and a later resume start elsewhere.
  await startEngine(resolve(dir), { config: { ...config, model: model.entry || model.hub ? model.id : model.path } });
  if (args.has('detach')) {
    process.stdout.write(args.has('json') ? `${JSON.stringify({ dir: resolve(dir) })}\n` : detachedText(dir));
    return 0;
  }
  if (!args.has('json')) {
    const from = `${describeSubject(config.domain, config.topic)}, ${config.model}, ${config.steps} steps`;
    createProgressOutput().line(`Self-questioning: ${from}. Run folder: ${dir}`);
  }
  return follow(dir, { json: args.has('json') });
}

/** The settings: preset, then the named options, then every --set. */
export function configOf(args: Arguments): Config {
  const preset = args.text('preset') ?? 'quick';
  const known = presets.find((name) => name === preset);
  if (!known) {
    const nearest = nearestName(preset, presets);
    throw usage(
      `There is no preset "${preset}".`,
      `Choose one of ${presets.join(', ')}${nearest ? `; did you mean ${nearest}?` : '.'}`,
    );
  }
  const overrides: Record<string, string> = {};
  for (const name of ['domain', 'topic', 'model', 'device', 'steps'] as const) {
    const value = args.text(name);
    if (value !== undefined) {
      overrides[name] = value;
    }
  }
  for (const assignment of args.texts('set')) {
    const equals = assignment.indexOf('=');
    if (equals < 1) {
      throw usage(`--set "${assignment}" has no value.`, 'Write --set key=value, such as --set seed=7.');
    }
    overrides[assignment.slice(0, equals)] = assignment.slice(equals + 1);
  }
  return resolveConfig(known, overrides);
}

/** runs/<time>-<domain> here if this folder can be written, else below the home folder. */
function defaultFolder(domain: string): string {
  const time = new Date().toISOString().slice(0, 19).replaceAll(':', '-').replace('T', '-');
  const name = join('runs', `${time}-${domain}`);
  try {
    accessSync(process.cwd(), constants.W_OK);
    return name;
  } catch {
    return join(homedir(), 'self-questioning', name);
  }
}

function detachedText(dir: string): string {
  const shown = relative(process.cwd(), dir) || dir;
  return `The run goes on in the background in ${shown}.\nselfq status ${shown}   selfq resume ${shown} (watch)   selfq stop ${shown}\n`;
}

function settingsTable(): string {
  const rows = Object.entries<Setting>(settings).map(([name, setting]) => [
    name,
    String(setting.quick),
    String(setting.laptop ?? setting.quick),
    String(setting.paper ?? setting.quick),
    setting.kind.type === 'choice' ? setting.kind.choices.join(' | ') : setting.unit,
    setting.description,
  ]);
  return table([['setting', 'quick', 'laptop', 'paper', 'unit or choices', 'meaning'], ...rows]);
}
