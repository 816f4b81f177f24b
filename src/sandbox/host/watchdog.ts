import type { KillReason, Program } from '../wire/messages.ts';

/** Since the last sign of progress of a program, which is one test or the loading of the source. */
export interface Watched {
  wallMs: number;
  cpuMs: number | undefined;
  /** Wall time since the CPU clock of the worker last moved. */
  idleMs: number;
  rssMb: number | undefined;
  /** The worker has said that the first line of the program is about to run, or more. */
  begun: boolean;
}

/** Resident memory of a worker beside the isolate's heap: Node itself, the boot script, results on their way, MiB. */
const baseRssMb = { script: 350, python: 650 };
/** CPU time that a worker may take to boot an interpreter that was not ready, milliseconds. */
const bootMs = 20_000;
/** Time for what is not the program: a fresh isolate, the way there and back, milliseconds. */
const graceMs = 250;
/** A worker with a program computes all the time; one whose CPU clock stands still for so long does not run at all. */
const idleLimitMs = 3000;

/**
 * What a program wrote is lost with its process. Where that is asked for, the worker's own clock on the wall (clock.ts), by
 * which a loop is cut and its output kept, goes first: the CPU limit is this many times larger, because the machine may be
 * less busy than that clock was set for.
 */
const latestOwnCut = 6;
/** No clock that is set for a busy machine is beyond this; one for a program that runs alone is. */
const mostBusy = 20;

function ownCut({ wallFactor, streams }: Pick<Program, 'wallFactor' | 'streams'>): number {
  return streams === true && wallFactor <= mostBusy ? Math.min(1.25 * wallFactor, latestOwnCut) : 0;
}

/** Which limit a worker has broken, if any. CPU time decides where it is known, because the machine may be busy. */
export function overLimit(
  program: Pick<Program, 'timeMs' | 'memoryMb' | 'wallFactor' | 'language' | 'streams'>,
  seen: Watched,
): KillReason | undefined {
  const python = program.language === 'python';
  const baseMb = python ? baseRssMb.python : baseRssMb.script;
  if (seen.rssMb !== undefined && seen.rssMb > program.memoryMb + baseMb) {
    return 'memory';
  }
  const limitMs = program.timeMs * Math.max(1.3, ownCut(program)) + graceMs + (python && !seen.begun ? bootMs : 0);
  if (seen.cpuMs === undefined) {
    return seen.wallMs > limitMs * Math.max(1.5, program.wallFactor) ? 'time' : undefined;
  }
  if (seen.cpuMs > limitMs) {
    return 'time';
  }
  return seen.idleMs > idleLimitMs ? 'stalled' : undefined;
}
