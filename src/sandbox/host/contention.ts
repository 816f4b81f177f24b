import type { Vitals } from './platform.ts';

/**
 * How much wall time a CPU millisecond takes on this machine lately, 1 (idle) to 20. Limits are CPU time, while what cuts
 * an endless loop inside a worker is a clock on the wall: it is set by this estimate.
 */
export class Contention {
  #factor = 1;
  readonly #last = new WeakMap<object, { cpuMs: number; waitMs: number }>();

  get factor(): number {
    return this.#factor;
  }

  /** Takes note of a process that has been running, out of its scheduler statistics. */
  learn(owner: object, { cpuMs, waitMs }: Vitals): void {
    if (cpuMs === undefined || waitMs === undefined) {
      return;
    }
    const before = this.#last.get(owner) ?? { cpuMs: 0, waitMs: 0 };
    const ran = cpuMs - before.cpuMs;
    const waited = waitMs - before.waitMs;
    if (ran + waited < 10) {
      return;
    }
    this.#last.set(owner, { cpuMs, waitMs });
    const sample = Math.min(20, (ran + waited) / Math.max(1, ran));
    this.#factor += (sample - this.#factor) * Math.min(0.5, (ran + waited) / 200);
  }
}
