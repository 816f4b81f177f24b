import { defineTextCoders } from './text-coders.ts';
import { makeUtf8, type Utf8 } from './utf8.ts';

/**
 * What surrounds the Python interpreter inside its isolate. `realm` is turned into text and must be self-contained. A
 * program has all of this realm through Pyodide's module `js`; what is not to be had there must not be in the isolate.
 * Only strings, numbers and byte arrays cross the border.
 */
export interface PythonRealm {
  /** Boots; resolves within its microtasks. `boot` is Pyodide's `loadPyodide`, `create` its `createPyodideModule`. */
  start(boot: (options: object) => Promise<Pyodide>, create: unknown, files: PythonFiles, driver: string): void;
  /** MiB that the program may have beside the interpreter. */
  limit(jobMb: number): void;
  /** '' once the interpreter is ready, else what went wrong so far. */
  fault(): string;
  /** The memory of an interpreter that has just been booted without a snapshot. */
  snapshot(): ArrayBuffer;
  /** Compiles the solution; '' or 'c' and the fault. */
  compile(source: string): string;
  load(entry: string): string;
  call(text: string): string;
  /** `live`: lines are written as they come, so that they are known of a program that is cut off. */
  run(input: string, live: boolean): string;
  /** JSON {stdout, stderr, exitCode} of the last run. */
  streams(): string;
}

/** The part of WebAssembly that is used here; Node's types have none of it. */
export interface WebAssemblyApi {
  Module: new (data: ArrayBuffer) => object;
  Instance: new (module: object, imports: unknown) => object;
  Memory: { prototype: { grow(pages: number): number } };
}

/** Names of Pyodide's files and their bytes; `snapshot` where there is one. */
export interface PythonFiles {
  lock: string;
  wasm: ArrayBuffer;
  stdlib: ArrayBuffer;
  snapshot: ArrayBuffer | undefined;
}

interface PythonSolution {
  fault: string | undefined;
  code: unknown;
  load(entry: string): string;
  call(text: string, limit: number): string;
  run(live: boolean): string;
}

/** File of the interpreter that holds the standard input of a run. */
export const stdinPath = '/stdin';

interface Pyodide {
  FS: { writeFile(path: string, data: Uint8Array): void };
  makeMemorySnapshot(): Uint8Array<ArrayBuffer>;
  runPython(source: string, options?: { filename: string }): unknown;
  globals: { get(name: string): unknown };
  setStdin(options: { read: (into: Uint8Array) => number; isatty: boolean }): void;
  setStdout(options: { write: (data: Uint8Array) => number; isatty: boolean }): void;
  setStderr(options: { write: (data: Uint8Array) => number; isatty: boolean }): void;
}

function realm(
  tools: Utf8,
  stdin: string,
  ownMemoryMb: number,
  maxLength: number,
  maxOutput: number,
  maxErrors: number,
): PythonRealm {
  const wasm = Reflect.get(globalThis, 'WebAssembly') as WebAssemblyApi;
  const { Module, Instance, Memory } = wasm;
  const { isInteger } = Number;
  const { fromText, toText } = tools;

  function define(name: string, value: unknown): void {
    Object.defineProperty(globalThis, name, { value, writable: true, configurable: true, enumerable: false });
  }

  /* ---- what Pyodide expects of a shell ---- */

  /** Base64 of so many bytes. Deterministic: nothing in here is a secret, and a judgement must be repeatable. */
  let randomState = 7;
  const random = (name: string, args: string[]): string => {
    const count = Number((args[1] ?? '').replace(/^head -c(\d+) .*$/, '$1'));
    const digits = (length: number): string => {
      let text = '';
      for (let index = 0; index < length; index += 1) {
        randomState = (Math.imul(randomState, 1664525) + 1013904223) >>> 0;
        text += 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'.charAt(randomState >>> 26);
      }
      return text;
    };
    const rest = count % 3 === 0 ? '' : digits(count % 3) + (count % 3 === 1 ? 'A==' : 'A=');
    return name === 'sh' ? digits(Math.floor(count / 3) * 4) + rest : '';
  };
  const silence = (): void => undefined;
  const files = new Map<string, ArrayBuffer>();
  const refuse = (): never => {
    throw new Error('there are no files');
  };
  const scaffold: Record<string, unknown> = {
    os: { system: random },
    read: refuse,
    load: refuse,
    readbuffer: (path: string) => files.get(path.slice(path.lastIndexOf('/') + 1)) ?? refuse(),
    location: '',
  };
  for (const [name, value] of Object.entries(scaffold)) {
    define(name, value);
  }
  define('console', { log: silence, warn: silence, error: silence, info: silence, debug: silence });
  define('performance', { now: () => Date.now() });
  define('crypto', { getRandomValues: (view: Uint8Array) => view.fill(7) });
  for (const name of ['setTimeout', 'setInterval', 'setImmediate']) {
    define(name, (callback: () => void) => {
      void Promise.resolve().then(callback);
      return 0;
    });
  }
  for (const name of ['clearTimeout', 'clearInterval', 'clearImmediate']) {
    define(name, silence);
  }
  define('global', globalThis);

  /* ---- WebAssembly without threads of its own, and with a memory that ends ---- */

  const grow = Memory.prototype.grow;
  const bufferOf = Object.getOwnPropertyDescriptor(Memory.prototype, 'buffer')?.get;
  const { apply } = Reflect;
  let refusedGrowth = false;
  let memoryMb = ownMemoryMb;
  Object.defineProperty(Memory.prototype, 'grow', {
    configurable: true,
    value: function (this: object, pages: unknown): number {
      const count = Number(pages);
      const { byteLength } = apply(bufferOf as () => ArrayBuffer, this, []);
      if (!isInteger(count) || byteLength + count * 65536 > memoryMb * 1048576) {
        refusedGrowth = true;
        throw new RangeError('over the memory limit');
      }
      return apply(grow, this, [count]);
    },
  });
  // Compiled at once: the isolate has nobody who would come back with a result later.
  Object.assign(wasm, {
    compile: (data: ArrayBuffer) => Promise.resolve(new Module(data)),
    instantiate: (source: object, imports: unknown) => {
      if (source instanceof Module) {
        return Promise.resolve(new Instance(source, imports));
      }
      const module = new Module(source as ArrayBuffer);
      return Promise.resolve({ module, instance: new Instance(module, imports) });
    },
  });

  /** A solution finds no way to make a memory of its own, or to read what the interpreter was made of. */
  function close(): void {
    for (const name of ['Memory', 'Module', 'Instance', 'Table', 'Global', 'Tag', 'Exception'] as const) {
      const made: unknown = Reflect.get(wasm, name);
      if (typeof made === 'function') {
        Reflect.deleteProperty(made.prototype as object, 'constructor');
      }
    }
    // `os` stays: random bytes come from there.
    for (const name of ['WebAssembly', 'SharedArrayBuffer', 'Atomics', 'read', 'load', 'readbuffer', 'location']) {
      Reflect.deleteProperty(globalThis, name);
    }
    Reflect.deleteProperty(ArrayBuffer.prototype, 'resize');
    files.clear();
  }

  /* ---- standard streams ---- */

  let input: Uint8Array = new Uint8Array();
  let position = 0;
  let overflowed = false;
  let exitCode = 0;
  const output = { chunks: [] as Uint8Array[], length: 0, limit: maxOutput };
  const errors = { chunks: [] as Uint8Array[], length: 0, limit: maxErrors };

  function read(into: Uint8Array): number {
    const part = input.subarray(position, position + into.length);
    into.set(part);
    position += part.length;
    return part.length;
  }

  function keep(stream: typeof output, data: Uint8Array): number {
    const room = stream.limit - stream.length;
    if (data.length > room && stream === output) {
      overflowed = true;
      throw new Error('too much output');
    }
    const part = data.slice(0, room);
    if (part.length > 0) {
      stream.chunks.push(part);
      stream.length += part.length;
    }
    return data.length;
  }

  function textOf({ chunks, length }: typeof output): string {
    const all = new Uint8Array(length);
    let offset = 0;
    for (const chunk of chunks) {
      all.set(chunk, offset);
      offset += chunk.length;
    }
    return toText(all);
  }

  function open(text: string): void {
    input = fromText(text);
    python?.FS.writeFile(stdin, input);
    position = 0;
    overflowed = false;
    refusedGrowth = false;
    exitCode = 0;
    for (const stream of [output, errors]) {
      stream.chunks = [];
      stream.length = 0;
    }
  }

  /* ---- the interpreter ---- */

  let python: Pyodide | undefined;
  let solution: PythonSolution | undefined;
  let fault = 'it has not been started';

  function start(
    boot: (options: object) => Promise<Pyodide>,
    create: unknown,
    given: PythonFiles,
    driver: string,
  ): void {
    files.set('pyodide.asm.wasm', given.wasm);
    files.set('python_stdlib.zip', given.stdlib);
    fault = 'it does not settle';
    const options = {
      indexURL: '/pyodide/',
      packageBaseUrl: '/pyodide/',
      createPyodideModule: create,
      lockFileContents: JSON.parse(given.lock) as object,
      ...(given.snapshot === undefined ? { _makeSnapshot: true } : { _loadSnapshot: new Uint8Array(given.snapshot) }),
    };
    boot(options).then(
      (made) => {
        python = made;
        if (given.snapshot === undefined) {
          made.runPython(driver, { filename: 'judge_driver.py' });
        } else {
          made.setStdin({ read, isatty: false });
          made.setStdout({ write: (data) => keep(output, data), isatty: false });
          made.setStderr({ write: (data) => keep(errors, data), isatty: false });
          close();
        }
        fault = '';
      },
      (error: unknown) => {
        fault = error instanceof Error ? String(error.stack).slice(0, 2000) : 'it failed';
      },
    );
  }

  /** Whatever happens in there, what comes out is a string; Pyodide gives up for good on a fatal error. */
  function guarded(action: () => unknown): string {
    try {
      const reply = action();
      if (refusedGrowth && typeof reply === 'string' && !reply.startsWith('v')) {
        return 'm';
      }
      return typeof reply === 'string' ? reply : 'ethe interpreter gave no reply';
    } catch (error) {
      if (refusedGrowth) {
        return 'm';
      }
      return 'e' + (error instanceof Error ? `${error.name}: ${error.message}`.slice(0, 300) : 'an exception');
    }
  }

  return {
    start,
    limit: (jobMb) => {
      memoryMb = ownMemoryMb + jobMb;
    },
    fault: () => fault,
    snapshot: () => python?.makeMemorySnapshot().slice().buffer ?? new ArrayBuffer(0),
    compile: (source) =>
      guarded(() => {
        open('');
        const make = python?.globals.get('Solution') as ((source: string) => PythonSolution) | undefined;
        solution = make?.(source);
        exitCode = solution?.fault === undefined ? 0 : 1;
        return solution?.fault ?? 'v';
      }),
    load: (entry) => guarded(() => solution?.load(entry)),
    call: (text) =>
      guarded(() => {
        open('');
        return solution?.call(text, maxLength);
      }),
    run: (text, live) => {
      open(text);
      const reply = guarded(() => {
        const [code = '1', ...rest] = (solution?.run(live) ?? '').split(' ');
        exitCode = Number(code);
        return rest.join(' ');
      });
      if (overflowed) {
        return 'othe output is too large';
      }
      exitCode = reply.startsWith('v') || exitCode !== 0 ? exitCode : 1;
      return reply === 'v' ? 'v' + textOf(output) : reply;
    },
    streams: () => JSON.stringify({ stdout: textOf(output), stderr: textOf(errors), exitCode }),
  };
}

/** Expression that makes a {@link PythonRealm} in a fresh context. `ownMemoryMb`: what the interpreter has for itself. */
export function realmSource(limits: {
  ownMemoryMb: number;
  maxLength: number;
  maxOutput: number;
  maxErrors: number;
}): string {
  const { ownMemoryMb, maxLength, maxOutput, maxErrors } = limits;
  const utf8 = `((utf8) => ((${defineTextCoders.toString()})(utf8), utf8))((${makeUtf8.toString()})())`;
  return `(${realm.toString()})(${utf8}, '${stdinPath}', ${ownMemoryMb}, ${maxLength}, ${maxOutput}, ${maxErrors})`;
}
