import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import type { Duplex } from 'node:stream';
import type { Contention } from './contention.ts';
import { encodeFrame, FrameReader } from '../wire/frames.ts';
import type { KillReason, Program, RunEnd, RunReport, TestOutcome, WorkerJob } from '../wire/messages.ts';
import { readVitals, threadNamed, type Vitals } from './platform.ts';
import { helloSchema, replySchema } from '../wire/replies.ts';
import { overLimit } from './watchdog.ts';

/** How a worker is started; made once per pool (launch.ts). */
export interface LaunchPlan {
  command: string;
  args: readonly string[];
  env: Record<string, string>;
  cwd: string;
  /** Name of the thread that runs programs, where that is not the main one. */
  thread?: string;
}

interface Flight {
  program: Program;
  id: number;
  nonce: string;
  outcomes: (TestOutcome | undefined)[];
  stageStartMs: number;
  /** A reply has come, be it an empty one. */
  begun: boolean;
  /** CPU clock of the process when the stage was first looked at. */
  stageCpuMs: number | undefined;
  /** The CPU clock as last seen to move, and when that was. */
  moved: { cpuMs: number; atMs: number };
  resolve: (report: RunReport) => void;
}

/** A start takes a fifth of a second of CPU time; on a starved machine that may be half a minute by the clock on the wall. */
const startLimit = { wallMs: 20_000, cpuMs: 10_000, starvedWallMs: 300_000 };

/**
 * One child process, one program in flight. Every message is checked; a worker that says anything but what its job calls
 * for is killed. All limits are enforced from this side by SIGKILL: nothing that a program does can hold that up.
 */
export class WorkerProcess {
  readonly #child: ChildProcess;
  readonly #channel: Duplex;
  readonly #reader = new FrameReader();
  #flight: Flight | undefined;
  #nextId = 1;
  #killed: KillReason | undefined;
  #spentMs: number | undefined;
  #exit: { code: number | null; signal: NodeJS.Signals | null } | undefined;
  #stderr = '';
  readonly #threadName: string | undefined;
  #thread: number | undefined;
  #hello: ((failure: string | undefined) => void) | undefined;
  /** Resolves to undefined once programs can be run, or to why that will never be. */
  readonly ready: Promise<string | undefined>;
  readonly exited: Promise<void>;
  programs = 0;

  constructor(plan: LaunchPlan) {
    this.#threadName = plan.thread;
    this.#child = spawn(plan.command, plan.args, {
      stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe'],
      env: plan.env,
      cwd: plan.cwd,
      windowsHide: true,
    });
    const [channel, lifeline] = [this.#child.stdio[3], this.#child.stdio[4]];
    if (!isDuplex(channel) || !isDuplex(lifeline)) {
      throw new TypeError('the worker has no channel');
    }
    this.#channel = channel;
    // A worker that dies resets its pipes; what that means is decided when its exit is reported.
    channel.on('error', () => undefined);
    lifeline.on('error', () => undefined);
    channel.on('data', (chunk: Buffer) => this.#receive(chunk));
    this.#child.stderr?.on('data', (chunk: Buffer) => {
      this.#stderr = (this.#stderr + chunk.toString('latin1')).slice(0, 4000);
    });
    this.ready = new Promise((resolve) => {
      this.#hello = resolve;
    });
    const timer = this.#limitStart();
    void this.ready.then(() => clearInterval(timer));
    this.exited = new Promise((resolve) => {
      const end = (code: number | null, signal: NodeJS.Signals | null): void => {
        this.#ended(code, signal);
        resolve();
      };
      this.#child.on('error', (error) => {
        this.#stderr += error.message;
        end(null, null);
      });
      // 'close' comes after the pipes are drained: an answer written before death still counts.
      this.#child.on('close', end);
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get alive(): boolean {
    return this.#exit === undefined && this.#killed === undefined;
  }

  /** It was ended by somebody else, such as a system that is short of memory. */
  get wasKilledFromOutside(): boolean {
    const signal = this.#killed === undefined ? this.#exit?.signal : undefined;
    return signal === 'SIGKILL' || signal === 'SIGTERM';
  }

  get busy(): boolean {
    return this.#flight !== undefined;
  }

  /** CPU time of the thread that runs programs, and memory of the process. */
  vitals(): Vitals {
    const pid = this.#child.pid ?? 0;
    this.#thread ??= this.#threadName === undefined ? pid : threadNamed(pid, this.#threadName);
    return readVitals(pid, this.#thread);
  }

  run(program: Program): Promise<RunReport> {
    if (this.#flight !== undefined) {
      throw new Error('a worker runs one program at a time');
    }
    const id = this.#nextId;
    this.#nextId += 1;
    this.programs += 1;
    const nonce = randomBytes(8).toString('hex');
    return new Promise((resolve) => {
      const outcomes = program.inputs.map(() => undefined);
      const atMs = performance.now();
      const moved = { cpuMs: 0, atMs };
      this.#flight = {
        program,
        id,
        nonce,
        outcomes,
        stageStartMs: atMs,
        begun: false,
        stageCpuMs: undefined,
        moved,
        resolve,
      };
      if (this.#exit !== undefined) {
        this.#finish({ type: 'died', ...this.#exit });
        return;
      }
      this.#channel.write(encodeFrame({ ...program, id, nonce } satisfies WorkerJob));
    });
  }

  kill(reason: KillReason): void {
    this.#killed ??= reason;
    this.#child.kill('SIGKILL');
  }

  /** Looks at the clock and at the process; called often while the worker is busy. */
  watch(contention: Contention): void {
    const flight = this.#flight;
    if (flight === undefined || this.#child.pid === undefined || this.#killed !== undefined) {
      return;
    }
    const vitals = this.vitals();
    const { cpuMs, rssMb } = vitals;
    contention.learn(this, vitals);
    const atMs = performance.now();
    flight.stageCpuMs ??= cpuMs;
    if (cpuMs !== undefined && cpuMs !== flight.moved.cpuMs) {
      flight.moved = { cpuMs, atMs };
    }
    const seen = {
      wallMs: atMs - flight.stageStartMs,
      idleMs: atMs - flight.moved.atMs,
      cpuMs: cpuMs === undefined || flight.stageCpuMs === undefined ? undefined : cpuMs - flight.stageCpuMs,
      rssMb,
      begun: flight.begun,
    };
    const reason = overLimit(flight.program, seen);
    if (reason !== undefined) {
      this.#spentMs = reason === 'time' ? (seen.cpuMs ?? seen.wallMs) : undefined;
      this.kill(reason);
    }
  }

  #limitStart(): NodeJS.Timeout {
    const startMs = performance.now();
    return setInterval(() => {
      const { cpuMs } = this.vitals();
      const wallMs = performance.now() - startMs;
      const starved = cpuMs !== undefined && cpuMs < startLimit.cpuMs && wallMs < startLimit.starvedWallMs;
      if (wallMs > startLimit.wallMs && !starved) {
        this.kill('time');
      }
    }, 1000);
  }

  #receive(chunk: Buffer): void {
    if (this.#killed !== undefined) {
      return;
    }
    try {
      for (const message of this.#reader.push(chunk)) {
        this.#take(message);
      }
    } catch {
      this.kill('protocol');
    }
  }

  #take(message: unknown): void {
    if (this.#hello !== undefined) {
      const hello = helloSchema.parse(message);
      this.#greet('failed' in hello ? hello.failed : undefined);
      return;
    }
    const flight = this.#flight;
    const reply = replySchema.parse(message);
    if (flight === undefined || reply.id !== flight.id || reply.nonce !== flight.nonce) {
      this.kill('protocol');
      return;
    }
    for (const outcome of reply.outcomes) {
      if (outcome.index >= flight.outcomes.length || flight.outcomes[outcome.index] !== undefined) {
        this.kill('protocol');
        return;
      }
      flight.outcomes[outcome.index] = outcome;
    }
    flight.begun = true;
    flight.stageStartMs = performance.now();
    flight.stageCpuMs = undefined;
    if (!reply.done) {
      return;
    }
    if (flight.outcomes.includes(undefined)) {
      this.kill('protocol');
      return;
    }
    this.#finish({ type: 'done' }, reply.spent);
  }

  #greet(failure: string | undefined): void {
    const hello = this.#hello;
    this.#hello = undefined;
    hello?.(failure);
  }

  #finish(end: RunEnd, spent = false): void {
    const flight = this.#flight;
    this.#flight = undefined;
    flight?.resolve({ outcomes: flight.outcomes, end, ...(spent ? { spent } : {}) });
  }

  #ended(code: number | null, signal: NodeJS.Signals | null): void {
    if (this.#exit !== undefined) {
      return;
    }
    this.#exit = { code, signal };
    for (const pipe of this.#child.stdio) {
      pipe?.destroy();
    }
    this.#greet(this.#stderr.trim() || `the worker ended with ${signal ?? `exit code ${code}`} before it was ready`);
    this.#finish(
      this.#killed === undefined
        ? { type: 'died', code, signal }
        : {
            type: 'killed',
            reason: this.#killed,
            ...(this.#spentMs === undefined ? {} : { spentMs: this.#spentMs }),
          },
    );
  }
}

function isDuplex(stream: unknown): stream is Duplex {
  return typeof stream === 'object' && stream !== null && 'write' in stream && 'read' in stream;
}
