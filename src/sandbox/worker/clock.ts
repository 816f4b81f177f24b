import type ivm from 'isolated-vm';
import type { WorkerJob } from '../wire/messages.ts';

/** What running under a limit gave: the value, the program's own exception, or a fact about the limits. */
export type Ran<T> =
  | { status: 'ok'; value: T; timeMs: number }
  | { status: 'threw' | 'time' | 'starved' | 'memory'; timeMs: number; message: string };

/**
 * Runs code of the program under its limits. isolated-vm's timeout counts wall time, the limit is CPU time: the job says
 * how much wall time a CPU millisecond takes at the moment.
 */
export class Clock {
  readonly #isolate: ivm.Isolate;
  readonly #limitMs: number;
  readonly #wallFactor: number;

  constructor(isolate: ivm.Isolate, job: WorkerJob) {
    this.#isolate = isolate;
    this.#limitMs = job.timeMs;
    this.#wallFactor = job.wallFactor;
  }

  /** `spentMs`: CPU time that this test has had in earlier turns. */
  run<T>(action: (timeout: number) => T, spentMs = 0): Ran<T> {
    if (spentMs > this.#limitMs) {
      return { status: 'time', timeMs: 0, message: `over ${this.#limitMs} ms` };
    }
    const limitMs = Math.max(1, this.#limitMs - spentMs);
    const timeout = Math.ceil(limitMs * 1.25 * this.#wallFactor + 10);
    const start = { wall: performance.now(), cpu: threadCpuMs() };
    let value: T;
    try {
      value = action(timeout);
    } catch (error) {
      return this.#failed(error, elapsed(start), { limitMs, timeout });
    }
    const { timeMs } = elapsed(start);
    if (timeMs > limitMs) {
      return { status: 'time', timeMs, message: `over ${this.#limitMs} ms` };
    }
    return { status: 'ok', value, timeMs };
  }

  /** Which limit ended it is told by the isolate and the clock, never by the exception, which the program may have made. */
  #failed(
    error: unknown,
    { wallMs, timeMs }: { wallMs: number; timeMs: number },
    { limitMs, timeout }: { limitMs: number; timeout: number },
  ): Ran<never> {
    if (this.#isolate.isDisposed) {
      return { status: 'memory', timeMs, message: 'over the memory limit' };
    }
    if (timeMs > limitMs) {
      return { status: 'time', timeMs, message: `over ${this.#limitMs} ms` };
    }
    if (wallMs >= timeout) {
      return { status: 'starved', timeMs, message: 'cut before it had its CPU time' };
    }
    return { status: 'threw', timeMs, message: messageOf(error) };
  }
}

/** A stopwatch that runs from now on; it gives the time so far, milliseconds. */
export function stopwatch(): () => number {
  const start = { wall: performance.now(), cpu: threadCpuMs() };
  return () => elapsed(start).timeMs;
}

/** The CPU clock of a thread may lag by a scheduler tick, so that short runs go by the clock on the wall. */
const tickMs = 8;

function elapsed(start: { wall: number; cpu: number }): { wallMs: number; timeMs: number } {
  const wallMs = performance.now() - start.wall;
  const cpuMs = threadCpuMs() - start.cpu;
  return { wallMs, timeMs: wallMs - cpuMs <= tickMs ? wallMs : cpuMs };
}

/** CPU milliseconds of this thread. */
function threadCpuMs(): number {
  const usage = process.threadCpuUsage();
  return (usage.user + usage.system) / 1000;
}

/** Exceptions of isolated-vm and of a program's top level, whose message may be anything. */
export function messageOf(error: unknown): string {
  try {
    const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    return text.slice(0, 300);
  } catch {
    return 'a value was thrown that cannot be read';
  }
}
