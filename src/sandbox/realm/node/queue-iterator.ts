/** Values that come in through `push`, handed out to `for await`. */
export interface QueueIterator<T> {
  push: (value: T) => void;
  end: () => void;
  iterator: AsyncIterableIterator<T>;
}

/** Turned into text (compose.ts): self-contained. */
export function makeQueueIterator<T>(): QueueIterator<T> {
  const values: T[] = [];
  const waiting: ((result: IteratorResult<T>) => void)[] = [];
  let ended = false;
  const end = (): void => {
    ended = true;
    waiting.splice(0).forEach((resolve) => resolve({ value: undefined, done: true }));
  };
  const iterator: AsyncIterableIterator<T> = {
    next() {
      if (values.length > 0) {
        return Promise.resolve({ value: values.shift() as T, done: false });
      }
      return ended
        ? Promise.resolve({ value: undefined, done: true })
        : new Promise((resolve) => {
            waiting.push(resolve);
          });
    },
    return() {
      end();
      return Promise.resolve({ value: undefined, done: true });
    },
    [Symbol.asyncIterator]: () => iterator,
  };
  const push = (value: T): void => {
    const resolve = waiting.shift();
    if (resolve === undefined) {
      values.push(value);
    } else {
      resolve({ value, done: false });
    }
  };
  return { push, end, iterator };
}
