import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import type { RunEvent } from '../../src/protocol/control.ts';
import { entryPath } from '../../src/base/entries.ts';
import type { StepMetrics } from '../../src/protocol/records.ts';
import { readEvaluations, readMetrics, runPaths } from '../../src/run/folder.ts';
import { resolveConfig } from '../../src/config/resolve.ts';
import type { Config } from '../../src/config/tables.ts';
import { type WritingOptions, writeWritingModel } from './writing-model.ts';

const root = resolve(import.meta.dirname, '../..');

/** A cache folder and a model of their own, for one file of tests. */
export interface Workplace {
  dir: string;
  model: string;
  /** Settings that make a run of the tiny model take seconds, besides model and steps. */
  overrides: Readonly<Record<string, string | number>>;
  /** The same as options of `selfq run`. */
  options(extra?: Readonly<Record<string, string | number>>): string[];
  /** The same as a configuration, for those who start the engine themselves. */
  config(extra?: Readonly<Record<string, string | number>>): Config;
  remove(): void;
}

const steps = 3;
const overrides = {
  seed: 5,
  proposerPrompts: 3,
  proposalsPerPrompt: 4,
  answersPerQuestion: 4,
  // The tiny model writes few functions: without its duplicates a step would have little to train on.
  behaviourDuplicates: 'count',
  proposerUpdateEvery: 1,
  evalEvery: 1,
  evalQuestions: 4,
  testQuestions: 6,
  maxPromptTokens: 2048,
  maxProposalTokens: 16,
  maxAnswerTokens: 16,
  slots: 8,
  threads: 1,
  sandboxWorkers: 1,
  loraRank: 4,
  learningRate: 0.001,
};

export async function createWorkplace(writing: WritingOptions = {}): Promise<Workplace> {
  const dir = mkdtempSync(join(tmpdir(), 'selfq-test-'));
  const model = join(dir, 'model');
  await writeWritingModel(model, writing);
  return {
    dir,
    model,
    overrides,
    options: (extra = {}) => [
      '--model',
      model,
      ...Object.entries({ steps, ...overrides, ...extra }).flatMap(([name, value]) => ['--set', `${name}=${value}`]),
    ],
    config: (extra = {}) => resolveConfig('quick', { steps, ...overrides, model, ...extra }),
    remove: () => rmSync(dir, { recursive: true, force: true }),
  };
}

export interface Finished {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** The command line as a process, in `place` and with its cache there. */
export function selfq(place: Workplace, args: readonly string[]): RunningCommand {
  const child = spawn(process.execPath, [entryPath('cli'), ...args], {
    cwd: place.dir,
    env: environment(place),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  const listeners = new Set<() => void>();
  const grow = (add: (text: string) => void) => (text: string) => {
    add(text);
    listeners.forEach((listener) => listener());
  };
  child.stdout.setEncoding('utf8').on(
    'data',
    grow((text) => (stdout += text)),
  );
  child.stderr.setEncoding('utf8').on(
    'data',
    grow((text) => (stderr += text)),
  );
  const finished = new Promise<Finished>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stdout, stderr }));
  });
  return {
    finished,
    kill: (signal) => child.kill(signal),
    firstLine: () =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const [line, ...more] = stdout.split('\n');
          if (line !== undefined && more.length > 0) {
            listeners.delete(look);
            resolve(line);
          }
        };
        listeners.add(look);
        look();
        void finished.then(() => reject(new Error(`It ended without a line: ${stderr}`)));
      }),
    event: (matches) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const found = eventsOf(stdout).find(matches);
          if (found) {
            listeners.delete(look);
            resolve(found);
          }
        };
        listeners.add(look);
        look();
        void finished.then(() => reject(new Error(`It ended before that event: ${stderr}`)));
      }),
  };
}

export interface RunningCommand {
  finished: Promise<Finished>;
  kill(signal: NodeJS.Signals): void;
  /** The first line of its standard output. */
  firstLine(): Promise<string>;
  /** The first event of a `--json` run that fits. */
  event(matches: (event: RunEvent) => boolean): Promise<RunEvent>;
}

export function environment(place: Workplace): NodeJS.ProcessEnv {
  return { ...process.env, SELFQ_HOME: join(place.dir, 'cache'), NO_COLOR: '1' };
}

/** The complete lines of a `--json` run. */
export function eventsOf(stdout: string): RunEvent[] {
  return stdout
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as RunEvent);
}

/** Processes that `pid` started, by what their command line contains. */
export function childrenOf(pid: number, name: string): number[] {
  return execFileSync('ps', ['-eo', 'pid=,ppid=,args='], { encoding: 'utf8' })
    .split('\n')
    .map((line) => /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line))
    .flatMap((match) => {
      // Below the checkout, whose path may hold the name as well.
      const args = match?.[3]?.replaceAll(root, '');
      return match && Number(match[2]) === pid && args?.includes(name) ? [Number(match[1])] : [];
    });
}

/** All that a run computed, without what may differ between equal runs: times, rates, and who ran it. */
export function computed(dir: string): { metrics: StepMetrics[]; rest: object } {
  const { steps, checkpoints } = runPaths(dir);
  const withoutTimes = (path: string): string => readFileSync(path, 'utf8').replaceAll(/"timeMs":[\d.e-]+/g, '');
  const sha256 = (text: string | Uint8Array): string => createHash('sha256').update(text).digest('hex');
  const newest = join(checkpoints, readdirSync(checkpoints).sort().at(-1) ?? '');
  const hashes = (folder: string, read: (path: string) => string | Uint8Array): [string, string][] =>
    readdirSync(folder)
      .sort()
      .map((name) => [name, sha256(read(join(folder, name)))]);
  return {
    metrics: readMetrics(dir).map((line) => ({ ...line, time: '', seconds: {}, tokens_per_second: 0 })),
    rest: {
      evaluations: readEvaluations(dir).map((line) => ({ ...line, time: '', seconds: 0, adapter: '' })),
      steps: hashes(steps, withoutTimes),
      checkpoint: [basename(newest), ...hashes(newest, (path) => readFileSync(path))],
    },
  };
}
