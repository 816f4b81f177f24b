/**
 * A queue in which owners take turns, each with its own items in their order: one that brings a thousand does not make
 * another with one wait for them all.
 */
export class FairQueue<T extends { owner: unknown }> {
  /** In the order of their next turn; owners without items are not there. */
  readonly #queues = new Map<unknown, T[]>();
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(item: T): void {
    const queue = this.#queues.get(item.owner);
    if (queue === undefined) {
      this.#queues.set(item.owner, [item]);
    } else {
      queue.push(item);
    }
    this.#length += 1;
  }

  shift(): T | undefined {
    for (const [owner, queue] of this.#queues) {
      const item = queue.shift();
      // Behind all others, if there is anything left.
      this.#queues.delete(owner);
      if (queue.length > 0) {
        this.#queues.set(owner, queue);
      }
      this.#length -= item === undefined ? 0 : 1;
      return item;
    }
    return undefined;
  }

  /** False where it is not there. */
  remove(item: T): boolean {
    const queue = this.#queues.get(item.owner);
    const index = queue?.indexOf(item) ?? -1;
    if (queue === undefined || index < 0) {
      return false;
    }
    queue.splice(index, 1);
    if (queue.length === 0) {
      this.#queues.delete(item.owner);
    }
    this.#length -= 1;
    return true;
  }

  /** Takes out all that there is. */
  clear(): T[] {
    const items = [...this.#queues.values()].flat();
    this.#queues.clear();
    this.#length = 0;
    return items;
  }
}
