// Writes run-e85492e/, a run of two steps, and run-e85492e-next.json, what resuming it gives, with the command line:
// `node --no-node-snapshot test/golden/make-run.ts` with Node 24. Made by commit e85492e: later ones read what it wrote.
import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createWorkplace, selfq, type Workplace } from '../support/whole-program.ts';
import { rounded } from './alike.ts';
import { comparableMetrics } from './make-step.ts';

/** Steps of the run, and those that it is resumed for, one after the other: the last one shows the optimiser's moments. */
export const steps = { done: 2, resumed: [3, 4] } as const;

const name = 'run-e85492e';
const golden = fileURLToPath(new URL(name, import.meta.url));
export const nextFile = fileURLToPath(new URL(`${name}-next.json`, import.meta.url));

const settings = { steps: steps.done, seed: 11, loraRank: 2, loraAlpha: 4, nearDuplicate: 0.45, evalEvery: 0 };

/** `selfq` with these arguments; throws what it says where it fails. */
export async function command(place: Workplace, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await selfq(place, args).finished;
  if (code !== 0) {
    throw new Error(`selfq ${args.join(' ')} ends with ${code}: ${stderr}`);
  }
  return stdout;
}

/** Copies the golden run into `place`, as if it had been made there with the model of `place`. Returns its folder. */
export function copyRun(place: Workplace): string {
  const dir = join(place.dir, name);
  cpSync(golden, dir, { recursive: true });
  replaceInFiles(dir, ({ marker, path }) => [marker, path], pathsOf(place));
  return dir;
}

/** Resumes a copy up to `step`. Returns that step's line of metrics.jsonl. */
export async function resume(place: Workplace, dir: string, step: number): Promise<object> {
  await command(place, 'resume', dir, '--steps', String(step), '--json');
  return comparableMetrics(metricsOf(dir).at(-1) ?? {});
}

export function metricsOf(dir: string): object[] {
  const lines = readFileSync(join(dir, 'metrics.jsonl'), 'utf8').trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line) as object);
}

interface PlacedPath {
  /** Stands for the path in the golden files. */
  marker: string;
  path: string;
}

/** All paths of the machine that a run's files hold; the longer ones first. */
function pathsOf(place: Workplace): PlacedPath[] {
  return [
    { marker: '{model}', path: place.model },
    { marker: '{run}', path: join(place.dir, name) },
    { marker: '{tmp}', path: tmpdir() },
  ];
}

function replaceInFiles(dir: string, order: (path: PlacedPath) => [string, string], paths: PlacedPath[]): void {
  const inJson = (text: string): string => JSON.stringify(text).slice(1, -1);
  for (const file of readdirSync(dir, { recursive: true, encoding: 'utf8' })) {
    if (/\.jsonl?$/.test(file)) {
      const path = join(dir, file);
      const text = readFileSync(path, 'utf8');
      const replaced = paths.map(order).reduce((all, [from, to]) => all.replaceAll(inJson(from), inJson(to)), text);
      writeFileSync(path, replaced);
    }
  }
}

async function make(): Promise<void> {
  if (existsSync(golden)) {
    throw new Error(`${golden} is there already; another commit's run would prove nothing about that one.`);
  }
  const place = await createWorkplace();
  try {
    await command(place, 'run', '--out', name, '--json', ...place.options(settings));
    const dir = join(place.dir, name);
    cpSync(dir, golden, { recursive: true, filter: (path) => !path.endsWith('engine.log') });
    replaceInFiles(golden, ({ marker, path }) => [path, marker], pathsOf(place));
  } finally {
    place.remove();
  }
  const elsewhere = await createWorkplace();
  try {
    const dir = copyRun(elsewhere);
    const next: object[] = [];
    for (const step of steps.resumed) {
      next.push(await resume(elsewhere, dir, step));
    }
    const lines = next.map((metrics) => JSON.stringify(rounded(metrics)));
    writeFileSync(nextFile, `[\n${lines.join(',\n')}\n]\n`);
  } finally {
    elsewhere.remove();
  }
}

if (import.meta.main) {
  await make();
}
