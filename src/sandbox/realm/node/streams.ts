import type { EventLoop } from '../event-loop.ts';
import type { Emitter, Listener } from './events.ts';
import type { InputStream, StandardInput } from './standard-input.ts';
import type { Sink } from './output.ts';
import type { LateEmitter } from './late-prototype.ts';
import type { Libraries } from './libraries.ts';
import type { Utf8 } from '../utf8.ts';

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
  /** Puts them into `process`. */
  complete(process: object): void;
  /** Follows an input, as `on('data')`, `on('end')` and `resume()` do. */
  follow: StandardInput['follow'];
  /** Writes as console.log does: through the streams where the program has got hold of them. */
  text: { out(text: string): void; err(text: string): void };
}

/**
 * The standard streams. Standard input comes from standard-input.ts; the outputs write at once, so they need no queue. Turned
 * into text (compose.ts): self-contained.
 */
export function makeStreams(
  lateEmitter: LateEmitter,
  libraries: Libraries,
  loop: EventLoop,
  standardInput: StandardInput,
  sinks: { out: Sink; err: Sink },
  utf8: Utf8,
): Streams {
  function chunkOf(chunk: unknown, encoding: unknown): string | Uint8Array {
    if (typeof chunk === 'string') {
      const name = typeof encoding === 'string' ? encoding : 'utf8';
      return utf8.isName(name) ? chunk : bytesOf(chunk, name);
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
    const stream: OutputStream = lateEmitter({
      __proto__: null,
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

  let stdout: OutputStream | undefined;
  let stderr: OutputStream | undefined;
  const streams = {
    stdin: standardInput.stream,
    stdout: () => (stdout ??= makeOutputStream(1, sinks.out)),
    stderr: () => (stderr ??= makeOutputStream(2, sinks.err)),
  };
  function complete(process: object): void {
    for (const [name, get] of Object.entries(streams)) {
      Object.defineProperty(process, name, { get, configurable: true, enumerable: true });
    }
  }
  const text = {
    out: (line: string) => void (stdout ?? sinks.out).write(line),
    err: (line: string) => void (stderr ?? sinks.err).write(line),
  };
  return { ...streams, complete, follow: standardInput.follow, text };
}
