import type { Emitter, Events } from './events.ts';
import type { InputStream } from './standard-input.ts';
import type { Streams } from './streams.ts';
import type { Utf8 } from '../utf8.ts';

/** The modules `readline` and `readline/promises`. */
export interface ReadlineModules {
  readline: object;
  promises: object;
}

/** The modules `readline` and `readline/promises`, without a terminal. Turned into text (compose.ts): self-contained. */
export function makeReadline(events: Events, streams: Streams, utf8: Utf8): ReadlineModules {
  interface Target {
    write(text: string): unknown;
  }
  interface Options {
    prompt?: string;
    input?: InputStream;
    output?: Target;
  }
  const silence = (): boolean => true;
  /** Without a look into standard input, which would make a real stream of it. */
  const isStream = (first: object): first is InputStream => first === streams.stdin() || 'on' in first;

  class Interface extends events.EventEmitter {
    closed = false;
    terminal = false;
    line = '';
    readonly input: InputStream;
    readonly output: Target | undefined;
    /** The beginning of a line, and of a character, whose rest is still to come. */
    #rest = '';
    #held = new Uint8Array();
    #question: ((answer: string) => void) | undefined;
    #prompt: string;

    constructor(first?: InputStream | Options, second?: Target) {
      super();
      const options: Options =
        first !== undefined && isStream(first) ? { input: first, ...(second && { output: second }) } : (first ?? {});
      this.input = options.input ?? streams.stdin();
      this.output = options.output;
      this.#prompt = options.prompt ?? '> ';
      streams.follow(
        this.input,
        (chunk) => this.#feed(typeof chunk === 'string' ? chunk : this.#decode(chunk)),
        () => this.#end(),
      );
    }
    #end(): void {
      if (this.#rest !== '' && !this.closed) {
        this.#take(this.#rest.replace(/\r$/, ''));
        this.#rest = '';
      }
      this.close();
    }
    #decode(data: Uint8Array): string {
      const whole = new Uint8Array(this.#held.length + data.length);
      whole.set(this.#held);
      whole.set(data, this.#held.length);
      const kept = whole.length - utf8.incomplete(whole);
      this.#held = whole.slice(kept);
      return utf8.toText(whole.subarray(0, kept));
    }
    #feed(text: string): void {
      const whole = this.#rest + text;
      // A carriage return at the end may be half of a line's end.
      const kept = whole.endsWith('\r') ? whole.length - 1 : whole.length;
      const lines = whole.slice(0, kept).split(/\r\n|\n|\r|\u2028|\u2029/);
      this.#rest = (lines.pop() ?? '') + whole.slice(kept);
      for (const one of lines) {
        this.#take(one);
      }
    }
    #take(text: string): void {
      const ask = this.#question;
      if (ask !== undefined) {
        this.#question = undefined;
        ask(text);
      } else {
        this.emit('line', text);
      }
    }
    ask(query: string, done: (answer: string) => void): void {
      if (this.closed) {
        throw Object.assign(new Error('readline was closed'), { code: 'ERR_USE_AFTER_CLOSE' });
      }
      if (this.#question !== undefined) {
        this.prompt();
        return;
      }
      this.output?.write(query);
      this.#question = done;
    }
    question(query: string, second?: unknown, third?: unknown): unknown {
      const done = typeof second === 'function' ? second : third;
      this.ask(query, (answer) => (done as (answer: string) => void)(answer));
      return undefined;
    }
    setPrompt(text: string): void {
      this.#prompt = text;
    }
    getPrompt(): string {
      return this.#prompt;
    }
    prompt(): void {
      this.output?.write(this.#prompt);
    }
    write(text: unknown): void {
      if (typeof text === 'string') {
        this.#feed(text);
      }
    }
    pause(): this {
      this.input.pause();
      this.emit('pause');
      return this;
    }
    resume(): this {
      this.input.resume();
      this.emit('resume');
      return this;
    }
    close(): void {
      if (!this.closed) {
        this.closed = true;
        this.input.pause();
        this.emit('close');
      }
    }
    [Symbol.dispose](): void {
      this.close();
    }
    [Symbol.asyncIterator](): AsyncIterableIterator<string> {
      const queue = events.queueIterator<string>();
      this.on('line', (text: string) => queue.push(text));
      this.on('close', queue.end);
      return queue.iterator;
    }
  }

  class PromisesInterface extends Interface {
    override question(query: string): Promise<string> {
      return new Promise((resolve) => {
        this.ask(query, resolve);
      });
    }
  }

  /** Node lets an Interface be called without `new`. */
  const create =
    (Made: new (first?: InputStream | Options, second?: Target) => Emitter) =>
    (first?: InputStream | Options, second?: Target): Emitter =>
      new Made(first, second);
  const screen = { clearLine: silence, clearScreenDown: silence, cursorTo: silence, moveCursor: silence };
  const promises = { createInterface: create(PromisesInterface), Interface: PromisesInterface };
  return {
    readline: { createInterface: create(Interface), Interface, promises, emitKeypressEvents: silence, ...screen },
    promises,
  };
}
