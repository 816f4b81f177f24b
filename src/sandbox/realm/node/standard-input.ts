import type { Buffers } from './buffer.ts';
import type { EventLoop } from '../event-loop.ts';
import type { Emitter, Listener } from './events.ts';
import type { Input } from './input.ts';
import type { Libraries } from './libraries.ts';
import type { Utf8 } from '../utf8.ts';

/** Standard input as a readable stream. */
export interface InputStream extends Emitter {
  fd: number;
  setEncoding(encoding: string): this;
  pause(): this;
  resume(): this;
}

/** Standard input of a program. */
export interface StandardInput {
  stream(): InputStream;
  /** Calls `data` with each chunk of `from` (text, or bytes that are a Buffer only where the stream is a real one) and `end`. */
  follow(from: InputStream, data: (chunk: string | Uint8Array) => void, end: () => void): void;
}

/**
 * `process.stdin`. What programs do with it most, to listen to its text, takes as long as a whole small program where it is
 * a real Readable of the package `readable-stream`. So it begins as an object that notes down `on('data')`, `on('end')`,
 * `setEncoding`, `pause` and `resume` and carries them out itself. Whatever else is asked of it makes a real Readable of this
 * same object first, on which what was noted is done again. Turned into text (compose.ts): self-contained.
 */
export function makeStandardInput(
  libraries: Libraries,
  buffers: Buffers,
  utf8: Utf8,
  loop: EventLoop,
  input: Input,
): StandardInput {
  /** What a pipe gives at once. */
  const chunkLength = 65_536;
  const { apply, get, has, set, setPrototypeOf } = Reflect;

  /** A listener; a `raw` one is the realm's own and takes bytes that are no Buffer. */
  interface Note {
    event: 'data' | 'end';
    run: Listener;
    raw: boolean;
  }
  let stream: InputStream | undefined;
  /** True once it is a Readable. */
  let real = false;
  /** While it is none: who listens, whether it flows (undefined: nobody has said so), whether it gives text. */
  let notes: Note[] = [];
  let flowing: boolean | undefined;
  let asText = false;
  let ended = false;
  /** The beginning of a character whose other bytes are still to come. */
  let held = new Uint8Array();

  function note(event: Note['event'], run: Listener, raw: boolean): void {
    notes.push({ event, run, raw });
    if (event === 'data') {
      flowing ??= true;
    }
  }

  function textOf(data: Uint8Array): string {
    const whole = new Uint8Array(held.length + data.length);
    whole.set(held);
    whole.set(data, held.length);
    const kept = whole.length - utf8.incomplete(whole);
    held = whole.slice(kept);
    return utf8.toText(whole.subarray(0, kept));
  }

  /** One chunk, or the end: what a Readable that flows gives in a turn of the loop. */
  function deliver(): boolean {
    if (flowing !== true || ended) {
      return false;
    }
    const data = input.takeBytes(chunkLength);
    if (data.length === 0) {
      ended = true;
      loop.nextTick(() => tell('end'));
      return true;
    }
    const text = asText ? textOf(data) : undefined;
    if (text !== '') {
      tell('data', text, data);
    }
    return true;
  }

  /** Tells those who listen now, even where one of them makes it real. */
  function tell(event: Note['event'], text?: string, data?: Uint8Array<ArrayBuffer>): void {
    for (const { run, raw } of notes.filter((note) => note.event === event)) {
      const chunk = text ?? (data === undefined || raw ? data : buffers.wrap(data));
      apply(run, stream, data === undefined ? [] : [chunk]);
    }
  }

  const noted: Record<string, Listener> = {
    on: (event: unknown, run: unknown) => {
      if ((event === 'data' || event === 'end') && typeof run === 'function') {
        note(event, run as Listener, false);
        return stream;
      }
      return call('on', [event, run]);
    },
    setEncoding: (encoding: unknown, ...rest: unknown[]) => {
      if (/^utf-?8$/i.test(String(encoding)) && rest.length === 0) {
        asText = true;
        return stream;
      }
      return call('setEncoding', [encoding, ...rest]);
    },
    resume: () => {
      flowing = true;
      return stream;
    },
    pause: () => {
      flowing = false;
      return stream;
    },
  };
  function call(name: string, parts: unknown[]): unknown {
    const made = realStream();
    return apply(get(made, name) as Listener, made, parts);
  }

  function realStream(): InputStream {
    const own = stream as InputStream & { push(chunk: unknown): boolean };
    if (real) {
      return own;
    }
    real = true;
    const { Readable } = libraries.need('stream') as { Readable: { prototype: object } & Listener };
    let wanted = false;
    setPrototypeOf(own, Readable.prototype);
    apply(Readable, own, [
      {
        highWaterMark: chunkLength,
        read() {
          wanted = true;
        },
      },
    ] as never);
    loop.onInput(() => {
      if (!wanted) {
        return false;
      }
      wanted = false;
      const data = input.takeBytes(chunkLength);
      own.push(data.length === 0 ? null : buffers.wrap(data));
      return true;
    });
    again(own);
    return own;
  }

  /** What was noted, on the real stream. */
  function again(own: InputStream): void {
    if (asText) {
      own.setEncoding('utf8');
    }
    if (!ended) {
      notes.forEach(({ event, run }) => own.on(event, run));
    }
    if (flowing !== undefined) {
      if (flowing) {
        own.resume();
      } else {
        own.pause();
      }
    }
    notes = [];
  }

  function begin(): InputStream {
    const untouched = new Proxy(
      {},
      {
        get(_, name) {
          if (!real && typeof name === 'string' && Object.hasOwn(noted, name)) {
            return noted[name];
          }
          return get(realStream(), name) as unknown;
        },
        has: (_, name) => has(realStream(), name),
        set: (_, name, value) => set(realStream(), name, value),
        getPrototypeOf: () => Object.getPrototypeOf(realStream()) as object,
      },
    );
    const own = Object.create(untouched, {
      fd: { value: 0, writable: true, enumerable: true, configurable: true },
      ref: { value: () => own, writable: true, enumerable: true, configurable: true },
      unref: { value: () => own, writable: true, enumerable: true, configurable: true },
    }) as InputStream;
    loop.onInput(deliver);
    return own;
  }

  return {
    stream: () => (stream ??= begin()),
    follow(from, data, end) {
      if (from === stream && !real) {
        note('data', data, true);
        note('end', end, true);
        flowing = true;
        return;
      }
      from.on('data', data);
      from.on('end', end);
      from.resume();
    },
  };
}
