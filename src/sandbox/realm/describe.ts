/** A thrown value, whatever it is, as text of at most 300 characters and a name. Runs getters of the value. */
export type Describe = (error: unknown) => string;

/** Turned into text (boot.ts): self-contained. */
export function makeDescribe(): Describe {
  const { apply } = Reflect;
  const slice = String.prototype.slice;

  function cut(text: string): string {
    return apply(slice, text, [0, 300]);
  }

  return (error) => {
    try {
      if (typeof error === 'symbol') {
        return 'a symbol was thrown';
      }
      if ((typeof error !== 'object' && typeof error !== 'function') || error === null) {
        return cut('' + (error as number));
      }
      const { name, message } = error as { name: unknown; message: unknown };
      const kind = typeof name === 'string' ? cut(name) : 'Error';
      return typeof message === 'string' && message !== '' ? kind + ': ' + cut(message) : kind;
    } catch {
      return 'a value was thrown that cannot be read';
    }
  };
}
