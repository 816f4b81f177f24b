import type { VirtualClock } from './clock.ts';

/** The timers of a program, in the order of the time that they are due. */
export interface Timers {
  /** Runs the first one that is due at `time`; false where none is. */
  runDue(time: number): boolean;
  /** When the first one is due; undefined where nothing that keeps a program alive is left. */
  next(): number | undefined;
  clear(): void;
}

/** setTimeout and setInterval with Node's Timeout objects. Turned into text (boot.ts): self-contained. */
export function makeTimers(clock: VirtualClock): Timers {
  const { apply } = Reflect;

  interface Timer {
    at: number;
    wait: number;
    repeats: boolean;
    /** Keeps the program alive. */
    counts: boolean;
    queued: boolean;
    run: () => void;
    next: Timer | undefined;
  }
  let first: Timer | undefined;
  let last: Timer | undefined;
  let counting = 0;

  function schedule(timer: Timer): void {
    timer.at = clock.peek() + timer.wait;
    timer.queued = true;
    counting += timer.counts ? 1 : 0;
    let before = last !== undefined && last.at <= timer.at ? last : undefined;
    if (before === undefined) {
      for (let other = first; other !== undefined && other.at <= timer.at; other = other.next) {
        before = other;
      }
    }
    timer.next = before === undefined ? first : before.next;
    if (before === undefined) {
      first = timer;
    } else {
      before.next = timer;
    }
    if (timer.next === undefined) {
      last = timer;
    }
  }

  function cancel(timer: Timer): void {
    timer.repeats = false;
    if (!timer.queued) {
      return;
    }
    let before: Timer | undefined;
    let other = first;
    for (; other !== undefined && other !== timer; other = other.next) {
      before = other;
    }
    // Absent: it belongs to an earlier call, whose timers are forgotten.
    if (other === timer) {
      unlink(timer, before);
    }
  }

  function unlink(timer: Timer, before: Timer | undefined): void {
    timer.queued = false;
    counting -= timer.counts ? 1 : 0;
    if (before === undefined) {
      first = timer.next;
    } else {
      before.next = timer.next;
    }
    if (last === timer) {
      last = before;
    }
  }

  function setCounts(timer: Timer, counts: boolean): void {
    if (timer.queued && timer.counts !== counts) {
      counting += counts ? 1 : -1;
    }
    timer.counts = counts;
  }

  let ids = 0;
  const byId = new Map<number, Timeout>();
  class Timeout {
    readonly #id = (ids += 1);
    readonly #timer: Timer;
    constructor(callback: () => unknown, wait: number, repeats: boolean, args: unknown[]) {
      const run = (): void => {
        apply(callback, this, args);
      };
      this.#timer = { at: 0, wait, repeats, counts: true, queued: false, run, next: undefined };
      schedule(this.#timer);
    }
    ref(): this {
      setCounts(this.#timer, true);
      return this;
    }
    unref(): this {
      setCounts(this.#timer, false);
      return this;
    }
    hasRef(): boolean {
      return this.#timer.counts;
    }
    refresh(): this {
      const { repeats } = this.#timer;
      cancel(this.#timer);
      this.#timer.repeats = repeats;
      schedule(this.#timer);
      return this;
    }
    close(): this {
      cancel(this.#timer);
      return this;
    }
    [Symbol.toPrimitive](): number {
      byId.set(this.#id, this);
      return this.#id;
    }
    [Symbol.dispose](): void {
      cancel(this.#timer);
    }
  }

  function add(callback: unknown, delay: unknown, repeats: boolean, args: unknown[]): Timeout {
    if (typeof callback !== 'function') {
      const error = new TypeError('The "callback" argument must be of type function.');
      throw Object.assign(error, { code: 'ERR_INVALID_ARG_TYPE' });
    }
    const wait = Number(delay);
    return new Timeout(
      callback as () => unknown,
      wait >= 1 && wait <= 2147483647 ? Math.trunc(wait) : 1,
      repeats,
      args,
    );
  }
  function setTimeout(callback: unknown, delay?: unknown, ...args: unknown[]): Timeout {
    return add(callback, delay, false, args);
  }
  function setInterval(callback: unknown, delay?: unknown, ...args: unknown[]): Timeout {
    return add(callback, delay, true, args);
  }
  function clearTimeout(timeout?: unknown): void {
    const found = timeout instanceof Timeout ? timeout : byId.get(Number(timeout));
    found?.close();
  }
  function clearInterval(timeout?: unknown): void {
    clearTimeout(timeout);
  }
  Object.assign(globalThis, { __proto__: null, setTimeout, setInterval, clearTimeout, clearInterval });

  return {
    runDue(time) {
      const timer = first;
      if (timer === undefined || timer.at > time) {
        return false;
      }
      unlink(timer, undefined);
      try {
        timer.run();
      } finally {
        if (timer.repeats && !timer.queued) {
          schedule(timer);
        }
      }
      return true;
    },
    next: () => (counting > 0 ? first?.at : undefined),
    clear() {
      first = undefined;
      last = undefined;
      counting = 0;
    },
  };
}
