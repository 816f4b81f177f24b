import { setTimeout } from 'node:timers/promises';
import { Contention } from './contention.ts';
import { FairQueue } from './fair-queue.ts';
import { deservesRetry } from '../judge/verdicts.ts';
import type { Program, RunReport } from '../wire/messages.ts';
import { type LaunchPlan, WorkerProcess } from './worker-process.ts';

/**
 * Programs after which a worker is replaced, whatever it did. Its start costs as much CPU time as some 80 programs, and it
 * has grown by some 7 MB by then.
 */
const programsPerWorker = 800;
/** A program that is run again alone may take this many times its CPU limit by the clock on the wall. */
const aloneWallFactor = 100;
const watchEveryMs = 25;
/** Within this time the end of a process is known here, also on a busy machine. */
const deathNoticeMs = 200;
/** Attempts to start the first worker where it is killed meanwhile, as by a system that is short of memory. */
const maxProbes = 3;
/** Starts in a row that may fail before the pool gives up. */
const maxFailedStarts = 5;

/** Who wants a program to be run. */
export interface Caller {
  /** Programs of different owners take turns, whatever an owner is. */
  owner?: unknown;
  /** Nobody waits for the result any longer: the program is not begun, or is stopped. */
  signal?: AbortSignal;
}

interface Task {
  program: Program;
  owner: unknown;
  signal: AbortSignal | undefined;
  alone: boolean;
  resolve: (report: RunReport) => void;
}

/**
 * Keeps `size` workers and a warm spare, and gives each one program at a time. A worker that a program may have left its
 * mark on is killed, the spare takes its place at once, and a new one starts.
 */
export class Scheduler {
  readonly #plan: LaunchPlan;
  readonly #size: number;
  readonly #programs: number;
  readonly #idle: WorkerProcess[] = [];
  readonly #all = new Set<WorkerProcess>();
  readonly #queue = new FairQueue<Task>();
  readonly #aloneQueue = new FairQueue<Task>();
  readonly #contention = new Contention();
  #running = 0;
  #runningAlone = false;
  #failedStarts = 0;
  /** The last start that failed was ended from outside. */
  #startKilled = false;
  #closed = false;
  #watch: NodeJS.Timeout | undefined;
  /** Called for every worker that did not end a program by itself. */
  onKill: () => void = () => undefined;

  /** `programs`: after how many a worker is replaced. */
  constructor(plan: LaunchPlan, size: number, programs = programsPerWorker) {
    this.#plan = plan;
    this.#size = size;
    this.#programs = programs;
  }

  /** The first worker is the probe: only when it is up are the others started. Resolves to why it is not, if so. */
  async start(): Promise<string | undefined> {
    for (let attempt = 1; ; attempt++) {
      const failure = await this.#spawn();
      if (failure === undefined) {
        this.#fill();
        return undefined;
      }
      if (!this.#startKilled || attempt === maxProbes || this.#closed) {
        return failure;
      }
    }
  }

  pids(): number[] {
    return [...this.#all].flatMap((worker) => (worker.alive && worker.pid !== undefined ? [worker.pid] : []));
  }

  /** Runs a program; a second time, alone, where the first may have failed for a reason that is not its own. */
  async submit(program: Omit<Program, 'wallFactor'>, caller: Caller = {}): Promise<RunReport> {
    const first = await this.#enqueue({ ...program, wallFactor: 1 }, false, caller);
    if (caller.signal?.aborted === true) {
      return first;
    }
    // A compiler that fails by itself may have been near its end before this program came.
    if ((!deservesRetry(first) && first.spent !== true) || this.#closed) {
      return first;
    }
    // Workers that died together are noticed one by one; the second try must not go to another dead one.
    await setTimeout(deathNoticeMs);
    const alone = { ...program, wallFactor: aloneWallFactor };
    const second = await this.#enqueue(alone, true, caller);
    const last = wasKilledFromOutside(second) ? await this.#enqueue(alone, true, caller) : second;
    return withWritten(last, first);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#refuseWaiting();
    const workers = [...this.#all];
    for (const worker of workers) {
      worker.kill('retired');
    }
    await Promise.all(workers.map((worker) => worker.exited));
    clearInterval(this.#watch);
  }

  #enqueue(program: Program, alone: boolean, { owner, signal }: Caller): Promise<RunReport> {
    return new Promise((resolve) => {
      if (signal?.aborted === true) {
        resolve(notRun);
        return;
      }
      const queue = alone ? this.#aloneQueue : this.#queue;
      const task: Task = { program, owner, signal, alone, resolve };
      queue.push(task);
      signal?.addEventListener(
        'abort',
        () => {
          if (queue.remove(task)) {
            resolve(notRun);
          }
        },
        { once: true },
      );
      if (this.#closed) {
        this.#refuseWaiting();
      }
      this.#fill();
      if (this.#all.size === 0) {
        // Starting was given up: nobody will come for what waits.
        this.#refuseWaiting();
      }
      this.#dispatch();
    });
  }

  /** Hands out work. A task that runs alone waits until nothing else does, and nothing else starts before it is through. */
  #dispatch(): void {
    while (!this.#runningAlone && this.#running < this.#size) {
      const alone = this.#aloneQueue.length > 0;
      const queue = alone ? this.#aloneQueue : this.#queue;
      if (this.#idle.length === 0 || queue.length === 0 || (alone && this.#running > 0)) {
        return;
      }
      const task = queue.shift();
      const worker = this.#idle.shift();
      if (task !== undefined && worker !== undefined) {
        void this.#run(worker, task);
      }
    }
  }

  async #run(worker: WorkerProcess, task: Task): Promise<void> {
    this.#running += 1;
    this.#runningAlone = task.alone;
    this.#watch ??= setInterval(() => {
      this.#look();
    }, watchEveryMs);
    const { program, signal } = task;
    const stop = (): void => {
      worker.kill('retired');
    };
    signal?.addEventListener('abort', stop);
    const report = await worker.run(task.alone ? program : { ...program, wallFactor: this.#contention.factor });
    signal?.removeEventListener('abort', stop);
    this.#running -= 1;
    this.#runningAlone = false;
    if (this.#running === 0) {
      clearInterval(this.#watch);
      this.#watch = undefined;
    }
    if (report.end.type !== 'done' && signal?.aborted !== true) {
      this.onKill();
    }
    if (isAbnormal(report) || worker.programs >= this.#programs) {
      this.#all.delete(worker);
      worker.kill('retired');
      this.#fill();
    } else {
      this.#idle.unshift(worker);
    }
    task.resolve(report);
    this.#dispatch();
  }

  #look(): void {
    for (const worker of this.#all) {
      worker.watch(this.#contention);
    }
  }

  /** Starts workers up to the size and the spare. */
  #fill(): void {
    while (!this.#closed && this.#all.size < this.#size + 1 && this.#failedStarts < maxFailedStarts) {
      void this.#spawn();
    }
  }

  /** Resolves to undefined once the new worker takes programs, else to why it does not. */
  async #spawn(): Promise<string | undefined> {
    const worker = new WorkerProcess(this.#plan);
    this.#all.add(worker);
    const failure = await worker.ready;
    if (this.#closed) {
      return failure ?? 'closed';
    }
    if (failure !== undefined) {
      this.#all.delete(worker);
      this.#startKilled = worker.wasKilledFromOutside;
      worker.kill('retired');
      this.#failedStarts += 1;
      if (this.#failedStarts >= maxFailedStarts && this.#all.size === 0) {
        this.#refuseWaiting();
      }
      if (this.#queue.length + this.#aloneQueue.length > 0) {
        this.#fill();
      }
      return failure;
    }
    this.#failedStarts = 0;
    // Start-up is a first sample of how contended the machine is.
    this.#contention.learn(worker, worker.vitals());
    this.#idle.push(worker);
    void worker.exited.then(() => {
      this.#lost(worker);
    });
    this.#dispatch();
    return undefined;
  }

  /** A worker that dies while idle is replaced; one that dies in mid-program is seen by its run. */
  #lost(worker: WorkerProcess): void {
    const index = this.#idle.indexOf(worker);
    if (index >= 0) {
      this.#idle.splice(index, 1);
      this.#all.delete(worker);
      this.#fill();
    }
  }

  /** What waits when there will be no more workers is not judged; that is no fault of the programs. */
  #refuseWaiting(): void {
    for (const task of [...this.#queue.clear(), ...this.#aloneQueue.clear()]) {
      task.resolve(notRun);
    }
  }
}

/** A program that nobody ran. */
const notRun: RunReport = { outcomes: [], end: { type: 'killed', reason: 'retired' } };

/**
 * What a program wrote that was cut off in its first run, where a second one was killed for its time together with its
 * output: it had come as far as that, too.
 */
function withWritten(last: RunReport, first: RunReport): RunReport {
  const { end } = last;
  const cut = first.outcomes[0];
  if (end.type !== 'killed' || end.reason !== 'time' || cut?.status !== 'starved' || cut.value === undefined) {
    return last;
  }
  const timeMs = end.spentMs ?? cut.timeMs;
  const outcomes = last.outcomes.map((outcome, index) =>
    index === 0 && outcome === undefined
      ? { ...cut, status: 'time' as const, timeMs, message: 'killed at the deadline' }
      : outcome,
  );
  return { outcomes, end };
}

/** Nothing that a program can do ends its process in this way; the system, short of memory, or a person does. */
function wasKilledFromOutside({ end }: RunReport): boolean {
  return end.type === 'died' && (end.signal === 'SIGKILL' || end.signal === 'SIGTERM');
}

/** Anything but a program that ran to its end within its limits: the process may carry traces of it. */
function isAbnormal(report: RunReport): boolean {
  const harmless: readonly (string | undefined)[] = ['ok', 'threw', 'compile', 'notData', 'pending'];
  return (
    report.end.type !== 'done' ||
    report.spent === true ||
    report.outcomes.some((outcome) => !harmless.includes(outcome?.status))
  );
}
