import type { EventLoop } from '../event-loop.ts';
import type { Emitter, Events, Listener } from './events.ts';
import type { Input } from './input.ts';
import type { Libraries } from './libraries.ts';
import type { Sink } from './output.ts';
import type { Buffers } from './buffer.ts';

/** Standard input as a readable stream. */
export interface InputStream extends Emitter {
  fd: number;
  setEncoding(encoding: string): this;
  pause(): this;
  resume(): this;
}

/** Standard output or error as a writable stream. */
export interface OutputStream extends Emitter {
  fd: number;
  write(chunk: unknown, second?: unknown, third?: unknown): boolean;
}

/** The standard streams of a program. */
export interface Streams {
  stdin(): InputStream;
  stdout(): OutputStream;
  stderr(): OutputStream;
  /** Writes as console.log does: through the streams where the program has got hold of them. */
  text: { out(text: string): void; err(text: string): void };
}

/**
 * The standard streams, as members of `process`. Standard input is a real Readable of the package `readable-stream`; the outputs write
 * at once, so they need no queue. Turned into text (compose.ts): self-contained.
 */
export function makeStreams(
  process: object,
  events: Events,
  libraries: Libraries,
  buffers: Buffers,
  loop: EventLoop,
  input: Input,
  sinks: { out: Sink; err: Sink },
): Streams {
  /** What a pipe gives at once. */
  const chunkLength = 65_536;

  function makeInputStream(): InputStream {
    const { Readable } = libraries.need('stream') as {
      Readable: new (options: object) => InputStream & { push(chunk: unknown): boolean };
    };
    let wanted = false;
    const stream = new Readable({
      highWaterMark: chunkLength,
      read() {
        wanted = true;
      },
    });
    loop.onInput(() => {
      if (!wanted) {
        return false;
      }
      wanted = false;
      const data = input.takeBytes(chunkLength);
      stream.push(data.length === 0 ? null : buffers.wrap(data));
      return true;
    });
    return Object.assign(stream, { fd: 0, ref: () => stream, unref: () => stream });
  }

  function chunkOf(chunk: unknown, encoding: unknown): string | Uint8Array {
    if (typeof chunk === 'string') {
      const name = typeof encoding === 'string' ? encoding : 'utf8';
      return /^utf-?8$/i.test(name) ? chunk : bytesOf(chunk, name);
    }
    if (ArrayBuffer.isView(chunk)) {
      return new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    }
    const error = new TypeError(
      'The "chunk" argument must be of type string or an instance of Buffer, TypedArray, or DataView.',
    );
    throw Object.assign(error, { code: 'ERR_INVALID_ARG_TYPE' });
  }
  function bytesOf(text: string, encoding: string): Uint8Array {
    const { Buffer } = libraries.need('buffer') as { Buffer: { from(text: string, encoding: string): Uint8Array } };
    return Buffer.from(text, encoding);
  }

  function makeOutputStream(fd: number, sink: Sink): OutputStream {
    let ended = false;
    const finished = (done: unknown): void => {
      if (typeof done === 'function') {
        loop.nextTick(() => (done as Listener)());
      }
    };
    const stream: OutputStream = events.emitterWith({
      fd,
      writable: true,
      isTTY: undefined,
      columns: undefined,
      writableLength: 0,
      writableHighWaterMark: 16_384,
      _type: 'pipe',
      write(chunk: unknown, second?: unknown, third?: unknown): boolean {
        if (ended) {
          const error = Object.assign(new Error('write after end'), { code: 'ERR_STREAM_WRITE_AFTER_END' });
          loop.nextTick(() => stream.emit('error', error));
          return false;
        }
        sink.write(chunkOf(chunk, second));
        finished(typeof second === 'function' ? second : third);
        return true;
      },
      end(chunk?: unknown, second?: unknown, third?: unknown) {
        const done = [chunk, second, third].find((part) => typeof part === 'function');
        if (chunk !== undefined && chunk !== null && typeof chunk !== 'function') {
          stream.write(chunk, second);
        }
        ended = true;
        finished(done);
        loop.nextTick(() => stream.emit('finish'));
        return stream;
      },
      cork: () => undefined,
      uncork: () => undefined,
      setDefaultEncoding: () => stream,
      destroy: () => stream,
      ref: () => stream,
      unref: () => stream,
    });
    return stream;
  }

  let stdin: InputStream | undefined;
  let stdout: OutputStream | undefined;
  let stderr: OutputStream | undefined;
  const streams = {
    stdin: () => (stdin ??= makeInputStream()),
    stdout: () => (stdout ??= makeOutputStream(1, sinks.out)),
    stderr: () => (stderr ??= makeOutputStream(2, sinks.err)),
  };
  for (const [name, get] of Object.entries(streams)) {
    Object.defineProperty(process, name, { get, configurable: true, enumerable: true });
  }
  const text = {
    out: (line: string) => void (stdout ?? sinks.out).write(line),
    err: (line: string) => void (stderr ?? sinks.err).write(line),
  };
  return { ...streams, text };
}
