import type { Inspection } from './inspection.ts';
import type { Libraries } from './libraries.ts';

/** The module `util`. Turned into text (compose.ts): self-contained. */
export function makeUtilities(libraries: Libraries, inspection: Inspection, types: object): object {
  type Run = (this: unknown, ...parts: unknown[]) => unknown;
  type Done = (error: unknown, value?: unknown) => void;
  const custom = Symbol.for('nodejs.util.promisify.custom');

  function requireFunction(value: unknown, name: string): Run {
    if (typeof value !== 'function') {
      const error = new TypeError(`The "${name}" argument must be of type function.`);
      throw Object.assign(error, { code: 'ERR_INVALID_ARG_TYPE' });
    }
    return value as Run;
  }

  function promisify(original: unknown): Run {
    const run = requireFunction(original, 'original');
    const made: unknown = Reflect.get(run, custom);
    if (typeof made === 'function') {
      return made as Run;
    }
    const promised = function (this: unknown, ...parts: unknown[]): Promise<unknown> {
      const { promise, resolve, reject } = Promise.withResolvers<unknown>();
      const done: Done = (error, value) => {
        if (error === null || error === undefined || error === false) {
          resolve(value);
        } else {
          reject(error);
        }
      };
      void run.call(this, ...parts, done);
      return promise;
    };
    Object.setPrototypeOf(promised, Object.getPrototypeOf(run) as object | null);
    return Object.defineProperties(promised, Object.getOwnPropertyDescriptors(run));
  }

  function callbackify(original: unknown): Run {
    const run = requireFunction(original, 'original');
    return function (this: unknown, ...parts) {
      const done = requireFunction(parts.pop(), 'last argument');
      const later = (error: unknown, value?: unknown): void => {
        process.nextTick(() => done(error, value));
      };
      (run.apply(this, parts) as Promise<unknown>).then(
        (value) => later(null, value),
        (error: unknown) => later(error ?? new Error('Promise was rejected with a falsy value')),
      );
    };
  }

  function inherits(child: object, parent: { prototype: object }): void {
    Object.defineProperty(child, 'super_', { value: parent, writable: true, configurable: true });
    Object.setPrototypeOf(Reflect.get(child, 'prototype') as object, parent.prototype);
  }

  const lines = (text: unknown): string => String(text).replace(/\u001b\[[0-9;]*[A-Za-z]/g, '');
  const whole = libraries.need('inspect');
  const comparisons = (): Record<string, unknown> => libraries.need('assert');
  return {
    ...inspection,
    inspect: whole['inspect'],
    formatWithOptions: whole['formatWithOptions'],
    promisify: Object.assign(promisify, { custom }),
    callbackify,
    inherits,
    deprecate: (run: unknown) => run,
    debuglog: () => () => undefined,
    isDeepStrictEqual: (a: unknown, b: unknown) =>
      (comparisons()['isDeepStrictEqual'] as (a: unknown, b: unknown) => boolean)(a, b),
    stripVTControlCharacters: lines,
    toUSVString: (text: unknown) => String(text).toWellFormed(),
    types,
    isArray: Array.isArray,
    TextEncoder: Reflect.get(globalThis, 'TextEncoder') as unknown,
    TextDecoder: Reflect.get(globalThis, 'TextDecoder') as unknown,
  };
}
