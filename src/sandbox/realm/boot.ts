import { type Calls, makeCalls } from './calls.ts';
import { seededClock, type VirtualClock } from './clock.ts';
import { type Describe, makeDescribe } from './describe.ts';
import { type EventLoop, makeEventLoop } from './event-loop.ts';
import { type Define, prepareGlobals } from './globals.ts';
import { makeQueueMaker } from './queue.ts';
import { makeTimers } from './timers.ts';
import { makeWireText } from './wire-text.ts';

/**
 * The trusted script that runs first in every context. Each factory is turned into text and evaluated inside the isolate,
 * so it uses nothing but its parameters and the language; it takes hold of the primordials that it needs before the program
 * can replace them.
 */
export interface Boot extends Calls {
  /** For the parts of Node (node/compose.ts). The program never gets hold of any of these. */
  parts: { define: Define; clock: VirtualClock; loop: EventLoop; describe: Describe; module: { exports: unknown } };
}

function makeParts(
  makers: {
    prepareGlobals: typeof prepareGlobals;
    seededClock: typeof seededClock;
    makeQueueMaker: typeof makeQueueMaker;
    makeTimers: typeof makeTimers;
    makeEventLoop: typeof makeEventLoop;
    makeDescribe: typeof makeDescribe;
  },
  seed: number,
): Boot['parts'] {
  const define = makers.prepareGlobals();
  const clock = makers.seededClock(seed, define);
  const timers = makers.makeTimers(clock);
  const loop = makers.makeEventLoop(clock, timers, makers.makeQueueMaker());
  const describe = makers.makeDescribe();
  const module = { __proto__: null, exports: {} };
  return { define, clock, loop, describe, module };
}

function boot(
  parts: Boot['parts'],
  makers: { makeWireText: typeof makeWireText; makeCalls: typeof makeCalls },
  maxLength: number,
): Boot {
  const { loop, describe, module } = parts;
  const wire = makers.makeWireText(maxLength, describe);
  const { call, poll, turn, find } = makers.makeCalls(wire, loop, describe, module);
  return { call, poll, turn, find, parts };
}

const partMakers = { prepareGlobals, seededClock, makeQueueMaker, makeTimers, makeEventLoop, makeDescribe };

/**
 * Source text of an object of functions. As every larger object of the realm, it is written without a prototype: V8 then
 * takes it for a dictionary, while another literal costs a hidden class for each member, in every context again.
 */
export function sourceOf(functions: Record<string, { toString(): string }>): string {
  const members = Object.entries(functions).map(([name, run]) => `${name}: ${run.toString()}`);
  return `{\n__proto__: null,\n${members.join(',\n')}\n}`;
}

/** Expression that yields a function of the seed that makes the parts of a {@link Boot} in a fresh context. */
export function partsSource(): string {
  return `(function (seed) { 'use strict'; return (${makeParts.toString()})(${sourceOf(partMakers)}, seed); })`;
}

/** Expression that yields a function of the seed that makes a {@link Boot} in a fresh context. */
export function bootSource(maxLength: number): string {
  const calls = `(${boot.toString()})(${partsSource()}(seed), ${sourceOf({ makeWireText, makeCalls })}, ${maxLength | 0})`;
  return `(function (seed) { 'use strict'; return ${calls}; })`;
}
