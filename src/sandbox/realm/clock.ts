import type { Define } from './globals.ts';

/** Virtual time, milliseconds since 1970. */
export interface VirtualClock {
  /** A look at the clock, which costs a millisecond, so that loops that wait for time to pass end. */
  now(): number;
  /** The time without a look at it. */
  peek(): number;
  /** Moves the clock forward; never back. */
  advanceTo(time: number): void;
}

/**
 * Determinism: `Math.random`, `Date` and `performance` depend on the seed alone. Turned into text (boot.ts): self-contained.
 */
export function seededClock(seed: number, define: Define): VirtualClock {
  const { apply, construct } = Reflect;
  const { imul } = Math;
  const NativeDate = Date;
  const dateText = Date.prototype.toString;

  let state = seed | 0;
  // Integer hash of a counter (the splitmix32 mixing steps); 32 random bits a call.
  function random(): number {
    state = (state + 0x9e3779b9) | 0;
    let bits = state ^ (state >>> 16);
    bits = imul(bits, 0x21f0aaad);
    bits ^= bits >>> 15;
    bits = imul(bits, 0x735a2d97);
    bits ^= bits >>> 15;
    return (bits >>> 0) / 4294967296;
  }
  Math.random = random;

  const origin = 1_700_000_000_000 + (seed >>> 0) * 1000;
  let time = origin;
  function now(): number {
    time += 1;
    return time;
  }

  const seededDate = new Proxy(NativeDate, {
    apply: () => apply(dateText, new NativeDate(now()), []),
    construct: (_, parts, maker) => construct(NativeDate, parts.length === 0 ? [now()] : parts, maker) as Date,
  });
  NativeDate.now = now;
  NativeDate.prototype.constructor = seededDate;
  define('Date', seededDate);
  define('performance', { now: () => now() - origin, timeOrigin: origin, mark: () => undefined });

  return {
    now,
    peek: () => time,
    advanceTo: (target) => {
      time = target > time ? target : time;
    },
  };
}
