import type { Inspection } from './inspection.ts';
import type { Libraries } from './libraries.ts';
import type { QueueIterator } from './queue-iterator.ts';

/** A listener of an emitter. */
export type Listener = (...parts: never[]) => unknown;

/** Node's EventEmitter, as far as the realm itself uses it. */
export interface Emitter {
  on(name: unknown, run: Listener): this;
  once(name: unknown, run: Listener): this;
  emit(name: unknown, ...parts: unknown[]): boolean;
  listenerCount(name: unknown): number;
  removeListener(name: unknown, run: Listener): this;
}

/** What the module `events` gives to the realm's other parts. */
export interface Events {
  EventEmitter: { new (): Emitter; (): void; prototype: object };
  /** Makes `members` an emitter. */
  emitterWith<T extends object>(members: T): Emitter & T;
}

/** The package `events`, with Node's code of the error that nobody heard, and the static `on`, which it lacks. Turned into text (compose.ts): self-contained. */
export function makeEvents(
  libraries: Libraries,
  inspection: Inspection,
  makeQueueIterator: <T>() => QueueIterator<T>,
): Events {
  const EventEmitter = libraries.need('events')['EventEmitter'] as Events['EventEmitter'];

  const { emit } = EventEmitter.prototype as { emit: (name: unknown, ...parts: unknown[]) => boolean };
  const withCode = function (this: Emitter, name: unknown, ...parts: unknown[]): boolean {
    const [error] = parts;
    if (name === 'error' && !(error instanceof Error) && this.listenerCount('error') === 0) {
      const text = typeof error === 'string' ? `'${error}'` : inspection.format(error);
      throw Object.assign(new Error(`Unhandled error. (${text})`), { code: 'ERR_UNHANDLED_ERROR', context: error });
    }
    return Reflect.apply(emit, this, [name, ...parts]);
  };
  Object.assign(EventEmitter.prototype, { emit: withCode });

  Object.assign(EventEmitter, {
    on(emitter: Emitter, name: unknown): AsyncIterableIterator<unknown[]> {
      const { push, iterator } = makeQueueIterator<unknown[]>();
      emitter.on(name, (...parts: unknown[]) => push(parts));
      return iterator;
    },
    getEventListeners: (emitter: { listeners(name: unknown): unknown }, name: unknown) => emitter.listeners(name),
  });

  return {
    EventEmitter,
    emitterWith(members) {
      Object.setPrototypeOf(members, EventEmitter.prototype);
      Reflect.apply(EventEmitter, members, []);
      return members as Emitter & typeof members;
    },
  };
}
