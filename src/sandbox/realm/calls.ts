import type { Describe } from './describe.ts';
import type { EventLoop } from './event-loop.ts';
import type { WireText } from './wire-text.ts';

/**
 * Calls of a solution's function. Only strings cross the border in either direction: a program that tampers with its realm
 * can change what it returns, and nothing else.
 *
 * Replies are a tag letter and text: `v` value on the wire, `e` thrown (description), `o` over the cap, `b` not plain
 * data, `t` one callback was run, `p` nothing is left that could settle the promise.
 */
export interface Calls {
  /** Calls `target` with the list that `text` holds: JSON, or the wire's own form where `onWire`. */
  call(target: unknown, text: string, onWire: boolean): string;
  /** After the microtasks of `call`: its settled promise, having run one callback if there is one. */
  poll(): string;
  /** One turn of the event loop, before any call. False when nothing is left to wait for. Throws what a callback throws. */
  turn(): boolean;
  /** The entry function out of its binding or `module.exports`, else undefined. */
  find(binding: unknown, name: string): unknown;
}

/** Turned into text (boot.ts): self-contained. `module`: the one that a solution may export from. */
export function makeCalls(wire: WireText, loop: EventLoop, describe: Describe, module: { exports: unknown }): Calls {
  const { parse } = JSON;
  const { apply, get } = Reflect;
  const { isArray } = Array;
  const objectPrototype = Object.prototype;
  const then = Promise.prototype.then;
  let answer = '';

  function call(target: unknown, text: string, onWire: boolean): string {
    answer = '';
    loop.clear();
    try {
      const args = (onWire ? wire.decode(text) : parse(text)) as unknown[];
      const value: unknown = apply(target as () => unknown, undefined, args);
      loop.drainTicks();
      if (typeof value !== 'object' || value === null || isArray(value) || !follow(value)) {
        return wire.encode(value);
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
      fulfilled: (value) => settle(wire.encode(value)),
      rejected: (reason) => settle('e' + describe(reason)),
    };
  }

  function poll(): string {
    if (answer !== '') {
      return answer;
    }
    try {
      return loop.turn() ? 't' : 'p';
    } catch (error) {
      return 'e' + describe(error);
    }
  }

  function find(binding: unknown, name: string): unknown {
    if (typeof binding === 'function') {
      return binding;
    }
    const exported = module.exports;
    if (typeof exported === 'function') {
      return exported;
    }
    if (typeof exported !== 'object' || exported === null) {
      return undefined;
    }
    for (const key of [name, 'default']) {
      const member: unknown = get(exported, key);
      // `toString` of an empty module is no solution.
      if (typeof member === 'function' && member !== get(objectPrototype, key)) {
        return member;
      }
    }
    return undefined;
  }

  return { call, poll, turn: loop.turn, find };
}
