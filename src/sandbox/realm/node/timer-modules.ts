/**
 * The modules `timers` and `timers/promises`, and what `util.promisify` makes of the timers. Turned into text (compose.ts):
 * self-contained.
 */
export function makeTimerModules(): { timers: object; promises: object } {
  const { setTimeout, setInterval, setImmediate, clearTimeout, clearInterval, clearImmediate } = globalThis;
  const custom = Symbol.for('nodejs.util.promisify.custom');
  interface Options {
    signal?: AbortSignal;
  }

  function aborted(signal: AbortSignal): Error {
    const error = new Error('The operation was aborted', { cause: signal.reason });
    return Object.assign(error, { name: 'AbortError', code: 'ABORT_ERR' });
  }
  function delay(milliseconds?: number, value?: unknown, { signal }: Options = {}): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) {
        reject(aborted(signal));
        return;
      }
      const timeout = setTimeout(() => resolve(value), milliseconds);
      signal?.addEventListener('abort', () => {
        clearTimeout(timeout);
        reject(aborted(signal));
      });
    });
  }
  const immediately = (value?: unknown): Promise<unknown> =>
    new Promise((resolve) => {
      setImmediate(() => resolve(value));
    });
  async function* interval(milliseconds?: number, value?: unknown): AsyncGenerator {
    for (;;) {
      await delay(milliseconds);
      yield value;
    }
  }
  Object.defineProperty(setTimeout, custom, { value: delay });
  Object.defineProperty(setImmediate, custom, { value: immediately });

  const promises = {
    setTimeout: delay,
    setImmediate: immediately,
    setInterval: interval,
    scheduler: { wait: delay, yield: immediately },
  };
  return {
    timers: { setTimeout, setInterval, setImmediate, clearTimeout, clearInterval, clearImmediate, promises },
    promises,
  };
}
