import { readdirSync, readFileSync } from 'node:fs';

/** What the pool can see of a worker from outside. Undefined where the platform does not tell. */
export interface Vitals {
  /** CPU milliseconds of the thread that computes since it started, and those it waited for a core. */
  cpuMs: number | undefined;
  waitMs: number | undefined;
  rssMb: number | undefined;
}

const pageBytes = 4096;

/**
 * Reads /proc; elsewhere nothing is known and only wall time is watched. `thread`: id of the one that computes, which is
 * `pid` for the main one; undefined where it is not known.
 */
export function readVitals(pid: number, thread: number | undefined): Vitals {
  if (process.platform !== 'linux') {
    return { cpuMs: undefined, waitMs: undefined, rssMb: undefined };
  }
  const schedule = thread === undefined ? [] : readNumbers(`/proc/${pid}/task/${thread}/schedstat`);
  const pages = readNumbers(`/proc/${pid}/statm`);
  return {
    cpuMs: scaled(schedule[0], 1e-6),
    waitMs: scaled(schedule[1], 1e-6),
    rssMb: scaled(pages[1], pageBytes / 1024 / 1024),
  };
}

/** Id of the thread of a process that has this name; undefined where there is none or the platform does not tell. */
export function threadNamed(pid: number, name: string): number | undefined {
  try {
    const threads = readdirSync(`/proc/${pid}/task`);
    const found = threads.find((id) => readFileSync(`/proc/${pid}/task/${id}/comm`, 'latin1').trim() === name);
    return found === undefined ? undefined : Number(found);
  } catch {
    return undefined;
  }
}

/** The highest resident memory that a process ever had, MiB; undefined when it is gone or the platform does not tell. */
export function peakRssMb(pid: number | undefined): number | undefined {
  try {
    const kilobytes = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1];
    return scaled(kilobytes === undefined ? undefined : Number(kilobytes), 1 / 1024);
  } catch {
    return undefined;
  }
}

/** Watches the peak memory of a process. */
export interface PeakWatch {
  /** The highest resident memory that any of the processes ever had, MiB; undefined where the platform does not tell. */
  peakMb(): number | undefined;
  stop(): void;
}

/** Looks at processes that come and go, until it is stopped. */
export function watchPeak(pids: () => readonly number[]): PeakWatch {
  let peakMb: number | undefined;
  const look = (): void => {
    for (const pid of pids()) {
      const seenMb = peakRssMb(pid);
      peakMb = seenMb === undefined ? peakMb : Math.max(seenMb, peakMb ?? 0);
    }
  };
  const timer = setInterval(look, 20);
  return { peakMb: () => peakMb, stop: () => clearInterval(timer) };
}

function readNumbers(path: string): number[] {
  try {
    return readFileSync(path, 'latin1').split(' ').map(Number);
  } catch {
    return [];
  }
}

function scaled(value: number | undefined, factor: number): number | undefined {
  return value === undefined || !Number.isFinite(value) ? undefined : value * factor;
}
