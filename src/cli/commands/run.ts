import { accessSync, constants } from 'node:fs';
import { homedir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { startEngine } from '../../engine/client.ts';
import { advanceQueue, enqueue, listQueue } from '../../engine/queue.ts';
import { type Forecast, forecast } from '../../engine/forecast.ts';
import { cacheDir } from '../../base/cache-dir.ts';
import { chooseModel } from '../../model/installed.ts';
import { memoryText, timeText } from '../../view/forecast.ts';
import { english } from '../../view/translate.ts';
import { domainOfBenchmark } from '../../benchmarks/registry.ts';
import { nearestName } from '../../base/nearest-name.ts';
import { presets } from '../../base/setting.ts';
import { resolveConfig } from '../../config/resolve.ts';
import { runSettings, type Config } from '../../config/tables.ts';
import { type Arguments, usage } from '../arguments.ts';
import { follow } from '../follow.ts';
import { ensureModel, storedModelName, warnOfMemory } from '../model.ts';
import { overridesOf } from '../overrides.ts';
import { describeSubject } from '../run-view.ts';
import { settingsData, settingsText } from '../settings-text.ts';
import { createProgressOutput } from '../terminal.ts';
import { findUserDomain, withUserDomain } from '../user-domain.ts';
import { domainSettings } from '../../domains/settings.ts';
import { domainOfRun } from '../../view/run-name.ts';
import { shellWord } from '../../base/shell.ts';

/** `selfq run`: settings, model, engine, and then watching it. */
export async function run(args: Arguments): Promise<number> {
  if (args.has('settings')) {
    const name = args.text('domain') ?? runSettings.domain.default;
    const domain = Object.hasOwn(domainSettings, name) ? name : 'user';
    if (domain === 'user') {
      findUserDomain(name);
    }
    process.stdout.write(`${args.has('json') ? JSON.stringify(settingsData(domain)) : settingsText(domain)}\n`);
    return 0;
  }
  const config = await configOf(args);
  if (args.has('estimate')) {
    return showForecast(config, args.has('json'));
  }
  const model = await ensureModel(config.model);
  await warnOfMemory(model, config, 'run');
  const dir = args.text('out') ?? defaultFolder(domainOfRun(config));
  // A path of the person's own is stored as an absolute one: the engine and a later resume start elsewhere.
  const paths = {
    ...(config.domain === 'workspace' ? { workspace: resolve(config.workspace) } : {}),
    ...{ pool: absolute(config.pool), labelled: absolute(config.labelled) },
    evalBenchmark: domainOfBenchmark(config.evalBenchmark) ? config.evalBenchmark : absolute(config.evalBenchmark),
  };
  const begun = { ...config, ...paths, model: storedModelName(model) };
  if (args.has('queue')) {
    return queueRun(resolve(dir), begun, args.has('json'));
  }
  await startEngine(resolve(dir), { config: begun });
  if (args.has('detach')) {
    process.stdout.write(args.has('json') ? `${JSON.stringify({ dir: resolve(dir) })}\n` : detachedText(dir));
    return 0;
  }
  if (!args.has('json')) {
    const output = createProgressOutput();
    const from = `${describeSubject(domainOfRun(config), config.topic)}, ${config.model}, ${config.steps} steps${mixText(config)}`;
    output.line(`Self-questioning: ${from}. Run folder: ${dir}`);
    output.line(forecastText(await forecast({ ...config, model: storedModelName(model) })));
  }
  return follow(dir, { json: args.has('json') });
}

/** Puts the run into the queue, which starts it at once where nothing runs. */
async function queueRun(dir: string, config: Config, json: boolean): Promise<number> {
  const { id } = enqueue(dir, config);
  const started = await advanceQueue();
  const before = listQueue().filter((queued) => queued.id < id && queued.problem === undefined).length;
  const isStarted = started?.id === id;
  if (json) {
    process.stdout.write(`${JSON.stringify({ dir, number: id, started: isStarted, before })}\n`);
    return 0;
  }
  const waits = `The run is number ${id} in the queue${before > 0 ? `, behind ${before === 1 ? 'another one' : `${before} others`}` : ''}: it starts by itself.\n\`selfq queue\` lists the queue, \`selfq queue cancel ${id}\` takes it out.\n`;
  process.stdout.write(isStarted ? detachedText(dir) : waits);
  return 0;
}

async function showForecast(given: Config, json: boolean): Promise<number> {
  const config = { ...given, model: storedModelName(chooseModel(given.model, cacheDir())) };
  const known = await forecast(config);
  const { time, memory } = known;
  const data = { time: time ?? null, memory: memory ? { needed: memory.needed, available: memory.available } : null };
  process.stdout.write(`${json ? JSON.stringify(data) : forecastText(known)}\n`);
  return 0;
}

function forecastText({ time, memory }: Forecast): string {
  return [timeText(english, time), ...(memory ? [memoryText(english, memory.needed, memory.available)] : [])].join(' ');
}

function absolute(path: string): string {
  return path === '' ? '' : resolve(path);
}

/** The settings: preset, then the named options, then every --set. */
export async function configOf(args: Arguments): Promise<Config> {
  const preset = args.text('preset') ?? 'quick';
  const known = presets.find((name) => name === preset);
  if (!known) {
    const nearest = nearestName(preset, presets);
    throw usage(
      `There is no preset "${preset}".`,
      `Choose one of ${presets.join(', ')}${nearest ? `; did you mean ${nearest}?` : '.'}`,
    );
  }
  const selection = args.has('paper-selection') ? { paperSelection: 'on' } : {};
  const named = await withUserDomain(overridesOf(args, ['domain', 'topic', 'model', 'device', 'steps']));
  const config = resolveConfig(known, { ...selection, ...named });
  assertShares(named, config);
  if (config.paperSelection === 'on' && config.evalEvery === 0) {
    throw usage(
      'With paperSelection there have to be evaluations during the run to choose from, and evalEvery is 0.',
      'Add --set evalEvery=5, as in the paper.',
    );
  }
  return config;
}

/** A share of a file that was not named would mix in nothing. */
function assertShares(named: Readonly<Record<string, unknown>>, config: Config): void {
  for (const [share, file] of [
    ['labelledShare', 'labelled'],
    ['poolShare', 'pool'],
  ] as const) {
    if (share in named && config[share] > 0 && config[file] === '') {
      throw usage(
        `${share} has no effect: ${file} names no file.`,
        `Add --set ${file}=FILE, a JSONL file of questions.`,
      );
    }
  }
}

/** What is mixed in, in words; empty where the proposer alone asks. */
function mixText(config: Config): string {
  const perStep = config.proposerPrompts * config.proposalsPerPrompt;
  const parts = [
    { path: config.pool, count: perStep * config.poolShare, what: 'questions' },
    { path: config.labelled, count: perStep * config.labelledShare, what: 'questions with answers' },
  ].filter(({ path, count }) => path !== '' && count > 0);
  const texts = parts.map(({ path, count, what }) => `${Number(count.toFixed(1))} ${what} a step from ${path}`);
  return texts.length === 0 ? '' : `, ${texts.join(', ')}`;
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
  return `The run continues in the background in ${shown}.\nselfq status ${shellWord(shown)}   selfq resume ${shellWord(shown)} (watch)   selfq stop ${shellWord(shown)}\n`;
}
