import type { makeAssertions } from './assertions.ts';
import type { Buffers } from './buffer.ts';
import type { Events } from './events.ts';
import type { makeFiles } from './files.ts';
import type { makeHashes } from './hashes.ts';
import type { Input } from './input.ts';
import type { Inspection } from './inspection.ts';
import type { Libraries } from './libraries.ts';
import type { Sink } from './output.ts';
import type { makeReadline } from './readline.ts';
import type { Streams } from './streams.ts';
import type { makeTimerModules } from './timer-modules.ts';
import type { makeTypes } from './types.ts';
import type { makeUtilities } from './utilities.ts';
import type { Utf8 } from '../utf8.ts';

/** What modules are made from. */
export interface ModuleParts {
  libraries: Libraries;
  inspection: Inspection;
  events: Events;
  buffers: Buffers;
  streams: Streams;
  input: Input;
  sinks: { out: Sink; err: Sink };
  utf8: Utf8;
  process: object;
  console: object;
  url: () => object;
  /** The `require` of the program. */
  require: (specifier: string) => unknown;
}

/**
 * The modules that are offered, by name: each is made when it is first asked for, because making all of them takes as long
 * as all else that a small program does. Turned into text (compose.ts): self-contained.
 */
export function makeModuleTable(
  use: {
    makeAssertions: typeof makeAssertions;
    makeFiles: typeof makeFiles;
    makeHashes: typeof makeHashes;
    makeReadline: typeof makeReadline;
    makeTimerModules: typeof makeTimerModules;
    makeTypes: typeof makeTypes;
    makeUtilities: typeof makeUtilities;
  },
  parts: ModuleParts,
): Record<string, () => object> {
  const { libraries, inspection, events, buffers, streams, input, sinks, utf8 } = parts;
  function once<T>(make: () => T): () => T {
    let made: { value: T } | undefined;
    return () => (made ??= { value: make() }).value;
  }
  const member = (name: string, of: () => object) => () => Reflect.get(of(), name) as object;
  const library = (name: string) => () => libraries.need(name);
  const wholeStream = once(() => (libraries.need('stream') as { whole(): object }).whole());

  const encoded = (text: string, encoding: string): Uint8Array => {
    const { Buffer } = libraries.need('buffer') as { Buffer: { from(text: string, encoding: string): Uint8Array } };
    return /^utf-?8$/i.test(encoding) ? utf8.fromText(text) : Buffer.from(text, encoding);
  };
  const files = once(() => use.makeFiles(input, sinks, streams, buffers, encoded));
  const readline = once(() => use.makeReadline(events, streams.stdin, utf8));
  const timers = once(() => use.makeTimerModules());
  const types = once(() => use.makeTypes());
  const util = once(() => {
    // What util.promisify makes of the timers comes with their modules.
    timers();
    return use.makeUtilities(libraries, inspection, types());
  });
  const assert = once(() => use.makeAssertions(libraries));
  const os = once(() => ({
    EOL: '\n',
    arch: () => 'x64',
    availableParallelism: () => 1,
    cpus: () => [],
    freemem: () => 2 ** 30,
    homedir: () => '/',
    hostname: () => 'localhost',
    platform: () => 'linux',
    tmpdir: () => '/tmp',
    totalmem: () => 2 ** 31,
    type: () => 'Linux',
  }));

  return {
    assert,
    'assert/strict': member('strict', assert),
    buffer: () => ({ ...libraries.need('buffer'), Buffer: Reflect.get(globalThis, 'Buffer') as unknown }),
    console: () => parts.console,
    crypto: () => use.makeHashes(libraries, buffers, utf8),
    events: () => events.EventEmitter,
    fs: member('fs', files),
    'fs/promises': member('promises', files),
    module: () => ({ builtinModules: [], createRequire: () => parts.require, isBuiltin: () => true }),
    os,
    path: library('path'),
    'path/posix': library('path'),
    perf_hooks: () => ({ performance: Reflect.get(globalThis, 'performance') as unknown }),
    process: () => parts.process,
    readline: member('readline', readline),
    'readline/promises': member('promises', readline),
    stream: wholeStream,
    'stream/promises': member('promises', wholeStream),
    string_decoder: library('string_decoder'),
    sys: util,
    timers: member('timers', timers),
    'timers/promises': member('promises', timers),
    url: parts.url,
    util,
    'util/types': types,
  };
}
