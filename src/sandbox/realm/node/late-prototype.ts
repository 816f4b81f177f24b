import type { Emitter, Events } from './events.ts';

/** Makes the end of a chain of prototypes: `become` gives the object its real prototype, and returns that. */
export type LatePrototype = (become: () => object) => object;

/**
 * For objects that are seldom asked for more than they have themselves, where what they are asked for takes long to make:
 * whatever gets here calls `become` first and is answered by the real prototype. Turned into text (compose.ts):
 * self-contained.
 */
export function latePrototype(become: () => object): object {
  const { get, has, set } = Reflect;
  const end = {
    get: (_: object, name: string | symbol, receiver: unknown): unknown => get(become(), name, receiver),
    has: (_: object, name: string | symbol) => has(become(), name),
    set: (_: object, name: string | symbol, value: unknown, receiver: unknown) => set(become(), name, value, receiver),
    getPrototypeOf: become,
  };
  return new Proxy({}, end);
}

/** Gives an object a prototype that makes it an emitter when it is first asked for what emitters have. */
export type LateEmitter = <T extends object>(members: T, became?: (emitter: Emitter & T) => void) => Emitter & T;

/** Turned into text (compose.ts): self-contained. `became` hears of it: until then nobody listens. */
export function makeLateEmitter(make: typeof latePrototype, events: () => Events): LateEmitter {
  return (members, became) => {
    const prototype = make(() => {
      const { EventEmitter, emitterWith } = events();
      const emitter = emitterWith(members);
      became?.(emitter);
      return EventEmitter.prototype;
    });
    return Object.setPrototypeOf(members, prototype) as Emitter & typeof members;
  };
}
