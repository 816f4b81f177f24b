import type { Buffers } from './buffer.ts';
import type { EventLoop } from '../event-loop.ts';
import type { Emitter, Listener } from './events.ts';
import type { Input } from './input.ts';
import type { LatePrototype } from './late-prototype.ts';
import type { Libraries } from './libraries.ts';
import type { Decoder, Utf8 } from '../utf8.ts';

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
  latePrototype: LatePrototype,
): StandardInput {
  /** What a pipe gives at once. */
  const chunkLength = 65_536;
  const { apply, get, setPrototypeOf } = Reflect;

  /** A listener; a `raw` one is the realm's own and takes text, or bytes that are no Buffer, as they come. */
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
  let decoder: Decoder | undefined;

  function note(event: Note['event'], run: Listener, raw: boolean): void {
    notes.push({ event, run, raw });
    if (event === 'data') {
      flowing ??= true;
    }
  }

  /** One chunk, or the end: what a Readable that flows gives in a turn of the loop. */
  function deliver(): boolean {
    if (flowing !== true || ended) {
      return false;
    }
    const chunk = input.takeChunk(chunkLength);
    if (chunk.length > 0) {
      tellData(chunk);
    } else {
      ended = true;
      loop.nextTick(() => tell('end', () => []));
    }
    return true;
  }

  function tellData(chunk: string | Uint8Array<ArrayBuffer>): void {
    const isText = asText;
    const data = isText && typeof chunk !== 'string' ? (decoder ??= utf8.decoder()).write(chunk) : chunk;
    if (data !== '') {
      const whole = (): unknown =>
        isText ? data : buffers.wrap(typeof data === 'string' ? utf8.fromText(data) : data);
      tell('data', (raw) => [raw ? data : whole()]);
    }
  }

  /** Tells those who listen now, even where one of them makes it real. */
  function tell(event: Note['event'], partsFor: (raw: boolean) => unknown[]): void {
    for (const { run, raw } of notes.filter((note) => note.event === event)) {
      apply(run, stream, partsFor(raw));
    }
  }

  /** What it is before it is a Readable. */
  class Beginning {
    fd = 0;
    ref = (): InputStream | undefined => stream;
    unref = (): InputStream | undefined => stream;
    on(event: unknown, run: unknown): unknown {
      if (!real && (event === 'data' || event === 'end') && typeof run === 'function') {
        note(event, run as Listener, false);
        return stream;
      }
      return call('on', [event, run]);
    }
    setEncoding(...parts: unknown[]): unknown {
      if (!real && utf8.isName(String(parts[0])) && parts.length === 1) {
        asText = true;
        return stream;
      }
      return call('setEncoding', parts);
    }
    resume(): unknown {
      return this.#flow(true);
    }
    pause(): unknown {
      return this.#flow(false);
    }
    #flow(flows: boolean): unknown {
      if (real) {
        return call(flows ? 'resume' : 'pause', []);
      }
      flowing = flows;
      return stream;
    }
  }
  function call(name: string, parts: unknown[]): unknown {
    return apply(get(become(), name) as Listener, stream, parts);
  }

  /** Makes it a Readable; gives the prototype that it then has. */
  function become(): object {
    const { Readable } = libraries.need('stream') as { Readable: { prototype: object } & Listener };
    if (stream !== undefined && !real) {
      real = true;
      makeReal(stream, Readable);
    }
    return Readable.prototype;
  }

  function makeReal(own: InputStream, Readable: { prototype: object } & Listener): void {
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
      Reflect.apply(get(own, 'push') as Listener, own, [data.length === 0 ? null : buffers.wrap(data)]);
      return true;
    });
    again(own);
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
    setPrototypeOf(Beginning.prototype, latePrototype(become));
    loop.onInput(deliver);
    // The other members of a stream come from the prototype.
    const begun: unknown = new Beginning();
    return begun as InputStream;
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
