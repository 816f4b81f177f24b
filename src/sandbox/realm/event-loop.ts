import type { VirtualClock } from './clock.ts';
import type { QueueMaker } from './queue.ts';
import type { Timers } from './timers.ts';

/**
 * Node's event loop: ticks before promises, then timers that are due, input, immediates. Promises are V8's: they run
 * whenever a call from outside returns, so that each turn is one callback and the ticks that it left.
 */
export interface EventLoop {
  nextTick(run: () => void): void;
  /** Runs the ticks; to be called at the end of every call from outside, before promises have their turn. */
  drainTicks(): void;
  /** One callback; false when nothing is left to wait for. */
  turn(): boolean;
  /** What delivers input: gives false where there is nothing to deliver. */
  onInput(deliver: () => boolean): void;
  /** Forgets all that is waiting. */
  clear(): void;
}

/** Turned into text (boot.ts): self-contained. */
export function makeEventLoop(clock: VirtualClock, timers: Timers, Queue: QueueMaker): EventLoop {
  const { apply } = Reflect;
  const then = Promise.prototype.then;
  const settled = Promise.resolve();

  interface Job {
    run: () => void;
    cancelled: boolean;
    counts: boolean;
  }
  const ticks = new Queue<() => void>();
  let immediates = new Queue<Job>();
  /** Those of the present round: what they add is for the next one. */
  let round = new Queue<Job>();
  let counting = 0;
  let phase: 'timers' | 'input' | 'immediates' = 'immediates';
  let time = clock.peek();
  let deliver = (): boolean => false;
  /** Whether input came in the last round, so that more may be there at once: no time passes until a timer is due. */
  let fed = true;

  class Immediate {
    readonly #job: Job;
    constructor(callback: () => unknown, args: unknown[]) {
      const run = (): void => {
        apply(callback, this, args);
      };
      this.#job = { run, cancelled: false, counts: true };
      counting += 1;
      immediates.push(this.#job);
    }
    #count(counts: boolean): this {
      if (this.#job.counts !== counts && !this.#job.cancelled) {
        counting += counts ? 1 : -1;
      }
      this.#job.counts = counts;
      return this;
    }
    ref(): this {
      return this.#count(true);
    }
    unref(): this {
      return this.#count(false);
    }
    hasRef(): boolean {
      return this.#job.counts;
    }
    close(): void {
      this.unref();
      this.#job.cancelled = true;
    }
    [Symbol.dispose](): void {
      this.close();
    }
  }

  function checked(callback: unknown): () => unknown {
    if (typeof callback !== 'function') {
      const error = new TypeError('The "callback" argument must be of type function.');
      throw Object.assign(error, { code: 'ERR_INVALID_ARG_TYPE' });
    }
    return callback as () => unknown;
  }
  function setImmediate(callback: unknown, ...args: unknown[]): Immediate {
    return new Immediate(checked(callback), args);
  }
  function clearImmediate(immediate?: unknown): void {
    if (immediate instanceof Immediate) {
      immediate.close();
    }
  }
  function queueMicrotask(callback: unknown): void {
    const run = checked(callback);
    void apply(then, settled, [
      () => {
        run();
      },
    ]);
  }
  Object.assign(globalThis, { __proto__: null, setImmediate, clearImmediate, queueMicrotask });

  function drainTicks(): void {
    for (let run = ticks.shift(); run !== undefined; run = ticks.shift()) {
      run();
    }
  }

  function runImmediate(): boolean {
    for (let job = round.shift(); job !== undefined; job = round.shift()) {
      if (!job.cancelled) {
        job.cancelled = true;
        counting -= job.counts ? 1 : 0;
        job.run();
        return true;
      }
    }
    return false;
  }

  /** A round of the loop takes a millisecond, or as long as the next timer takes; false where there is no next one. */
  function beginRound(): boolean {
    const due = timers.next();
    if (counting > 0 || fed) {
      clock.advanceTo(clock.peek() + 1);
    } else if (due !== undefined) {
      clock.advanceTo(due);
    } else {
      return false;
    }
    time = clock.peek();
    phase = 'timers';
    return true;
  }

  function runNext(): boolean {
    for (;;) {
      if (phase === 'timers') {
        if (timers.runDue(time)) {
          return true;
        }
        phase = 'input';
      }
      if (phase === 'input') {
        // One piece in each round: what it set off comes before the next one.
        fed = deliver();
        phase = 'immediates';
        round = immediates;
        immediates = new Queue<Job>();
        if (fed) {
          return true;
        }
      }
      if (runImmediate()) {
        return true;
      }
      if (!beginRound()) {
        fed = deliver();
        return fed;
      }
    }
  }

  return {
    nextTick: (run) => ticks.push(run),
    drainTicks,
    turn() {
      if (ticks.isEmpty() && !runNext()) {
        return false;
      }
      drainTicks();
      return true;
    },
    onInput(source) {
      deliver = source;
    },
    clear() {
      timers.clear();
      ticks.clear();
      immediates.clear();
      round.clear();
      counting = 0;
      fed = false;
    },
  };
}
