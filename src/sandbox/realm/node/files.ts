import type { BufferObject, Buffers } from './buffer.ts';
import type { Input } from './input.ts';
import type { Sink } from './output.ts';
import type { Streams } from './streams.ts';
import type { Utf8 } from '../utf8.ts';

/**
 * The module `fs`: the standard streams under their usual names, and nothing else. Turned into text (compose.ts):
 * self-contained.
 */
export function makeFiles(
  input: Input,
  sinks: { out: Sink; err: Sink },
  streams: Streams,
  buffers: Buffers,
  utf8: Utf8,
  encoded: (text: string, encoding: string) => Uint8Array,
): object {
  type Done = (error: unknown, ...values: unknown[]) => void;
  type Call = (...parts: never[]) => unknown;

  const paths: readonly (readonly string[])[] = [
    ['/dev/stdin', '/proc/self/fd/0', '/dev/fd/0'],
    ['/dev/stdout', '/proc/self/fd/1', '/dev/fd/1'],
    ['/dev/stderr', '/proc/self/fd/2', '/dev/fd/2'],
  ];

  /** Reading finds no other file, and for writing there is only a file system that refuses. */
  function fdOf(path: unknown, call: string, writes: boolean): number {
    if (path === 0 || path === 1 || path === 2) {
      return path;
    }
    if (typeof path === 'number') {
      throw failure('EBADF', -9, `EBADF: bad file descriptor, ${call}`, { syscall: call });
    }
    const text = path instanceof Uint8Array ? String(path) : ((path as { pathname?: string }).pathname ?? String(path));
    const found = paths.findIndex((known) => known.includes(text));
    if (found >= 0) {
      return found;
    }
    throw writes
      ? failure('EROFS', -30, `EROFS: read-only file system, ${call} '${text}'`, { syscall: call, path: text })
      : failure('ENOENT', -2, `ENOENT: no such file or directory, ${call} '${text}'`, { syscall: call, path: text });
  }
  function failure(code: string, errno: number, message: string, more: object): Error {
    return Object.assign(new Error(message), { errno, code, ...more });
  }

  function optionOf(options: unknown, name: string): unknown {
    return typeof options === 'object' && options !== null ? Reflect.get(options, name) : undefined;
  }
  function encodingOf(options: unknown): string | undefined {
    const encoding = typeof options === 'string' ? options : optionOf(options, 'encoding');
    return typeof encoding === 'string' && encoding !== 'buffer' ? encoding : undefined;
  }

  function readFileSync(path: unknown, options?: unknown): string | BufferObject {
    if (fdOf(path, 'open', false) !== 0) {
      throw failure('EAGAIN', -11, 'EAGAIN: resource temporarily unavailable, read', { syscall: 'read' });
    }
    const encoding = encodingOf(options);
    if (encoding !== undefined && utf8.isName(encoding)) {
      return input.takeText();
    }
    const data = buffers.wrap(input.takeBytes(Infinity));
    return encoding === undefined ? data : data.toString(encoding);
  }

  function bytesOf(data: unknown, encoding: string): string | Uint8Array {
    if (typeof data === 'string') {
      return utf8.isName(encoding) ? data : encoded(data, encoding);
    }
    if (ArrayBuffer.isView(data)) {
      return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    }
    const words = 'must be of type string or an instance of Buffer, TypedArray, or DataView.';
    throw Object.assign(new TypeError(`The "data" argument ${words}`), { code: 'ERR_INVALID_ARG_TYPE' });
  }
  function writeTo(fd: number, chunk: string | Uint8Array): number {
    if (fd === 0) {
      throw failure('EBADF', -9, 'EBADF: bad file descriptor, write', { syscall: 'write' });
    }
    (fd === 1 ? sinks.out : sinks.err).write(chunk);
    return typeof chunk === 'string' ? encoded(chunk, 'utf8').length : chunk.length;
  }
  function writeFileSync(path: unknown, data: unknown, options?: unknown): void {
    writeTo(fdOf(path, 'open', true), bytesOf(data, encodingOf(options) ?? 'utf8'));
  }

  /** `(fd, text, position, encoding)`, `(fd, bytes, offset, length, position)` or `(fd, bytes, { offset, length })`. */
  function writeSync(fd: unknown, data: unknown, second?: unknown, third?: unknown): number {
    const target = fdOf(fd, 'write', true);
    if (typeof data === 'string') {
      return writeTo(target, bytesOf(data, typeof third === 'string' ? third : 'utf8'));
    }
    const bytes = bytesOf(data, 'utf8') as Uint8Array;
    const { offset, length } = range(bytes, second, third);
    return writeTo(target, bytes.subarray(offset, offset + length));
  }
  function range(bytes: Uint8Array, second: unknown, third: unknown): { offset: number; length: number } {
    const offset = Number((typeof second === 'number' ? second : optionOf(second, 'offset')) ?? 0);
    const length = Number((typeof third === 'number' ? third : optionOf(second, 'length')) ?? bytes.length - offset);
    if (offset < 0 || offset > bytes.length || length < 0 || offset + length > bytes.length) {
      throw Object.assign(new RangeError('The value of "offset" or "length" is out of range.'), {
        code: 'ERR_OUT_OF_RANGE',
      });
    }
    return { offset, length };
  }
  function readSync(fd: unknown, target: unknown, second?: unknown, third?: unknown): number {
    if (fdOf(fd, 'read', false) !== 0) {
      throw failure('EBADF', -9, 'EBADF: bad file descriptor, read', { syscall: 'read' });
    }
    const into = bytesOf(target, 'utf8') as Uint8Array;
    const { offset, length } = range(into, second, third);
    const part = input.takeBytes(length);
    into.set(part, offset);
    return part.length;
  }

  const stat = (path: unknown): object => {
    const fd = fdOf(path, 'stat', false);
    const no = (): boolean => false;
    const size = fd === 0 ? input.size() : 0;
    return { size, isFile: no, isDirectory: no, isSymbolicLink: no, isFIFO: () => true, isSocket: no };
  };
  const openSync = (path: unknown, flags: unknown = 'r'): number => fdOf(path, 'open', !/^r/.test(String(flags)));
  const closeSync = (fd: unknown): void => void fdOf(fd, 'close', false);
  const fsyncSync = (fd: unknown): void => void fdOf(fd, 'fsync', false);
  const accessSync = (path: unknown): void => void fdOf(path, 'access', false);

  /** `name(…, done)`: its outcome, as a callback of the event loop. */
  function withCallback(run: Call, more: number): (...parts: unknown[]) => void {
    return (...parts) => {
      const done = parts.findLast((part) => typeof part === 'function') as Done | undefined;
      if (done === undefined) {
        const error = new TypeError('The "cb" argument must be of type function. Received undefined');
        throw Object.assign(error, { code: 'ERR_INVALID_ARG_TYPE' });
      }
      const given = parts.slice(0, parts.lastIndexOf(done));
      setImmediate(() => {
        let value: unknown;
        try {
          value = run(...(given as never[]));
        } catch (error) {
          done(error);
          return;
        }
        done(null, ...(value === undefined ? [] : [value]), ...given.slice(1, 1 + more));
      });
    };
  }
  /** `name(…)`: its outcome as a promise that a turn of the event loop settles. */
  function withPromise(run: Call): (...parts: unknown[]) => Promise<unknown> {
    return (...parts) => {
      const { promise, resolve, reject } = Promise.withResolvers<unknown>();
      setImmediate(() => {
        try {
          resolve(run(...(parts as never[])));
        } catch (error) {
          reject(error);
        }
      });
      return promise;
    };
  }
  /** What there is no disk for, refused by name. */
  function refuse(name: string): () => never {
    return () => {
      const words = 'there are no files here. Read standard input and write standard output instead.';
      throw failure('EROFS', -30, `fs.${name} is not available: ${words}`, { syscall: name.replace(/Sync$/, '') });
    };
  }
  function existsSync(path: unknown): boolean {
    return typeof path === 'string' && paths.some((known) => known.includes(path));
  }
  let promises: object | undefined;
  const makePromises = (): object => ({
    readFile: withPromise(readFileSync),
    writeFile: withPromise(writeFileSync),
    appendFile: withPromise(writeFileSync),
    access: withPromise(accessSync),
    stat: withPromise(stat),
    lstat: withPromise(stat),
  });

  // Written out, and without a prototype at first (boot.ts): other ways take five times as long, in every context.
  const fs = {
    __proto__: null,
    readFileSync,
    writeFileSync,
    appendFileSync: writeFileSync,
    readSync,
    writeSync,
    openSync,
    closeSync,
    fsyncSync,
    accessSync,
    fstatSync: stat,
    statSync: stat,
    lstatSync: stat,
    existsSync,
    readFile: withCallback(readFileSync, 0),
    writeFile: withCallback(writeFileSync, 0),
    appendFile: withCallback(writeFileSync, 0),
    read: withCallback(readSync, 1),
    write: withCallback(writeSync, 1),
    open: withCallback(openSync, 0),
    close: withCallback(closeSync, 0),
    fsync: withCallback(fsyncSync, 0),
    access: withCallback(accessSync, 0),
    fstat: withCallback(stat, 0),
    stat: withCallback(stat, 0),
    lstat: withCallback(stat, 0),
    exists: (path: unknown, done: (found: boolean) => void) => setImmediate(() => done(existsSync(path))),
    mkdir: refuse('mkdir'),
    mkdirSync: refuse('mkdirSync'),
    mkdtemp: refuse('mkdtemp'),
    mkdtempSync: refuse('mkdtempSync'),
    readdir: refuse('readdir'),
    readdirSync: refuse('readdirSync'),
    rm: refuse('rm'),
    rmSync: refuse('rmSync'),
    rmdir: refuse('rmdir'),
    rmdirSync: refuse('rmdirSync'),
    rename: refuse('rename'),
    renameSync: refuse('renameSync'),
    unlink: refuse('unlink'),
    unlinkSync: refuse('unlinkSync'),
    copyFile: refuse('copyFile'),
    copyFileSync: refuse('copyFileSync'),
    cp: refuse('cp'),
    cpSync: refuse('cpSync'),
    truncate: refuse('truncate'),
    truncateSync: refuse('truncateSync'),
    constants: { F_OK: 0, R_OK: 4, W_OK: 2, X_OK: 1, O_RDONLY: 0, O_WRONLY: 1, O_RDWR: 2 },
    createReadStream(path: unknown, options?: unknown): unknown {
      fdOf(optionOf(options, 'fd') ?? path, 'open', false);
      const encoding = encodingOf(options);
      return encoding === undefined ? streams.stdin() : streams.stdin().setEncoding(encoding);
    },
    createWriteStream(path: unknown, options?: unknown): unknown {
      return fdOf(optionOf(options, 'fd') ?? path, 'open', true) === 2 ? streams.stderr() : streams.stdout();
    },
    // As in Node, an accessor.
    get promises(): object {
      return (promises ??= makePromises());
    },
  };
  Object.setPrototypeOf(fs, Object.prototype);
  return fs;
}
