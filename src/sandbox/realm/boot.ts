import { defineStructuredClone } from './clone.ts';

/**
 * The trusted script that runs first in every context. `boot` is turned into text and evaluated inside the isolate, so it
 * must be self-contained: no imports, nothing from the enclosing module. It captures the primordials it needs before the
 * program can replace them, and only strings cross the border in either direction: a program that tampers with its realm
 * can change what it returns, and nothing else.
 *
 * Replies are a tag letter and text: `v` value on the wire, `e` thrown (description), `o` over the cap, `b` not plain
 * data, `p` a promise that has not settled yet.
 */
export interface Boot {
  /** Calls `target(...JSON.parse(text))`. */
  call(target: unknown, text: string): string;
  /** After the microtasks of `call`: its settled promise, having run one pending timer if there is one. */
  poll(): string;
  /** The entry function out of its binding or `module.exports`, else undefined. */
  find(binding: unknown, name: string): unknown;
}

function boot(seed: number, maxLength: number): Boot {
  'use strict';
  const { parse, stringify } = JSON;
  const { apply, construct, getPrototypeOf } = Reflect;
  const { keys: ownKeys, defineProperty } = Object;
  const { isArray } = Array;
  const { isFinite: isFiniteNumber } = Number;
  const { imul } = Math;
  const objectPrototype = Object.prototype;
  const slice = String.prototype.slice;
  const then = Promise.prototype.then;
  const NativeDate = Date;
  const dateText = Date.prototype.toString;
  const maxDepth = 500;

  for (const name of ['WebAssembly', 'SharedArrayBuffer', 'Atomics']) {
    Reflect.deleteProperty(globalThis, name);
  }
  // Buffers that grow are not counted against the memory limit of an isolate.
  Reflect.deleteProperty(ArrayBuffer.prototype, 'resize');

  function define(name: string, value: unknown): void {
    defineProperty(globalThis, name, { value, writable: true, configurable: true, enumerable: false });
  }

  /* ---- determinism: Math.random and the clock depend on the seed alone ---- */

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
  defineProperty(Math, 'random', { value: random, writable: true, configurable: true });

  // The clock starts at a fixed date moved by the seed, and each look at it costs a millisecond: waiting loops end.
  let clock = 1_700_000_000_000 + (seed >>> 0) * 1000;
  function now(): number {
    clock += 1;
    return clock;
  }
  const seededDate = function (this: unknown, ...parts: unknown[]): unknown {
    const maker: unknown = new.target;
    if (typeof maker !== 'function') {
      return apply(dateText, new NativeDate(now()), []);
    }
    return construct(NativeDate, parts.length === 0 ? [now()] : parts, maker);
  };
  defineProperty(seededDate, 'name', { value: 'Date' });
  defineProperty(seededDate, 'length', { value: 7 });
  for (const name of ['parse', 'UTC'] as const) {
    defineProperty(seededDate, name, { value: NativeDate[name], writable: true, configurable: true });
  }
  defineProperty(seededDate, 'now', { value: now, writable: true, configurable: true });
  defineProperty(seededDate, 'prototype', { value: NativeDate.prototype, writable: false });
  defineProperty(NativeDate.prototype, 'constructor', { value: seededDate, writable: true, configurable: true });
  define('Date', seededDate);
  define('performance', { now, timeOrigin: clock });

  /* ---- timers on that clock: run one at a time once the microtasks are done ---- */

  interface Timer {
    id: number;
    at: number;
    period: number;
    run: () => void;
    next: Timer | undefined;
  }
  let firstTimer: Timer | undefined;
  let timerIds = 0;

  // A linked list, because writing to an array can meet a setter that the program put on Array.prototype.
  function schedule(timer: Timer): void {
    let before: Timer | undefined;
    let after = firstTimer;
    while (after !== undefined && after.at <= timer.at) {
      before = after;
      after = after.next;
    }
    timer.next = after;
    if (before === undefined) {
      firstTimer = timer;
    } else {
      before.next = timer;
    }
  }

  function addTimer(callback: unknown, delay: unknown, period: boolean, args: unknown[]): number {
    if (typeof callback !== 'function') {
      throw new TypeError('The callback of a timer must be a function');
    }
    const wait = typeof delay === 'number' && delay >= 1 && delay <= 2147483647 ? delay : 1;
    timerIds += 1;
    const run = (): void => {
      apply(callback, undefined, args);
    };
    schedule({ id: timerIds, at: clock + wait, period: period ? wait : 0, run, next: undefined });
    return timerIds;
  }

  function clearTimer(id: unknown): void {
    let before: Timer | undefined;
    for (let timer = firstTimer; timer !== undefined; timer = timer.next) {
      if (timer.id === id) {
        if (before === undefined) {
          firstTimer = timer.next;
        } else {
          before.next = timer.next;
        }
        return;
      }
      before = timer;
    }
  }

  function runTimer(): boolean {
    const timer = firstTimer;
    if (timer === undefined) {
      return false;
    }
    firstTimer = timer.next;
    clock = clock > timer.at ? clock : timer.at;
    if (timer.period > 0) {
      timer.at = clock + timer.period;
      schedule(timer);
    }
    timer.run();
    return true;
  }

  define('setTimeout', (callback: unknown, delay?: unknown, ...args: unknown[]) =>
    addTimer(callback, delay, false, args),
  );
  define('setInterval', (callback: unknown, delay?: unknown, ...args: unknown[]) =>
    addTimer(callback, delay, true, args),
  );
  define('setImmediate', (callback: unknown, ...args: unknown[]) => addTimer(callback, 0, false, args));
  for (const name of ['clearTimeout', 'clearInterval', 'clearImmediate']) {
    define(name, clearTimer);
  }
  const settled = Promise.resolve();
  define('queueMicrotask', (callback: () => void) => {
    void apply(then, settled, [callback]);
  });

  /* ---- what a solution finds around it ---- */

  const silence = (): void => undefined;
  const consoleObject = {};
  for (const name of [
    'log',
    'info',
    'warn',
    'error',
    'debug',
    'trace',
    'table',
    'dir',
    'assert',
    'time',
    'timeEnd',
    'group',
    'groupEnd',
    'count',
  ]) {
    defineProperty(consoleObject, name, { value: silence, writable: true, configurable: true, enumerable: true });
  }
  define('console', consoleObject);
  define('global', globalThis);
  const moduleObject: { exports: unknown } = { exports: {} };
  define('module', moduleObject);
  define('exports', moduleObject.exports);

  function find(binding: unknown, name: string): unknown {
    if (typeof binding === 'function') {
      return binding;
    }
    const exported = moduleObject.exports;
    if (typeof exported === 'function') {
      return exported;
    }
    if (typeof exported !== 'object' || exported === null) {
      return undefined;
    }
    for (const key of [name, 'default']) {
      const member: unknown = Reflect.get(exported, key);
      if (typeof member === 'function') {
        return member;
      }
    }
    return undefined;
  }

  /* ---- values to wire text (values.ts reads it) ---- */

  let written = 0;
  // Set just before the throw that unwinds an encoding: the thrown value itself is never looked at.
  let refusal: string | undefined;
  const refused = new Error('refused');

  function refuse(tag: 'o' | 'b', why: string): never {
    refusal = tag + why;
    throw refused;
  }

  function spend(length: number): void {
    written += length;
    if (written > maxLength) {
      refuse('o', 'the result is too large');
    }
  }

  function special(name: string): string {
    spend(name.length + 12);
    return '{"\\u0000":"' + name + '"}';
  }

  function encode(value: unknown, depth: number): string {
    switch (typeof value) {
      case 'string':
        spend(value.length + 2);
        return stringify(value);
      case 'number': {
        const text = '' + value;
        if (!isFiniteNumber(value)) {
          return special(text);
        }
        spend(text.length);
        return text;
      }
      case 'boolean':
        spend(5);
        return value ? 'true' : 'false';
      case 'undefined':
        return special('undefined');
      case 'bigint':
        return special(value + 'n');
      case 'function':
      case 'symbol':
        refuse('b', 'the result holds a ' + typeof value);
      default:
        return value === null ? (spend(4), 'null') : encodeObject(value as object, depth);
    }
  }

  function encodeObject(value: object, depth: number): string {
    if (depth >= maxDepth) {
      refuse('b', 'the result is cyclic or nested deeper than ' + maxDepth);
    }
    return isArray(value) ? encodeArray(value, depth) : encodePlain(value, depth);
  }

  function encodeArray(value: readonly unknown[], depth: number): string {
    const { length } = value;
    if (typeof length !== 'number' || length > maxLength) {
      refuse('o', 'the result is an array of length ' + length);
    }
    spend(length + 2);
    let text = '[';
    for (let index = 0; index < length; index += 1) {
      text += (index === 0 ? '' : ',') + encode(value[index], depth + 1);
    }
    return text + ']';
  }

  function encodePlain(value: object, depth: number): string {
    const prototype = getPrototypeOf(value);
    if (prototype !== null && prototype !== objectPrototype) {
      refuse('b', 'the result holds an object that is neither a plain object nor an array');
    }
    const names = ownKeys(value);
    const { length } = names;
    spend(2);
    let text = '{';
    for (let index = 0; index < length; index += 1) {
      const name = names[index] as string;
      if (name === '\0') {
        refuse('b', 'the result has a key that is reserved');
      }
      spend(name.length + 4);
      const member: unknown = (value as Record<string, unknown>)[name];
      text += (index === 0 ? '' : ',') + stringify(name) + ':' + encode(member, depth + 1);
    }
    return text + '}';
  }

  function reply(value: unknown): string {
    written = 0;
    refusal = undefined;
    try {
      return 'v' + encode(value, 0);
    } catch (error) {
      return (refusal as string | undefined) ?? 'e' + describe(error);
    }
  }

  /* ---- thrown values to text ---- */

  function cut(text: string): string {
    return apply(slice, text, [0, 300]);
  }

  function describe(error: unknown): string {
    try {
      if (typeof error === 'symbol') {
        return 'a symbol was thrown';
      }
      if ((typeof error !== 'object' && typeof error !== 'function') || error === null) {
        return cut('' + (error as number));
      }
      const { name, message } = error as { name: unknown; message: unknown };
      const kind = typeof name === 'string' ? cut(name) : 'Error';
      return typeof message === 'string' && message !== '' ? kind + ': ' + cut(message) : kind;
    } catch {
      return 'a value was thrown that cannot be read';
    }
  }

  /* ---- one test ---- */

  let answer = '';

  function call(target: unknown, text: string): string {
    answer = '';
    firstTimer = undefined;
    try {
      const value: unknown = apply(target as () => unknown, undefined, parse(text) as unknown[]);
      if (typeof value !== 'object' || value === null || isArray(value) || !follow(value)) {
        return reply(value);
      }
      return 'p';
    } catch (error) {
      return 'e' + describe(error);
    }
  }

  /** True where `value` is a real promise: `then` of the primordials refuses everything else. */
  function follow(value: object): boolean {
    const mine = answerOf();
    try {
      void apply(then, value, [mine.fulfilled, mine.rejected]);
      return true;
    } catch {
      return false;
    }
  }

  /** Handlers for one call; those of an earlier call that settles late no longer have a say. */
  let calls = 0;
  function answerOf(): { fulfilled: (value: unknown) => void; rejected: (reason: unknown) => void } {
    calls += 1;
    const mine = calls;
    const settle = (text: string): void => {
      if (mine === calls && answer === '') {
        answer = text;
      }
    };
    return {
      fulfilled: (value) => settle(reply(value)),
      rejected: (reason) => settle('e' + describe(reason)),
    };
  }

  function poll(): string {
    if (answer !== '') {
      return answer;
    }
    try {
      return runTimer() ? 't' : 'p';
    } catch (error) {
      return 'e' + describe(error);
    }
  }

  return { call, poll, find };
}

/** Expression that yields a function of the seed that makes a {@link Boot} in a fresh context. */
export function bootSource(maxLength: number): string {
  return `(function (seed) { (${texts.clone})(); return (${texts.boot})(seed, ${maxLength | 0}); })`;
}

const texts = { boot: boot.toString(), clone: defineStructuredClone.toString() };
