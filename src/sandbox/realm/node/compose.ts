import { maxStderrLength } from '../../wire/messages.ts';
import { type Boot, partsSource, sourceOf } from '../boot.ts';
import { defineStructuredClone } from '../clone.ts';
import { defineTextCoders } from '../text-coders.ts';
import { makeUtf8 } from '../utf8.ts';
import { makeAssertions } from './assertions.ts';
import { makeBuffers } from './buffer.ts';
import { makeConsole } from './console.ts';
import { type Events, makeEvents } from './events.ts';
import { makeFiles } from './files.ts';
import { defineWebGlobals } from './web.ts';
import { makeHashes } from './hashes.ts';
import { makeInput } from './input.ts';
import { makeInspection } from './inspection.ts';
import { latePrototype, makeLateEmitter } from './late-prototype.ts';
import { type LoadLibrary, makeLibraries } from './libraries.ts';
import { makeModuleTable } from './module-table.ts';
import { makeModules } from './modules.ts';
import { makeSink } from './output.ts';
import { makeProcess } from './process.ts';
import { makeProgram, type Program } from './program.ts';
import { makeQueueIterator } from './queue-iterator.ts';
import { makeReadline } from './readline.ts';
import { defineScope } from './scope.ts';
import { makeStandardInput } from './standard-input.ts';
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
  defineScope,
  defineStructuredClone,
  defineTextCoders,
  defineWebGlobals,
  latePrototype,
  makeAssertions,
  makeBuffers,
  makeConsole,
  makeEvents,
  makeFiles,
  makeHashes,
  makeInput,
  makeInspection,
  makeLateEmitter,
  makeLibraries,
  makeModules,
  makeModuleTable,
  makeProcess,
  makeProgram,
  makeQueueIterator,
  makeReadline,
  makeSink,
  makeStandardInput,
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
  { parts }: Pick<Boot, 'parts'>,
  maxLength: number,
  names: string,
  load: LoadLibrary,
): NodeRealm {
  const { define, clock, loop, describe, module } = parts;
  const silent = maxLength === 0;
  const utf8 = use.makeUtf8();
  use.defineStructuredClone();
  use.defineTextCoders(utf8);
  const libraries = use.makeLibraries(names, load);
  const inspection = use.makeInspection(libraries);
  let madeEvents: Events | undefined;
  const events = (): Events => (madeEvents ??= use.makeEvents(libraries, inspection, use.makeQueueIterator));
  const lateEmitter = use.makeLateEmitter(use.latePrototype, events);
  const buffers = use.makeBuffers(libraries, utf8);
  const input = use.makeInput(utf8);
  let overflowed = false;
  const out = use.makeSink(utf8, maxLength, () => {
    overflowed = true;
    throw new Error('too much output');
  });
  // Standard error is for a person to read: kept up to a limit, never a reason to fail.
  const err = use.makeSink(utf8, maxErrors, () => undefined);
  const nothing = silent ? { write: () => undefined, text: () => '', close: () => undefined } : undefined;
  const sinks = { out: nothing ?? out, err: nothing ?? err, overflowed: () => overflowed };

  const processes = use.makeProcess(
    lateEmitter,
    loop,
    clock,
    describe,
    () => sinks.out.close(),
    (process) => {
      streams.complete(process);
      scope.complete(process);
    },
  );
  const { process } = processes;
  const standardInput = use.makeStandardInput(libraries, buffers, utf8, loop, input, use.latePrototype);
  const streams = use.makeStreams(lateEmitter, libraries, loop, standardInput, sinks, utf8);
  const shown = silent ? { ...inspection, format: () => '', inspect: () => '' } : inspection;
  const console = use.makeConsole(streams.text, shown, use.makeTable, clock);
  define('console', console);
  const { url } = use.defineWebGlobals(libraries, define);
  const require = (specifier: string): unknown => modules.require(specifier);
  const own = {
    __proto__: null,
    libraries,
    inspection,
    events,
    buffers,
    streams,
    input,
    sinks,
    utf8,
    process,
    console,
    url,
    require,
  };
  const modules = use.makeModules(libraries, use.makeModuleTable(use, own));
  const scope = use.defineScope(define, modules, module, !silent);
  const program = use.makeProgram(processes, loop, describe, input, sinks, module, modules.require);
  const { exportsOf, why } = modules;
  return Object.assign(program, { exportsOf, why });
}

/**
 * Expression that yields a function of a {@link Boot}, the longest output, the names of the libraries and what loads one,
 * which makes a {@link NodeRealm}.
 */
export function nodeSource(): string {
  return `(function (boot, maxLength, names, load) {
    'use strict';
    return (${compose.toString()})(${sourceOf(makers)}, ${maxStderrLength}, boot, maxLength, names, load);
  })`;
}

/** The same for a whole program, boot included: a function of the seed, the longest output, the names and what loads one. */
export function programSource(): string {
  return `(function (seed, maxLength, names, load) {
    'use strict';
    return ${nodeSource()}({ parts: ${partsSource()}(seed) }, maxLength, names, load);
  })`;
}
