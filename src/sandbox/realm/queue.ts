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

/** Makes empty queues. */
export type QueueMaker = new <T>() => Queue<T>;

/** Turned into text (boot.ts): self-contained. */
export function makeQueueMaker(): QueueMaker {
  interface Link<T> {
    item: T;
    next: Link<T> | undefined;
  }
  return class<T> implements Queue<T> {
    #first: Link<T> | undefined;
    #last: Link<T> | undefined;
    push(item: T): void {
      const link: Link<T> = { item, next: undefined };
      if (this.#last === undefined) {
        this.#first = link;
      } else {
        this.#last.next = link;
      }
      this.#last = link;
    }
    shift(): T | undefined {
      const link = this.#first;
      this.#first = link?.next;
      if (this.#first === undefined) {
        this.#last = undefined;
      }
      return link?.item;
    }
    isEmpty(): boolean {
      return this.#first === undefined;
    }
    clear(): void {
      this.#first = undefined;
      this.#last = undefined;
    }
  };
}
