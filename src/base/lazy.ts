/** Something that is started when it is first needed. */
export interface Lazy<T> {
  /** The same thing for everybody; a failed start is tried again by the next caller. */
  get(): Promise<T>;
  /** Ends what was started; does nothing where nothing was. */
  close(): Promise<void>;
}

/** `start` is called at the first `get`, the thing's own `close` at `close`. */
export function lazily<T extends { close(): Promise<void> }>(start: () => Promise<T>): Lazy<T> {
  let started: Promise<T> | undefined;
  return {
    get() {
      started ??= start().catch((error: unknown) => {
        started = undefined;
        throw error;
      });
      return started;
    },
    async close() {
      const thing = await started?.catch(() => undefined);
      await thing?.close();
    },
  };
}
