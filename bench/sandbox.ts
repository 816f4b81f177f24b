import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import type { Language } from '../src/sandbox/sandbox.ts';
import { BoundaryError } from '../src/base/errors.ts';
import { entryPath } from '../src/base/entries.ts';
import type { ComparedProblem } from '../src/protocol/problem.ts';
import { hostilePrograms } from '../test/support/hostile-programs.ts';
import { fencedCommand, probeFences } from '../src/sandbox/host/launch.ts';
import { watchPeak } from '../src/sandbox/host/platform.ts';
import { createSandbox, type SandboxPool } from '../src/sandbox/host/pool.ts';

/** Ten tests of a small function: the shape of what self-play judges most. */
const problem: ComparedProblem = {
  id: 'bench',
  statement: 'Return the sum of an array.',
  kind: 'function',
  entry: 'solve',
  tests: Array.from({ length: 10 }, (_, index) => {
    const input = Array.from({ length: index + 3 }, (_unused, item) => item * index);
    return { input: [input], output: input.reduce((sum, value) => sum + value, 0) };
  }),
  limits: { timeMs: 1000, memoryMb: 64 },
  tags: [],
  source: 'bench',
};
const honest = 'function solve(a) {\n  let sum = 0;\n  for (const x of a) sum += x;\n  return sum;\n}';

export interface Rate {
  programs: number;
  seconds: number;
  programsPerSecond: number;
  /** CPU milliseconds of all processes together for one program: tells the cost also on a machine that is busy. */
  cpuMsPerProgram: number | null;
  p50Ms: number;
  p99Ms: number;
}

export interface SandboxBench {
  cores: number;
  pool: Record<string, Rate>;
  /** A bare Node process for each program, and one behind the fences of a worker (no network, RLIMIT_DATA, --permission). */
  childProcess: Rate;
  childProcessFenced: Rate;
  sharedContext: Rate;
  emptyIsolate: Rate;
  /** The same program in Python on all cores; null where Pyodide is not installed. */
  python: Rate | null;
  /** Pool on all cores against a process for each program. */
  timesChildProcess: number;
  timesChildProcessFenced: number;
  /** From nothing to a pool that has passed its quick canaries, milliseconds. */
  startMs: number;
  hostile: HostileRun;
}

export interface HostileRun {
  programs: number;
  hostile: number;
  honestAccepted: number;
  honestOther: Record<string, number>;
  internalErrors: number;
  workersKilled: number;
  seconds: number;
  peakWorkerRssMb: number | null;
}

/** `selfq bench sandbox`. Takes a minute or two on an idle machine. `quick` runs a tenth of it. */
export async function benchSandbox(options: { quick?: boolean } = {}): Promise<SandboxBench> {
  const scale = options.quick === true ? 0.1 : 1;
  const cores = availableParallelism();
  const pool: Record<string, Rate> = {};
  for (const workers of [...new Set([1, cores])]) {
    pool[`${workers} worker${workers > 1 ? 's' : ''}`] = await benchPool(workers, Math.round(3000 * scale));
  }
  const childProcess = await benchChildProcess(cores, Math.max(4, Math.round(200 * scale)), false);
  const childProcessFenced = await benchChildProcess(cores, Math.max(4, Math.round(200 * scale)), true);
  const best = pool[`${cores} worker${cores > 1 ? 's' : ''}`]?.programsPerSecond ?? 0;
  return {
    cores,
    startMs: await benchStart(),
    pool,
    childProcess,
    childProcessFenced,
    python: await benchPython(cores, Math.round(200 * scale)),
    ...(await benchIsolates(Math.round(3000 * scale))),
    timesChildProcess: round(best / childProcess.programsPerSecond),
    timesChildProcessFenced: round(best / childProcessFenced.programsPerSecond),
    hostile: await benchHostile(cores, Math.round(1000 * scale)),
  };
}

async function benchStart(): Promise<number> {
  const start = performance.now();
  const sandbox = await createSandbox();
  const startMs = round(performance.now() - start);
  await sandbox.close();
  return startMs;
}

/** `selfq bench sandbox` on the command line. */
export async function sandboxTarget(args: {
  has(name: string): boolean;
}): Promise<{ figures: SandboxBench; lines: string[] }> {
  const figures = await benchSandbox({ quick: args.has('quick') });
  return { figures, lines: describeBench(figures) };
}

function describeBench(bench: SandboxBench): string[] {
  const row = (name: string, { programsPerSecond, p50Ms, p99Ms }: Rate): string =>
    `  ${name.padEnd(42)} ${programsPerSecond.toFixed(1).padStart(9)}/s   p50 ${p50Ms} ms   p99 ${p99Ms} ms`;
  const { programs, hostile, honestAccepted, seconds, peakWorkerRssMb, internalErrors } = bench.hostile;
  return [
    `Programs a second, 10 tests each, ${bench.cores} cores:`,
    ...Object.entries(bench.pool).map(([name, rate]) => row(`pool, ${name}`, rate)),
    row('a Node process for each program', bench.childProcess),
    row('the same behind the fences of a worker', bench.childProcessFenced),
    row('one shared context, one core (unsafe)', bench.sharedContext),
    ...(bench.python === null ? ['  Python: Pyodide is not installed'] : [row('pool, Python', bench.python)]),
    row('isolates in which nothing runs, one core', bench.emptyIsolate),
    `The pool is ${bench.timesChildProcess} times as fast as a process for each program, ` +
      `${bench.timesChildProcessFenced} times as fast as a fenced one. It starts in ${bench.startMs} ms.`,
    `${programs} programs, ${hostile} of them hostile, all cores busy: ${honestAccepted} of ${programs - hostile} ` +
      `honest ones accepted, ${internalErrors} faults of ours, ${seconds} s, largest worker ${peakWorkerRssMb ?? '?'} MiB.`,
  ];
}

async function benchPython(workers: number, programs: number): Promise<Rate | null> {
  try {
    return await benchPool(workers, programs, { source: 'def solve(a):\n    return sum(a)', language: 'python' });
  } catch (error) {
    if (error instanceof BoundaryError && error.boundary === 'environment') {
      return null;
    }
    throw error;
  }
}

async function benchPool(
  workers: number,
  programs: number,
  solution: { source: string; language?: Language } = { source: honest },
): Promise<Rate> {
  const sandbox = await createSandbox({ workers, canaries: 'none' });
  try {
    const judge = async (): Promise<void> => {
      const result = await sandbox.judge({ problem, ...solution });
      if (result.verdict !== 'AC') {
        throw new Error(`an honest program got ${result.verdict}: ${result.message}`);
      }
    };
    await inFlight(workers * 2, Math.min(50, programs), judge);
    const cpu = watchCpu(sandbox);
    const rate = await inFlight(workers * 2, programs, judge);
    const usedMs = cpu.stop();
    return { ...rate, cpuMsPerProgram: usedMs === null ? null : round(usedMs / programs) };
  } finally {
    await sandbox.close();
  }
}

/** CPU milliseconds of this process and of every worker meanwhile, also those that are replaced; Linux only. */
function watchCpu(sandbox: SandboxPool): { stop: () => number | null } {
  const startOf = new Map(sandbox.workerPids().map((pid) => [pid, cpuMsOf(pid)]));
  const latest = new Map<number, number>();
  const look = (): void => {
    for (const pid of sandbox.workerPids()) {
      latest.set(pid, Math.max(cpuMsOf(pid), latest.get(pid) ?? 0));
    }
  };
  const timer = setInterval(look, 20);
  const own = process.cpuUsage();
  return {
    stop() {
      clearInterval(timer);
      look();
      const { user, system } = process.cpuUsage(own);
      const workers = [...latest].reduce((sum, [pid, cpuMs]) => sum + cpuMs - (startOf.get(pid) ?? 0), 0);
      return workers > 0 ? (user + system) / 1000 + workers : null;
    },
  };
}

/** CPU milliseconds of all threads of a process, in steps of 10; 0 where nobody tells. */
function cpuMsOf(pid: number): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]?.split(' ') ?? [];
    return (Number(fields[11]) + Number(fields[12])) * 10;
  } catch {
    return 0;
  }
}

/** Keeps `width` tasks going until `count` are done. */
async function inFlight(
  width: number,
  count: number,
  task: () => Promise<void>,
): Promise<Omit<Rate, 'cpuMsPerProgram'>> {
  const latencies: number[] = [];
  let started = 0;
  const start = performance.now();
  const lane = async (): Promise<void> => {
    while (started < count) {
      started += 1;
      const begin = performance.now();
      await task();
      latencies.push(performance.now() - begin);
    }
  };
  await Promise.all(Array.from({ length: width }, lane));
  const seconds = (performance.now() - start) / 1000;
  latencies.sort((a, b) => a - b);
  const at = (share: number): number =>
    round(latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? 0);
  return {
    programs: count,
    seconds: round(seconds),
    programsPerSecond: round(count / seconds),
    p50Ms: at(0.5),
    p99Ms: at(0.99),
  };
}

/** What it costs without a pool: one Node process for each program, its tests in a row; bare, or behind the same fences. */
async function benchChildProcess(width: number, programs: number, fenced: boolean): Promise<Rate> {
  const inputs = JSON.stringify(problem.tests.map((test) => test.input));
  const script = `${honest}\nprocess.stdout.write(JSON.stringify(${inputs}.map((args) => solve(...args))));`;
  const plan = fenced
    ? fencedCommand(process.execPath, ['--permission', '-e', script], await probeFences())
    : { command: process.execPath, args: ['-e', script] };
  const run = async (): Promise<void> => {
    const child = spawn(plan.command, plan.args, { stdio: ['ignore', 'pipe', 'inherit'] });
    child.stdout.resume();
    const [code] = (await once(child, 'close')) as unknown[];
    if (code !== 0) {
      throw new Error(`a process ended with ${String(code)}`);
    }
  };
  return { ...(await inFlight(width, programs, run)), cpuMsPerProgram: null };
}

/**
 * On one core: what a shared context would give, faster and open to every program that changes its realm; and isolates in
 * which nothing runs, the ceiling of every judge that gives each program its own.
 */
async function benchIsolates(programs: number): Promise<Pick<SandboxBench, 'sharedContext' | 'emptyIsolate'>> {
  const tests = JSON.stringify(problem.tests.map((test) => JSON.stringify(test.input)));
  const args = ['--no-node-snapshot', entryPath('bench-shared-context'), String(programs), honest, tests];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  const figures = JSON.parse(stdout) as Record<'sharedContext' | 'emptyIsolate', { seconds: number; cpuMs: number }>;
  const rate = ({ seconds, cpuMs }: { seconds: number; cpuMs: number }): Rate => {
    const each = round((seconds * 1000) / programs);
    return {
      programs,
      seconds: round(seconds),
      programsPerSecond: round(programs / seconds),
      cpuMsPerProgram: round(cpuMs / programs),
      p50Ms: each,
      p99Ms: each,
    };
  };
  return { sharedContext: rate(figures.sharedContext), emptyIsolate: rate(figures.emptyIsolate) };
}

/** Honest programs among hostile ones (three in ten) while every core is kept busy: all honest ones must be accepted. */
async function benchHostile(cores: number, programs: number): Promise<HostileRun> {
  const burners = Array.from({ length: cores }, () => new Worker('for (;;);', { eval: true }));
  const sandbox = await createSandbox({ workers: cores, canaries: 'none' });
  const memory = watchPeak(() => sandbox.workerPids());
  const tally: Record<string, number> = {};
  let next = 0;
  let hostile = 0;
  try {
    const rate = await inFlight(cores * 4, programs, async () => {
      const index = next;
      next += 1;
      const attack = index % 10 < 3 ? hostilePrograms[(hostile += 1) % hostilePrograms.length] : undefined;
      if (attack !== undefined) {
        const limits = { timeMs: attack.timeMs, memoryMb: 32 };
        await sandbox.judge({ problem: { ...problem, limits }, source: attack.source });
        return;
      }
      const { verdict } = await sandbox.judge({ problem, source: honest });
      tally[verdict] = (tally[verdict] ?? 0) + 1;
    });
    const { AC: honestAccepted = 0, ...honestOther } = tally;
    const { internalErrors, workersKilled } = sandbox.counters;
    const peakMb = memory.peakMb();
    return {
      programs,
      hostile,
      honestAccepted,
      honestOther,
      internalErrors,
      workersKilled,
      seconds: rate.seconds,
      peakWorkerRssMb: peakMb === undefined ? null : Math.round(peakMb),
    };
  } finally {
    memory.stop();
    await sandbox.close();
    await Promise.all(burners.map((burner) => burner.terminate()));
  }
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
