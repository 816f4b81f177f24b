import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { entryPath } from '../protocol/entries.ts';
import { BoundaryError } from '../protocol/errors.ts';
import type { JudgeResult, Problem } from '../protocol/problem.ts';
import { Contention } from './contention.ts';
import { launchPlan } from './launch.ts';
import { readVitals } from './platform.ts';
import type { Execution, Language, Sandbox } from './sandbox.ts';
import { decodeValue, hasSpecials, type Json } from './values.ts';
import { deservesRetry, judgeReport, verdictOfEnd, verdictOfStatus } from './verdicts.ts';
import { type LaunchPlan, type Program, type RunReport, WorkerProcess } from './worker-process.ts';

export interface SandboxOptions {
  /** Programs that run at once; default one per core. */
  workers?: number;
  /** Node >= 24 that runs the workers; default the one that runs this. */
  nodePath?: string;
}

/** Programs after which a worker is replaced, whatever it did. */
const programsPerWorker = 300;
const watchEveryMs = 25;
/** A program that is run again alone may take this many times its CPU limit by the clock on the wall. */
const aloneWallFactor = 20;

interface Task {
  program: Program;
  alone: boolean;
  resolve: (report: RunReport) => void;
}

/**
 * Starts the pool and proves that it can run programs. Throws BoundaryError of the boundary `environment` where a worker
 * cannot start at all.
 */
export async function createSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const cwd = mkdtempSync(join(tmpdir(), 'selfq-sandbox-'));
  const plan = launchPlan({
    nodePath: options.nodePath ?? process.execPath,
    workerPath: entryPath('sandbox-worker'),
    cwd,
  });
  const pool = new Pool(plan, Math.max(1, options.workers ?? availableParallelism()));
  try {
    await pool.start();
  } catch (error) {
    await pool.close();
    throw error;
  }
  return pool;
}

class Pool implements Sandbox {
  readonly counters = { programs: 0, workersKilled: 0, internalErrors: 0 };
  readonly #plan: LaunchPlan;
  readonly #size: number;
  readonly #idle: WorkerProcess[] = [];
  readonly #all = new Set<WorkerProcess>();
  readonly #queue: Task[] = [];
  readonly #aloneQueue: Task[] = [];
  readonly #contention = new Contention();
  #running = 0;
  #runningAlone = false;
  #failedStarts = 0;
  #closed = false;
  #watch: NodeJS.Timeout | undefined;

  constructor(plan: LaunchPlan, size: number) {
    this.#plan = plan;
    this.#size = size;
  }

  /** The first worker is the probe: only when it is up are the others started. */
  async start(): Promise<void> {
    const failure = await this.#spawn();
    if (failure !== undefined) {
      throw startFailure(failure);
    }
    for (let count = 1; count < this.#size; count += 1) {
      void this.#spawn();
    }
  }

  async judge(job: { problem: Problem; source: string; language?: Language }): Promise<JudgeResult> {
    const { problem } = job;
    const report = await this.#submit({
      kind: problem.kind,
      source: job.source,
      language: job.language ?? 'javascript',
      entry: problem.kind === 'function' ? problem.entry : '',
      inputs: problem.kind === 'function' ? problem.tests.map((test) => JSON.stringify(test.input)) : problem.tests.map((test) => test.input),
      ...problem.limits,
      seed: 0,
    });
    const result = judgeReport(problem, report);
    this.counters.internalErrors += result.verdict === 'IE' ? 1 : 0;
    return result;
  }

  async execute(job: Parameters<Sandbox['execute']>[0]): Promise<Execution[]> {
    const report = await this.#submit({
      kind: 'function',
      source: job.source,
      language: 'javascript',
      entry: job.entry,
      inputs: job.inputs.map((input) => JSON.stringify(Array.isArray(input) ? input : [input])),
      ...job.limits,
      seed: job.seed ?? 0,
    });
    return job.inputs.map((_, index) => executionOf(report, index));
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#watch);
    const workers = [...this.#all];
    for (const worker of workers) {
      worker.kill('retired');
    }
    await Promise.all(workers.map((worker) => worker.exited));
    for (const task of [...this.#queue.splice(0), ...this.#aloneQueue.splice(0)]) {
      task.resolve({ outcomes: [], end: { type: 'killed', reason: 'retired' } });
    }
    rmSync(this.#plan.cwd, { recursive: true, force: true });
  }

  async #submit(program: Omit<Program, 'wallFactor'>): Promise<RunReport> {
    this.counters.programs += 1;
    const first = await this.#enqueue({ ...program, wallFactor: 0 }, false);
    if (!deservesRetry(first) || this.#closed) {
      return first;
    }
    return this.#enqueue({ ...program, wallFactor: aloneWallFactor }, true);
  }

  #enqueue(program: Program, alone: boolean): Promise<RunReport> {
    return new Promise((resolve) => {
      if (this.#closed) {
        resolve({ outcomes: [], end: { type: 'killed', reason: 'retired' } });
        return;
      }
      (alone ? this.#aloneQueue : this.#queue).push({ program, alone, resolve });
      this.#dispatch();
    });
  }

  /** Hands out work. A task that runs alone waits until nothing else does, and nothing else starts before it is through. */
  #dispatch(): void {
    while (!this.#runningAlone && this.#idle.length > 0) {
      const alone = this.#aloneQueue.length > 0;
      if (alone && this.#running > 0) {
        return;
      }
      const task = alone ? this.#aloneQueue.shift() : this.#queue.shift();
      const worker = task === undefined ? undefined : this.#idle.shift();
      if (task === undefined || worker === undefined) {
        return;
      }
      void this.#run(worker, task);
    }
  }

  async #run(worker: WorkerProcess, task: Task): Promise<void> {
    this.#running += 1;
    this.#runningAlone = task.alone;
    this.#watch ??= setInterval(() => this.#look(), watchEveryMs);
    const report = await worker.run(
      task.alone ? task.program : { ...task.program, wallFactor: this.#contention.factor },
    );
    this.#running -= 1;
    this.#runningAlone = false;
    if (this.#running === 0) {
      clearInterval(this.#watch);
      this.#watch = undefined;
    }
    if (isAbnormal(report) || worker.programs >= programsPerWorker) {
      this.#replace(worker, report);
    } else {
      this.#idle.push(worker);
    }
    task.resolve(report);
    this.#dispatch();
  }

  #look(): void {
    for (const worker of this.#all) {
      worker.watch(this.#contention);
    }
  }

  #replace(worker: WorkerProcess, report: RunReport): void {
    this.counters.workersKilled += report.end.type === 'done' ? 0 : 1;
    this.#all.delete(worker);
    worker.kill('retired');
    if (!this.#closed) {
      void this.#spawn();
    }
  }

  /** Resolves to undefined once the new worker takes programs, else to why it does not. */
  async #spawn(): Promise<string | undefined> {
    const worker = new WorkerProcess(this.#plan);
    this.#all.add(worker);
    const failure = await worker.ready;
    if (this.#closed) {
      return failure;
    }
    if (failure === undefined) {
      this.#failedStarts = 0;
      // Start-up is a first sample of how contended the machine is.
      this.#contention.learn(worker, readVitals(worker.pid ?? 0));
      this.#idle.push(worker);
      void worker.exited.then(() => this.#lost(worker));
      this.#dispatch();
      return undefined;
    }
    this.#all.delete(worker);
    worker.kill('retired');
    this.#failedStarts += 1;
    if (this.#failedStarts < 3 && this.#all.size > 0) {
      void this.#spawn();
    } else if (this.#all.size === 0) {
      this.#giveUp();
    }
    return failure;
  }

  /** A worker that dies while idle is replaced; one that dies in mid-program is seen by its run. */
  #lost(worker: WorkerProcess): void {
    const index = this.#idle.indexOf(worker);
    if (index >= 0 && !this.#closed) {
      this.#idle.splice(index, 1);
      this.#all.delete(worker);
      void this.#spawn();
    }
  }

  /** No worker can be started any more: what waits is our fault, not the programs'. */
  #giveUp(): void {
    for (const task of [...this.#queue.splice(0), ...this.#aloneQueue.splice(0)]) {
      task.resolve({ outcomes: [], end: { type: 'died', code: null, signal: null } });
    }
  }
}

/** Anything but a program that ran to its end within its limits: the process may carry traces of it. */
function isAbnormal(report: RunReport): boolean {
  const harmless: readonly (string | undefined)[] = ['ok', 'threw', 'compile', 'notData', 'pending'];
  return report.end.type !== 'done' || report.outcomes.some((outcome) => !harmless.includes(outcome?.status));
}

function executionOf(report: RunReport, index: number): Execution {
  const outcome = report.outcomes[index];
  if (outcome === undefined) {
    return report.end.type === 'done'
      ? { ok: false, verdict: 'IE', message: 'no outcome arrived' }
      : { ok: false, ...verdictOfEnd(report.end, true) };
  }
  if (outcome.status !== 'ok') {
    return { ok: false, verdict: verdictOfStatus(outcome.status), message: outcome.message ?? '' };
  }
  const text = outcome.value ?? '';
  return hasSpecials(text)
    ? { ok: false, verdict: 'BAD', message: `the result is not JSON data: ${text.slice(0, 100)}` }
    : { ok: true, value: decodeValue(text) as Json };
}

function startFailure(reason: string): BoundaryError {
  return new BoundaryError(
    'environment',
    `The sandbox cannot start on ${process.platform}-${process.arch} with Node ABI ${process.versions.modules}: ${reason}`,
    'Run it under Node 24 or 26 on Linux, macOS (arm64) or Windows (x64) and reinstall the dependencies with `npm ci`.',
  );
}
