import type { makeAssertions } from './assertions.ts';
import type { Buffers } from './buffer.ts';
import type { Events } from './events.ts';
import type { makeFiles } from './files.ts';
import type { makeHashes } from './hashes.ts';
import type { Input } from './input.ts';
import type { Inspection } from './inspection.ts';
import type { latePrototype } from './late-prototype.ts';
import type { Libraries } from './libraries.ts';
import type { Sink } from './output.ts';
import type { makeQueueIterator } from './queue-iterator.ts';
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
  events: () => Events;
  buffers: Buffers;
  streams: Streams;
  input: Input;
  sinks: { out: Sink; err: Sink };
  utf8: Utf8;
  process: () => object;
  console: object;
  url: () => object;
  /** The `require` of the program. */
  require: (specifier: string) => unknown;
}

/**
 * Makes the module of a name that is offered: each when it is first asked for, because making all of them takes as long as
 * all else that a small program does. Turned into text (compose.ts): self-contained.
 */
export function makeModuleTable(
  use: {
    makeAssertions: typeof makeAssertions;
    makeFiles: typeof makeFiles;
    makeHashes: typeof makeHashes;
    makeReadline: typeof makeReadline;
    makeQueueIterator: typeof makeQueueIterator;
    latePrototype: typeof latePrototype;
    makeTimerModules: typeof makeTimerModules;
    makeTypes: typeof makeTypes;
    makeUtilities: typeof makeUtilities;
  },
  parts: ModuleParts,
): (name: string) => object | undefined {
  const { libraries, inspection, events, buffers, streams, input, sinks, utf8, require } = parts;
  const member = (name: string, of: object): object => Reflect.get(of, name) as object;
  let timerModules: ReturnType<typeof makeTimerModules> | undefined;
  let readlineModules: ReturnType<typeof makeReadline> | undefined;
  const timers = () => (timerModules ??= use.makeTimerModules());
  const readline = () =>
    (readlineModules ??= use.makeReadline(events, streams, utf8, use.makeQueueIterator, use.latePrototype));
  const wholeStream = () => (libraries.need('stream') as { whole(): object }).whole();

  const encoded = (text: string, encoding: string): Uint8Array => {
    if (utf8.isName(encoding)) {
      return utf8.fromText(text);
    }
    const { Buffer } = libraries.need('buffer') as { Buffer: { from(text: string, encoding: string): Uint8Array } };
    return Buffer.from(text, encoding);
  };
  function os(): object {
    return {
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
    };
  }
  function util(): object {
    // What util.promisify makes of the timers comes with their modules.
    timers();
    return use.makeUtilities(libraries, inspection, require('util/types') as object);
  }

  return (name) => {
    switch (name) {
      case 'fs':
        return use.makeFiles(input, sinks, streams, buffers, utf8, encoded);
      case 'fs/promises':
        return member('promises', require('fs') as object);
      case 'readline':
        return readline().readline;
      case 'readline/promises':
        return readline().promises;
      case 'assert':
        return use.makeAssertions(libraries);
      case 'assert/strict':
        return member('strict', require('assert') as object);
      case 'buffer':
        return { ...libraries.need('buffer'), Buffer: Reflect.get(globalThis, 'Buffer') as unknown };
      case 'console':
        return parts.console;
      case 'crypto':
        return use.makeHashes(libraries, buffers, utf8);
      case 'events':
        return events().EventEmitter;
      case 'module':
        return { builtinModules: [], createRequire: () => require, isBuiltin: () => true };
      case 'os':
        return os();
      case 'path':
      case 'path/posix':
        return libraries.need('path');
      case 'perf_hooks':
        return { performance: Reflect.get(globalThis, 'performance') as unknown };
      case 'process':
        return parts.process();
      case 'stream':
        return wholeStream();
      case 'stream/promises':
        return member('promises', wholeStream());
      case 'string_decoder':
        return libraries.need('string_decoder');
      case 'timers':
        return timers().timers;
      case 'timers/promises':
        return timers().promises;
      case 'url':
        return parts.url();
      case 'util':
      case 'sys':
        return name === 'sys' ? (require('util') as object) : util();
      case 'util/types':
        return use.makeTypes();
      default:
        return undefined;
    }
  };
}
