/**
 * First in, first out. A linked list, because writing to an array can meet a setter that the program put on
 * Array.prototype.
 */
export interface Queue<T> {
  push(item: T): void;
  /** Takes the first one; undefined where there is none. */
  shift(): T | undefined;
  isEmpty(): boolean;
  clear(): void;
}

/** Makes an empty queue. */
export type MakeQueue = <T>() => Queue<T>;

/** Turned into text (boot.ts): self-contained. */
export function makeQueue<T>(): Queue<T> {
  interface Link {
    item: T;
    next: Link | undefined;
  }
  let first: Link | undefined;
  let last: Link | undefined;
  return {
    push(item) {
      const link: Link = { item, next: undefined };
      if (last === undefined) {
        first = link;
      } else {
        last.next = link;
      }
      last = link;
    },
    shift() {
      const link = first;
      first = link?.next;
      if (first === undefined) {
        last = undefined;
      }
      return link?.item;
    },
    isEmpty: () => first === undefined,
    clear() {
      first = undefined;
      last = undefined;
    },
  };
}
