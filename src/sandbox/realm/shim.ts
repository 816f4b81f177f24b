import { bootSource } from './boot.ts';
import { bytes, type Bytes } from './bytes.ts';
import { inspector, type Inspector } from './inspect.ts';
import { maxStderrLength } from '../wire/messages.ts';

/**
 * What a program on standard input and output finds around it: the parts of Node that contest solutions use. `shim` is
 * turned into text and must be self-contained. It holds no secret and no expected value: a program that tampers with it
 * changes its own output and nothing else.
 *
 * Replies as in boot.ts: `t` one more turn of the event loop was taken, `v` and the standard output at the end, `e` a
 * fault, `o` too much output.
 */
export interface Shim {
  /** Gives the program its standard input; must come before its first line runs. */
  start(input: string): void;
  /** How the top level ended: 't' to go on, else the final reply. `fault` is the text of what it threw, or empty. */
  loaded(fault: string): string;
  poll(): string;
  /** Compiles `source` as Node does a CommonJS module, where `return` at the top level is legal. */
  commonJs(source: string): () => void;
  /** What has been written so far and the exit code, as JSON {stdout, stderr, exitCode}. */
  streams(): string;
  /** Comma-separated names that module `specifier` exports; empty when there is no such module. */
  exportsOf(specifier: string): string;
}

type Listener = (...parts: unknown[]) => unknown;

function shim(boot: { poll(): string }, tools: Bytes, print: Inspector, maxLength: number, maxErrors: number): Shim {
  const { fromText } = tools;
  const { format, inspect } = print;
  const exitSignal = new Error('process.exit');
  const overflow = new Error('too much output');

  function define(name: string, value: unknown): void {
    Object.defineProperty(globalThis, name, { value, writable: true, configurable: true, enumerable: false });
  }

  /* ---- events ---- */

  class EventEmitter {
    readonly #listeners = new Map<unknown, { run: Listener; original: Listener }[]>();
    on(name: unknown, run: Listener): this {
      this.#listeners.set(name, [...(this.#listeners.get(name) ?? []), { run, original: run }]);
      return this;
    }
    addListener(name: unknown, run: Listener): this {
      return this.on(name, run);
    }
    once(name: unknown, run: Listener): this {
      const wrapped: Listener = (...parts) => {
        this.off(name, run);
        return run.apply(this, parts);
      };
      this.#listeners.set(name, [...(this.#listeners.get(name) ?? []), { run: wrapped, original: run }]);
      return this;
    }
    off(name: unknown, run: Listener): this {
      this.#listeners.set(
        name,
        (this.#listeners.get(name) ?? []).filter((entry) => entry.original !== run),
      );
      return this;
    }
    removeListener(name: unknown, run: Listener): this {
      return this.off(name, run);
    }
    removeAllListeners(name?: unknown): this {
      if (name === undefined) {
        this.#listeners.clear();
      } else {
        this.#listeners.delete(name);
      }
      return this;
    }
    emit(name: unknown, ...parts: unknown[]): boolean {
      const listeners = this.#listeners.get(name) ?? [];
      for (const { run } of listeners) {
        run.apply(this, parts);
      }
      return listeners.length > 0;
    }
    listenerCount(name: unknown): number {
      return (this.#listeners.get(name) ?? []).length;
    }
    setMaxListeners(): this {
      return this;
    }
  }

  function onceOf(emitter: EventEmitter, name: unknown): Promise<unknown[]> {
    return new Promise((resolve) => {
      emitter.once(name, (...parts) => resolve(parts));
    });
  }

  /** Values that come in through `push`, handed out to `for await`. */
  function queueIterator<T>(): { push: (value: T) => void; end: () => void; iterator: AsyncIterableIterator<T> } {
    const values: T[] = [];
    let waiting: ((result: IteratorResult<T>) => void) | undefined;
    let ended = false;
    const iterator: AsyncIterableIterator<T> = {
      next() {
        if (values.length > 0) {
          return Promise.resolve({ value: values.shift() as T, done: false });
        }
        if (ended) {
          return Promise.resolve({ value: undefined, done: true });
        }
        return new Promise((resolve) => {
          waiting = resolve;
        });
      },
      return() {
        ended = true;
        return Promise.resolve({ value: undefined, done: true });
      },
      [Symbol.asyncIterator]() {
        return iterator;
      },
    };
    const settle = (result: IteratorResult<T>): void => {
      const resolve = waiting;
      waiting = undefined;
      resolve?.(result);
    };
    return {
      push(value) {
        if (waiting === undefined) {
          values.push(value);
        } else {
          settle({ value, done: false });
        }
      },
      end() {
        ended = true;
        settle({ value: undefined, done: true });
      },
      iterator,
    };
  }

  /* ---- standard output ---- */

  let output = '';
  let outputClosed = false;
  let overflowed = false;

  function write(text: string): void {
    if (outputClosed) {
      return;
    }
    if (output.length + text.length > maxLength) {
      overflowed = true;
      throw overflow;
    }
    output += text;
  }

  function textOf(chunk: unknown): string {
    if (chunk instanceof Uint8Array) {
      return tools.toText(chunk);
    }
    if (typeof chunk !== 'string') {
      throw new TypeError(
        'The "chunk" argument must be of type string or an instance of Buffer, TypedArray, or DataView.',
      );
    }
    return chunk;
  }

  class Output extends EventEmitter {
    readonly fd: number;
    readonly writable = true;
    readonly #write: (text: string) => void;
    constructor(fd: number, writeText: (text: string) => void) {
      super();
      this.fd = fd;
      this.#write = writeText;
    }
    write(chunk: unknown, second?: unknown, third?: unknown): boolean {
      this.#write(textOf(chunk));
      const done = typeof second === 'function' ? second : third;
      if (typeof done === 'function') {
        queueMicrotask(() => {
          (done as Listener)();
        });
      }
      return true;
    }
    end(chunk?: unknown): this {
      if (chunk !== undefined && typeof chunk !== 'function') {
        this.write(chunk);
      }
      return this;
    }
    cork(): void {
      return undefined;
    }
    uncork(): void {
      return undefined;
    }
  }
  const stdout = new Output(1, write);
  let errors = '';
  /** Standard error is for a person to read: kept up to a limit, never a reason to fail. */
  function writeError(text: string): void {
    if (errors.length < maxErrors) {
      errors += text.slice(0, maxErrors - errors.length);
    }
  }
  const stderr = new Output(2, writeError);

  /* ---- console ---- */

  let groupIndent = '';
  const counts = new Map<string, number>();
  function line(...parts: unknown[]): void {
    const text = format(...parts);
    write((groupIndent === '' ? text : text.replace(/^/gm, groupIndent)) + '\n');
  }
  const silence = (): void => undefined;
  const complain = (...parts: unknown[]): void => writeError(format(...parts) + '\n');
  define('console', {
    log: line,
    info: line,
    debug: line,
    error: complain,
    warn: complain,
    trace: complain,
    assert: silence,
    time: silence,
    timeEnd: silence,
    timeLog: silence,
    table: line,
    dir: (value: unknown, options?: { depth?: number | null }) => write(groupIndent + inspect(value, options) + '\n'),
    group: (...parts: unknown[]) => {
      if (parts.length > 0) {
        line(...parts);
      }
      groupIndent += '  ';
    },
    groupEnd: () => {
      groupIndent = groupIndent.slice(2);
    },
    count: (label = 'default') => {
      counts.set(label, (counts.get(label) ?? 0) + 1);
      line(`${label}: ${counts.get(label)}`);
    },
    countReset: (label = 'default') => counts.delete(label),
  });

  /* ---- standard input ---- */

  let input = '';
  let inputLeft = true;

  function takeInput(): string {
    const text = inputLeft ? input : '';
    inputLeft = false;
    return text;
  }

  class Input extends EventEmitter {
    readonly fd = 0;
    readonly readable = true;
    encoding: string | undefined;
    flowing = false;
    ended = false;
    #reading: string | undefined;
    setEncoding(encoding = 'utf8'): this {
      this.encoding = encoding;
      return this;
    }
    override on(name: unknown, run: Listener): this {
      super.on(name, run);
      this.#wanted(name);
      return this;
    }
    override once(name: unknown, run: Listener): this {
      super.once(name, run);
      this.#wanted(name);
      return this;
    }
    #wanted(name: unknown): void {
      if (name === 'data' || name === 'readable') {
        this.flowing = true;
      }
    }
    resume(): this {
      this.flowing = true;
      return this;
    }
    pause(): this {
      this.flowing = false;
      return this;
    }
    unref(): this {
      return this;
    }
    ref(): this {
      return this;
    }
    destroy(): this {
      this.ended = true;
      return this;
    }
    chunk(text: string): unknown {
      return this.encoding === undefined ? fromText(text) : text;
    }
    read(): unknown {
      const text = this.#reading;
      this.#reading = undefined;
      return text === undefined || text === '' ? null : this.chunk(text);
    }
    pipe<T>(target: T & { write(chunk: unknown): unknown; end?(): unknown }): T {
      this.on('data', (chunk) => target.write(chunk));
      this.on('end', () => target.end?.());
      return target;
    }
    [Symbol.asyncIterator](): AsyncIterableIterator<unknown> {
      const queue = queueIterator<unknown>();
      this.on('data', queue.push);
      this.on('end', queue.end);
      return queue.iterator;
    }
    /** One step of delivery; false when there is none left. */
    deliver(): boolean {
      if (!this.flowing || this.ended) {
        return false;
      }
      const text = takeInput();
      if (text === '') {
        this.ended = true;
        this.#reading = undefined;
        this.emit('readable');
        this.emit('end');
        this.emit('close');
        return true;
      }
      this.#reading = text;
      this.emit('readable');
      if (this.listenerCount('data') > 0) {
        this.#reading = undefined;
        this.emit('data', this.chunk(text));
      }
      return true;
    }
  }
  const stdin = new Input();

  /* ---- readline ---- */

  class Interface extends EventEmitter {
    closed = false;
    #rest = '';
    #question: ((answer: string) => void) | undefined;
    #prompt = '> ';
    readonly #output: { write(text: string): unknown } | undefined;

    constructor(source: Input, target?: { write(text: string): unknown }) {
      super();
      this.#output = target;
      const text = (chunk: unknown): string => (typeof chunk === 'string' ? chunk : tools.toText(chunk as Uint8Array));
      source.on('data', (chunk) => this.#feed(text(chunk)));
      source.on('end', () => {
        if (this.#rest !== '' && !this.closed) {
          this.#line(this.#rest);
        }
        this.close();
      });
    }
    #feed(text: string): void {
      const lines = (this.#rest + text).split(/\r\n|\n|\r|\u2028|\u2029/);
      this.#rest = lines.pop() ?? '';
      for (const one of lines) {
        this.#line(one);
      }
    }
    #line(text: string): void {
      const ask = this.#question;
      if (ask !== undefined) {
        this.#question = undefined;
        ask(text);
      } else {
        this.emit('line', text);
      }
    }
    question(query: string, second?: unknown, third?: unknown): unknown {
      this.#output?.write(query);
      const done = typeof second === 'function' ? second : third;
      this.#question = (answer) => (done as Listener)(answer);
      return undefined;
    }
    setPrompt(text: string): void {
      this.#prompt = text;
    }
    prompt(): void {
      this.#output?.write(this.#prompt);
    }
    write(): void {
      return undefined;
    }
    pause(): this {
      stdin.pause();
      return this;
    }
    resume(): this {
      stdin.resume();
      return this;
    }
    close(): void {
      if (!this.closed) {
        this.closed = true;
        stdin.pause();
        this.emit('close');
      }
    }
    [Symbol.asyncIterator](): AsyncIterableIterator<string> {
      const queue = queueIterator<string>();
      this.on('line', (text) => queue.push(text as string));
      this.on('close', queue.end);
      return queue.iterator;
    }
  }

  interface ReadlineOptions {
    prompt?: string;
    input?: Input;
    output?: { write(text: string): unknown };
  }
  function createInterface(first: Input | ReadlineOptions, second?: { write(text: string): unknown }): Interface {
    if (first instanceof Input) {
      return new Interface(first, second);
    }
    const made = new Interface(first.input ?? stdin, first.output);
    made.setPrompt(first.prompt ?? '> ');
    return made;
  }
  class PromisesInterface extends Interface {
    override question(query: string): Promise<string> {
      return new Promise((resolve) => {
        super.question(query, resolve);
      });
    }
  }
  const readlinePromises = {
    createInterface: (first: Input | ReadlineOptions, second?: { write(text: string): unknown }) =>
      first instanceof Input
        ? new PromisesInterface(first, second)
        : new PromisesInterface(first.input ?? stdin, first.output),
  };
  const readline = { createInterface, Interface, promises: readlinePromises, clearLine: silence, cursorTo: silence };

  /* ---- files: the standard streams under their usual names, and nothing else ---- */

  const inputNames = [0, '/dev/stdin', '/proc/self/fd/0', '/dev/fd/0'];
  const outputNames = [1, '/dev/stdout', '/proc/self/fd/1', '/dev/fd/1'];
  const errorNames = [2, '/dev/stderr', '/proc/self/fd/2', '/dev/fd/2'];

  function missing(path: unknown, call: string): Error {
    const error = new Error(`ENOENT: no such file or directory, ${call} '${String(path)}'`);
    return Object.assign(error, { code: 'ENOENT', errno: -2, syscall: call, path });
  }
  function encodingOf(options: unknown): string | undefined {
    const encoding: unknown =
      typeof options === 'object' && options !== null ? Reflect.get(options, 'encoding') : options;
    return typeof encoding === 'string' ? encoding : undefined;
  }
  function readFileSync(path: unknown, options?: unknown): unknown {
    if (!(inputNames as unknown[]).includes(path instanceof Input ? path.fd : path)) {
      throw missing(path, 'open');
    }
    const data = fromText(takeInput());
    const encoding = encodingOf(options);
    return encoding === undefined ? data : (data as { toString(encoding: string): string }).toString(encoding);
  }
  function writeFileSync(path: unknown, data: unknown): void {
    if ((outputNames as unknown[]).includes(path)) {
      write(typeof data === 'string' ? data : textOf(data));
    } else if ((errorNames as unknown[]).includes(path)) {
      writeError(textOf(data));
    } else {
      throw missing(path, 'open');
    }
  }
  let pending: Uint8Array | undefined;
  function readSync(fd: number, target: Uint8Array, second?: unknown, third?: unknown): number {
    if (fd !== 0) {
      throw Object.assign(new Error('EBADF: bad file descriptor, read'), { code: 'EBADF' });
    }
    const options =
      typeof second === 'object' && second !== null ? (second as { offset?: number; length?: number }) : {};
    const offset = typeof second === 'number' ? second : (options.offset ?? 0);
    const length = typeof third === 'number' ? third : (options.length ?? target.length - offset);
    pending ??= fromText(takeInput());
    const part = pending.subarray(0, length);
    target.set(part, offset);
    pending = pending.subarray(part.length);
    return part.length;
  }
  const fileNumbers: [names: (string | number)[], fd: number][] = [
    [inputNames, 0],
    [outputNames, 1],
    [errorNames, 2],
  ];
  const promises = {
    readFile: (path: unknown, options?: unknown) => Promise.resolve().then(() => readFileSync(path, options)),
    writeFile: (path: unknown, data: unknown) => Promise.resolve().then(() => writeFileSync(path, data)),
  };
  const fs = {
    readFileSync,
    writeFileSync,
    appendFileSync: writeFileSync,
    readSync,
    writeSync(fd: number, data: unknown): number {
      const text = textOf(data);
      writeFileSync(fd, text);
      return fromText(text).length;
    },
    readFile(path: unknown, second: unknown, third?: unknown): void {
      const done = (typeof second === 'function' ? second : third) as Listener;
      setImmediate(() => {
        let data: unknown;
        try {
          data = readFileSync(path, typeof second === 'function' ? undefined : second);
        } catch (error) {
          done(error);
          return;
        }
        done(null, data);
      });
    },
    writeFile(path: unknown, data: unknown, third?: unknown, fourth?: unknown): void {
      writeFileSync(path, data);
      const done = typeof third === 'function' ? third : fourth;
      setImmediate(() => (done as Listener | undefined)?.(null));
    },
    openSync(path: unknown): number {
      const found = fileNumbers.find(([names]) => (names as unknown[]).includes(path));
      if (found === undefined) {
        throw missing(path, 'open');
      }
      return found[1];
    },
    closeSync: silence,
    existsSync: (path: unknown) => fileNumbers.some(([names]) => (names as unknown[]).includes(path)),
    fstatSync: () => ({ size: inputLeft ? fromText(input).length : 0, isFile: () => false }),
    statSync: () => ({ size: inputLeft ? fromText(input).length : 0, isFile: () => false }),
    createReadStream(path: unknown, options?: unknown): Input {
      if (!(inputNames as unknown[]).includes(path) && encodingFd(options) !== 0) {
        throw missing(path, 'open');
      }
      const encoding = encodingOf(options);
      return encoding === undefined ? stdin : stdin.setEncoding(encoding);
    },
    createWriteStream: () => stdout,
    promises,
  };
  function encodingFd(options: unknown): unknown {
    return typeof options === 'object' && options !== null ? Reflect.get(options, 'fd') : undefined;
  }

  /* ---- process ---- */

  class Process extends EventEmitter {
    readonly argv = ['/usr/bin/node', '/solution.js'];
    readonly argv0 = 'node';
    readonly execArgv: string[] = [];
    readonly execPath = '/usr/bin/node';
    readonly env: Record<string, string> = {};
    readonly stdin = stdin;
    readonly stdout = stdout;
    readonly stderr = stderr;
    readonly pid = 1;
    readonly platform = 'linux';
    readonly arch = 'x64';
    readonly version = 'v24.0.0';
    readonly versions = { node: '24.0.0', v8: '13.6' };
    exitCode: number | undefined;
    exit(code?: number): never {
      this.exitCode = code ?? this.exitCode;
      leave();
      throw exitSignal;
    }
    abort(): never {
      return this.exit(134);
    }
    nextTick(run: Listener, ...parts: unknown[]): void {
      queueMicrotask(() => {
        run(...parts);
      });
    }
    readonly hrtime = Object.assign(
      (since?: [number, number]): [number, number] => {
        const milliseconds = performance.now();
        const [seconds, nanos] = [Math.floor(milliseconds / 1000), Math.round((milliseconds % 1000) * 1e6)];
        return since === undefined ? [seconds, nanos] : [seconds - since[0], nanos - since[1]];
      },
      { bigint: () => BigInt(performance.now()) * 1_000_000n },
    );
    uptime(): number {
      return 1;
    }
    memoryUsage(): Record<string, number> {
      return { rss: 5e7, heapTotal: 3e7, heapUsed: 2e7, external: 1e6, arrayBuffers: 1e4 };
    }
    cpuUsage(): { user: number; system: number } {
      return { user: 1000, system: 1000 };
    }
    cwd(): string {
      return '/';
    }
    emitWarning(): void {
      return undefined;
    }
  }
  const node = new Process();
  define('process', node);

  let left = false;
  /** What happens once at the end, however the end comes: listeners first, then the output counts no more. */
  function leave(): void {
    if (!left) {
      left = true;
      node.emit('exit', node.exitCode ?? 0);
      outputClosed = true;
    }
  }

  /* ---- require and import ---- */

  class AssertionError extends Error {
    override readonly name = 'AssertionError';
    readonly code = 'ERR_ASSERTION';
  }
  function assertThat(condition: unknown, message?: unknown): void {
    if (!condition) {
      throw message instanceof Error
        ? message
        : new AssertionError(format(message ?? 'The expression evaluated to a falsy value'));
    }
  }
  const sameText = (a: unknown, b: unknown): boolean =>
    Object.is(a, b) || inspect(a, { depth: null }) === inspect(b, { depth: null });
  const assert = Object.assign((value: unknown, message?: unknown) => assertThat(value, message), {
    ok: assertThat,
    equal: (a: unknown, b: unknown, message?: unknown) =>
      assertThat(a === b || String(a as number) === String(b as number), message),
    strictEqual: (a: unknown, b: unknown, message?: unknown) => assertThat(Object.is(a, b), message),
    notStrictEqual: (a: unknown, b: unknown, message?: unknown) => assertThat(!Object.is(a, b), message),
    deepEqual: (a: unknown, b: unknown, message?: unknown) => assertThat(sameText(a, b), message),
    deepStrictEqual: (a: unknown, b: unknown, message?: unknown) => assertThat(sameText(a, b), message),
    AssertionError,
  });
  const delay = (milliseconds?: number, value?: unknown): Promise<unknown> =>
    new Promise((resolve) => {
      setTimeout(() => resolve(value), milliseconds);
    });
  const promisify =
    (run: Listener) =>
    (...parts: unknown[]): Promise<unknown> =>
      new Promise((resolve, reject) => {
        run(...parts, (error: unknown, value: unknown) => {
          if (error === null || error === undefined) {
            resolve(value);
          } else {
            reject(error instanceof Error ? error : new Error(format(error)));
          }
        });
      });
  const { Buffer } = tools;
  const modules: Record<string, object> = {
    fs,
    'fs/promises': promises,
    readline,
    'readline/promises': readlinePromises,
    process: node,
    os: { EOL: '\n', cpus: () => [], platform: () => 'linux', tmpdir: () => '/tmp' },
    util: {
      inspect,
      format,
      promisify,
      TextEncoder: Reflect.get(globalThis, 'TextEncoder') as unknown,
      TextDecoder: Reflect.get(globalThis, 'TextDecoder') as unknown,
    },
    events: Object.assign(EventEmitter, { EventEmitter, once: onceOf }),
    assert: Object.assign(assert, { strict: assert }),
    buffer: { Buffer },
    perf_hooks: { performance },
    timers: { setTimeout, setInterval, setImmediate, clearTimeout, clearInterval, clearImmediate },
    'timers/promises': { setTimeout: delay, setImmediate: (value?: unknown) => delay(0, value) },
    console: globalThis.console,
  };

  function moduleNamed(specifier: unknown): object | undefined {
    const name = String(specifier).replace(/^node:/, '');
    return Object.hasOwn(modules, name) ? modules[name] : undefined;
  }
  const moduleObject = Reflect.get(globalThis, 'module') as { exports: unknown };
  function require(specifier: unknown): unknown {
    const found = moduleNamed(specifier);
    if (found === undefined) {
      throw Object.assign(new Error(`Cannot find module '${String(specifier)}'`), { code: 'MODULE_NOT_FOUND' });
    }
    return found;
  }
  define('require', Object.assign(require, { main: moduleObject, cache: {} }));
  define('__filename', '/solution.js');
  define('__dirname', '/');
  // Where the synthetic modules of an ES module find what they re-export.
  define('__modules', moduleNamed);

  const FunctionMaker = Function;
  function commonJs(source: string): () => void {
    const compiled = FunctionMaker('exports', 'require', 'module', source) as Listener;
    return () => compiled.call(moduleObject.exports, moduleObject.exports, require, moduleObject);
  }

  /* ---- the run ---- */

  function ended(fault: string): string {
    if (overflowed) {
      return 'othe output is too large';
    }
    if (!left && fault !== '') {
      node.exitCode = 1;
      writeError(`Uncaught ${fault}\n`);
      return 'e' + fault;
    }
    leave();
    const code = node.exitCode ?? 0;
    return code === 0 ? 'v' + output : `eexit code ${code}`;
  }

  function guarded(step: () => boolean): string {
    try {
      if (step() && !left) {
        return 't';
      }
    } catch (error) {
      return ended(error === exitSignal ? '' : describe(error));
    }
    return ended('');
  }

  function describe(error: unknown): string {
    return (error instanceof Error ? `${error.name}: ${error.message}` : format(error)).slice(0, 300) || 'an exception';
  }

  function timerTurn(): boolean {
    const reply = boot.poll();
    if (reply.startsWith('e')) {
      throw new Error(reply.slice(1));
    }
    return reply === 't';
  }

  return {
    start(text) {
      input = text;
    },
    loaded(fault) {
      return fault !== '' || left || overflowed ? ended(fault) : 't';
    },
    poll() {
      return guarded(() => left || stdin.deliver() || timerTurn());
    },
    commonJs,
    streams() {
      return JSON.stringify({ stdout: output, stderr: errors, exitCode: node.exitCode ?? 0 });
    },
    exportsOf(specifier) {
      const found = moduleNamed(specifier);
      return found === undefined
        ? ''
        : Object.getOwnPropertyNames(found)
            .filter((name) => /^[A-Za-z_]\w*$/.test(name))
            .join(',');
    },
  };
}

const texts = { bytes: bytes.toString(), inspector: inspector.toString(), shim: shim.toString() };

/** Expression that yields a function of the seed that makes a {@link Shim} in a fresh context. */
export function shimSource(maxLength: number): string {
  const parts = [
    `(${bootSource(maxLength)})(seed)`,
    `(${texts.bytes})()`,
    `(${texts.inspector})()`,
    String(maxLength | 0),
    String(maxStderrLength),
  ];
  return `(function (seed) { return (${texts.shim})(${parts.join(', ')}); })`;
}
