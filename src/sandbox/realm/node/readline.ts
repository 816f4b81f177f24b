import type { Events, Listener } from './events.ts';
import type { LatePrototype } from './late-prototype.ts';
import type { QueueIterator } from './queue-iterator.ts';
import type { InputStream } from './standard-input.ts';
import type { Streams } from './streams.ts';
import type { Decoder, Utf8 } from '../utf8.ts';

/** The modules `readline` and `readline/promises`. */
export interface ReadlineModules {
  readline: object;
  promises: object;
}

/**
 * The modules `readline` and `readline/promises`, without a terminal. An Interface notes `on('line')` and `on('close')` down
 * itself; it becomes an emitter when anything else of one is asked of it. Turned into text (compose.ts): self-contained.
 */
export function makeReadline(
  events: () => Events,
  streams: Streams,
  utf8: Utf8,
  makeQueueIterator: <T>() => QueueIterator<T>,
  latePrototype: LatePrototype,
): ReadlineModules {
  const { apply, get, setPrototypeOf } = Reflect;
  interface Target {
    write(text: string): unknown;
  }
  interface Options {
    prompt?: string;
    input?: InputStream;
    output?: Target;
  }
  interface Note {
    event: 'line' | 'close';
    run: Listener;
  }
  const silence = (): boolean => true;
  /** Without a look into standard input, which would make a real stream of it. */
  const isStream = (first: object): first is InputStream => first === streams.stdin() || 'on' in first;

  /** What is done again on each Interface once all of them are emitters; undefined when they are. */
  let beginnings: (() => void)[] | undefined = [];
  function become(): object {
    const { EventEmitter } = events();
    const all = beginnings ?? [];
    beginnings = undefined;
    setPrototypeOf(Interface.prototype, EventEmitter.prototype);
    all.forEach((begin) => begin());
    return EventEmitter.prototype;
  }

  class Interface {
    closed = false;
    paused = false;
    terminal = false;
    line = '';
    readonly input: InputStream;
    readonly output: Target | undefined;
    /** Who listens, as long as it is no emitter. */
    #notes: Note[] = [];
    /** The beginning of a line whose rest is still to come. */
    #rest = '';
    #decoder: Decoder | undefined;
    #question: ((answer: string) => void) | undefined;
    #prompt: string;

    constructor(first?: InputStream | Options, second?: Target) {
      const options: Options =
        first !== undefined && isStream(first) ? { input: first, ...(second && { output: second }) } : (first ?? {});
      this.input = options.input ?? streams.stdin();
      this.output = options.output;
      this.#prompt = options.prompt ?? '> ';
      const begin = (): void => this.#beginEmitter();
      if (beginnings === undefined) {
        begin();
      } else {
        beginnings.push(begin);
      }
      streams.follow(
        this.input,
        (chunk) => this.#feed(typeof chunk === 'string' ? chunk : (this.#decoder ??= utf8.decoder()).write(chunk)),
        () => this.#end(),
      );
    }
    #beginEmitter(): void {
      apply(events().EventEmitter, this, []);
      const notes = this.#notes;
      this.#notes = [];
      notes.forEach(({ event, run }) => this.on(event, run));
    }
    on(event: unknown, run: unknown): this {
      if (beginnings !== undefined && (event === 'line' || event === 'close') && typeof run === 'function') {
        this.#notes.push({ event, run: run as Listener });
        return this;
      }
      return apply(get(become(), 'on') as Listener, this, [event, run]) as this;
    }
    #tell(event: string, ...parts: string[]): void {
      if (beginnings === undefined) {
        apply(get(this, 'emit') as Listener, this, [event, ...parts]);
        return;
      }
      for (const { run } of this.#notes.filter((note) => note.event === event)) {
        apply(run, this, parts);
      }
    }
    #end(): void {
      if (this.#rest !== '' && !this.closed) {
        this.#take(this.#rest.replace(/\r$/, ''));
        this.#rest = '';
      }
      this.close();
    }
    #feed(text: string): void {
      const whole = this.#rest + text;
      // A carriage return at the end may be half of a line's end.
      const kept = whole.endsWith('\r') ? whole.length - 1 : whole.length;
      // Most texts need no regular expression, which an isolate compiles for longer than it reads them.
      const onlyNewlines = !['\r', '\u2028', '\u2029'].some((end) => whole.includes(end));
      const lines = whole.slice(0, kept).split(onlyNewlines ? '\n' : /\r\n|\n|\r|\u2028|\u2029/);
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
        this.#tell('line', text);
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
      if (!this.paused) {
        this.paused = true;
        this.input.pause();
        this.#tell('pause');
      }
      return this;
    }
    resume(): this {
      if (this.paused) {
        this.paused = false;
        this.input.resume();
        this.#tell('resume');
      }
      return this;
    }
    close(): void {
      if (!this.closed) {
        this.pause();
        this.closed = true;
        this.#tell('close');
      }
    }
    [Symbol.dispose](): void {
      this.close();
    }
    [Symbol.asyncIterator](): AsyncIterableIterator<string> {
      const queue = makeQueueIterator<string>();
      this.on('line', (text: string) => queue.push(text));
      this.on('close', queue.end);
      return queue.iterator;
    }
  }
  setPrototypeOf(Interface.prototype, latePrototype(become));
  class PromisesInterface extends Interface {
    override question(query: string): Promise<string> {
      return new Promise((resolve) => {
        this.ask(query, resolve);
      });
    }
  }

  /** Node lets an Interface be called without `new`. */
  const create =
    (Made: typeof Interface) =>
    (first?: InputStream | Options, second?: Target): Interface =>
      new Made(first, second);
  const screen = { clearLine: silence, clearScreenDown: silence, cursorTo: silence, moveCursor: silence };
  const promises = { createInterface: create(PromisesInterface), Interface: PromisesInterface };
  return {
    readline: { createInterface: create(Interface), Interface, promises, emitKeypressEvents: silence, ...screen },
    promises,
  };
}
