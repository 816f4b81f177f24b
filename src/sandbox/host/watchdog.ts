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

/** Which limit a worker has broken, if any. CPU time decides where it is known, because the machine may be busy. */
export function overLimit(
  program: Pick<Program, 'timeMs' | 'memoryMb' | 'wallFactor' | 'language'>,
  seen: Watched,
): KillReason | undefined {
  const python = program.language === 'python';
  const baseMb = python ? baseRssMb.python : baseRssMb.script;
  if (seen.rssMb !== undefined && seen.rssMb > program.memoryMb + baseMb) {
    return 'memory';
  }
  const limitMs = program.timeMs * 1.3 + graceMs + (python && !seen.begun ? bootMs : 0);
  if (seen.cpuMs === undefined) {
    return seen.wallMs > limitMs * Math.max(1.5, program.wallFactor) ? 'time' : undefined;
  }
  if (seen.cpuMs > limitMs) {
    return 'time';
  }
  return seen.idleMs > idleLimitMs ? 'stalled' : undefined;
}
