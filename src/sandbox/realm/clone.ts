/**
 * `structuredClone`, which the isolate lacks and solutions use to copy their data. Turned into text (boot.ts), so it must
 * be self-contained; it serves the program alone.
 */
export function defineStructuredClone(): void {
  function refuse(value: unknown): never {
    const error = new Error(`${typeof value === 'symbol' ? 'Symbol' : String(value)} could not be cloned.`);
    throw Object.assign(error, { name: 'DataCloneError', code: 25 });
  }

  function clone(value: unknown, seen: Map<object, object>): unknown {
    if (typeof value === 'function' || typeof value === 'symbol') {
      refuse(value);
    }
    if (typeof value !== 'object' || value === null) {
      return value;
    }
    const known = seen.get(value);
    if (known !== undefined) {
      return known;
    }
    if (value instanceof Date || value instanceof RegExp) {
      return value instanceof Date ? new Date(value.getTime()) : new RegExp(value.source, value.flags);
    }
    if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) {
      return (value as Uint8Array).slice();
    }
    return cloneContainer(value, seen);
  }

  function cloneContainer(value: object, seen: Map<object, object>): object {
    if (value instanceof Map) {
      const copy = new Map<unknown, unknown>();
      seen.set(value, copy);
      value.forEach((item, key) => copy.set(clone(key, seen), clone(item, seen)));
      return copy;
    }
    if (value instanceof Set) {
      const copy = new Set<unknown>();
      seen.set(value, copy);
      value.forEach((item) => copy.add(clone(item, seen)));
      return copy;
    }
    const copy: object = Array.isArray(value)
      ? new Array(value.length)
      : value instanceof Error
        ? new Error(value.message)
        : {};
    seen.set(value, copy);
    for (const key of Object.keys(value)) {
      const member: unknown = Reflect.get(value, key);
      Object.defineProperty(copy, key, {
        value: clone(member, seen),
        writable: true,
        enumerable: true,
        configurable: true,
      });
    }
    return copy;
  }

  Object.defineProperty(globalThis, 'structuredClone', {
    value: (value: unknown) => clone(value, new Map()),
    writable: true,
    configurable: true,
  });
}
