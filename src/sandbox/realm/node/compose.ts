import { maxStderrLength } from '../../wire/messages.ts';
import { type Boot, sourceOf } from '../boot.ts';
import { defineStructuredClone } from '../clone.ts';
import { defineTextCoders } from '../text-coders.ts';
import { makeUtf8 } from '../utf8.ts';
import { makeAssertions } from './assertions.ts';
import { makeBuffers } from './buffer.ts';
import { makeConsole } from './console.ts';
import { makeEvents } from './events.ts';
import { makeFiles } from './files.ts';
import { defineWebGlobals } from './web.ts';
import { makeHashes } from './hashes.ts';
import { makeInput } from './input.ts';
import { makeInspection } from './inspection.ts';
import { type LibraryBody, makeLibraries } from './libraries.ts';
import { makeModules } from './modules.ts';
import { makeSink } from './output.ts';
import { makeProcess } from './process.ts';
import { makeProgram, type Program } from './program.ts';
import { makeReadline } from './readline.ts';
import { makeStreams } from './streams.ts';
import { makeTable } from './table.ts';
import { makeTimerModules } from './timer-modules.ts';
import { makeTypes } from './types.ts';
import { makeUtilities } from './utilities.ts';

/** What a solution finds around it that Node has and the language has not. */
export interface NodeRealm extends Program {
  /** Names that module `specifier` exports, comma-separated; empty where there is no such module. */
  exportsOf(specifier: string): string;
  /** Why there is no module `specifier`. */
  why(specifier: string): string;
}

const makers = {
  defineStructuredClone,
  defineTextCoders,
  defineWebGlobals,
  makeAssertions,
  makeBuffers,
  makeConsole,
  makeEvents,
  makeFiles,
  makeHashes,
  makeInput,
  makeInspection,
  makeLibraries,
  makeModules,
  makeProcess,
  makeProgram,
  makeReadline,
  makeSink,
  makeStreams,
  makeTable,
  makeTimerModules,
  makeTypes,
  makeUtf8,
  makeUtilities,
};

/** `maxLength`: of the standard output, UTF-16 units; 0 for function problems, whose output nobody reads. */
function compose(
  use: typeof makers,
  maxErrors: number,
  { parts }: Boot,
  maxLength: number,
  bodies: Record<string, LibraryBody>,
): NodeRealm {
  const { define, clock, loop, describe, module } = parts;
  const silent = maxLength === 0;
  const utf8 = use.makeUtf8();
  use.defineStructuredClone();
  use.defineTextCoders(utf8);
  const libraries = use.makeLibraries(bodies);
  const inspection = use.makeInspection(libraries);
  const events = use.makeEvents(libraries);
  const buffers = use.makeBuffers(libraries, utf8);
  const input = use.makeInput(utf8);
  let overflowed = false;
  const nothing = { write: () => undefined, text: () => '', close: () => undefined };
  const out = use.makeSink(utf8, maxLength, () => {
    overflowed = true;
    throw new Error('too much output');
  });
  // Standard error is for a person to read: kept up to a limit, never a reason to fail.
  const err = use.makeSink(utf8, maxErrors, () => undefined);
  const sinks = { out: silent ? nothing : out, err: silent ? nothing : err, overflowed: () => overflowed };

  const processes = use.makeProcess(events, loop, clock, describe, () => sinks.out.close());
  const { process } = processes;
  const streams = use.makeStreams(events, libraries, buffers, loop, input, sinks);
  Object.defineProperty(process, 'stdin', { get: streams.stdin, configurable: true, enumerable: true });
  Object.assign(process, { stdout: streams.stdout, stderr: streams.stderr });

  const quiet = { ...inspection, format: () => '', inspect: () => '' };
  const write = { out: (text: string) => sinks.out.write(text), err: (text: string) => sinks.err.write(text) };
  const console = use.makeConsole(write, silent ? quiet : inspection, use.makeTable, clock);
  define('console', console);
  const web = use.defineWebGlobals(libraries, define);

  const encoded = (text: string, encoding: string): Uint8Array => {
    const { Buffer } = libraries.need('buffer') as { Buffer: { from(text: string, encoding: string): Uint8Array } };
    return /^utf-?8$/i.test(encoding) ? utf8.fromText(text) : Buffer.from(text, encoding);
  };
  const { fs, promises } = use.makeFiles(input, sinks, streams, buffers, encoded);
  const readline = use.makeReadline(events, streams.stdin, utf8);
  const timers = use.makeTimerModules();
  const types = use.makeTypes();
  const util = (): object => use.makeUtilities(libraries, inspection, types);
  const assert = (): { strict: object } => use.makeAssertions(libraries) as { strict: object };
  const path = (): object => libraries.need('path');
  const stream = (): object => libraries.need('stream');
  const os = { EOL: '\n', cpus: () => [], platform: () => 'linux', tmpdir: () => '/tmp', type: () => 'Linux' };

  const modules = use.makeModules(libraries, {
    assert,
    'assert/strict': () => (modules.require('assert') as { strict: object }).strict,
    buffer: () => ({ ...libraries.need('buffer'), Buffer: Reflect.get(globalThis, 'Buffer') as unknown }),
    console: () => console,
    constants: () => Reflect.get(fs, 'constants') as object,
    crypto: () => use.makeHashes(libraries, buffers, utf8),
    events: () => events.EventEmitter,
    fs: () => fs,
    'fs/promises': () => promises,
    module: () => ({ builtinModules: [], createRequire: () => modules.require }),
    os: () => os,
    path,
    'path/posix': path,
    perf_hooks: () => ({ performance: Reflect.get(globalThis, 'performance') as unknown }),
    process: () => process,
    readline: () => readline.readline,
    'readline/promises': () => readline.promises,
    stream,
    'stream/promises': () => Reflect.get(stream(), 'promises') as object,
    string_decoder: () => libraries.need('string_decoder'),
    sys: util,
    timers: () => timers.timers,
    'timers/promises': () => timers.promises,
    url: () => web.url(),
    util,
    'util/types': () => types,
  });
  const main = { exports: {} };
  const { require } = modules;
  // A solution whose function is called is a module of somebody else's program.
  Object.assign(require, { main: silent ? main : module });
  Object.assign(module, { id: silent ? '/solution.js' : '.', filename: '/solution.js', loaded: false, children: [], require });
  Object.assign(process, {
    mainModule: silent ? main : module,
    getBuiltinModule: (name: string) => (modules.exportsOf(name) === '' ? undefined : modules.require(name)),
  });
  define('global', globalThis);
  // Where the synthetic modules of an ES module find what they re-export, and what `import()` and `import.meta` become.
  define('__modules', require);
  define('__import', modules.importModule);
  define('__importMeta', { url: 'file:///solution.js', filename: '/solution.js', dirname: '/', main: !silent });
  if (silent) {
    // The body of a program gets these as parameters.
    for (const [name, value] of Object.entries({ require, module, exports: module.exports })) {
      define(name, value);
    }
    define('__filename', '/solution.js');
    define('__dirname', '/');
  }

  const program = use.makeProgram(processes, loop, describe, input, sinks, module, require);
  return { ...program, exportsOf: modules.exportsOf, why: modules.why };
}

/**
 * Expression that yields a function of a {@link Boot}, the longest output and the libraries, as name and body in turn, which
 * makes a {@link NodeRealm}.
 */
export function nodeSource(): string {
  return `(function (boot, maxLength) {
    'use strict';
    const bodies = {};
    const libraries = Array.prototype.slice.call(arguments, 2);
    for (let index = 0; index < libraries.length; index += 2) {
      bodies[libraries[index]] = libraries[index + 1];
    }
    return (${compose.toString()})(${sourceOf(makers)}, ${maxStderrLength}, boot, maxLength, bodies);
  })`;
}
