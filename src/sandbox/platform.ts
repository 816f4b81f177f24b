import { readFileSync } from 'node:fs';

/** What the pool can see of a worker from outside. Undefined where the platform does not tell. */
export interface Vitals {
  /** CPU milliseconds of the main thread since it started, and those it waited for a core. */
  cpuMs: number | undefined;
  waitMs: number | undefined;
  rssMb: number | undefined;
}

const pageBytes = 4096;

/** Reads /proc; elsewhere nothing is known and only wall time is watched. */
export function readVitals(pid: number): Vitals {
  if (process.platform !== 'linux') {
    return { cpuMs: undefined, waitMs: undefined, rssMb: undefined };
  }
  const schedule = readNumbers(`/proc/${pid}/schedstat`);
  const pages = readNumbers(`/proc/${pid}/statm`);
  return {
    cpuMs: scaled(schedule[0], 1e-6),
    waitMs: scaled(schedule[1], 1e-6),
    rssMb: scaled(pages[1], pageBytes / 1024 / 1024),
  };
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
