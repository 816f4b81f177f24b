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
    const copy = cloneValue(value, seen);
    if (copy === undefined) {
      return cloneContainer(value, seen);
    }
    seen.set(value, copy);
    return copy;
  }

  /** What is one value, although it is an object; undefined for what holds others. */
  function cloneValue(value: object, seen: Map<object, object>): object | undefined {
    if (value instanceof Date) {
      return new Date(value.getTime());
    }
    if (value instanceof RegExp) {
      return new RegExp(value.source, value.flags);
    }
    if (value instanceof ArrayBuffer) {
      return value.slice(0);
    }
    if (ArrayBuffer.isView(value)) {
      const buffer = clone(value.buffer, seen) as ArrayBuffer;
      const { byteOffset } = value;
      const length = value instanceof DataView ? value.byteLength : (value as Uint8Array).length;
      const Made = viewMaker(value);
      return new Made(buffer, byteOffset, length);
    }
    if (value instanceof Promise || value instanceof WeakMap || value instanceof WeakSet || value instanceof WeakRef) {
      refuse(`#<${value.constructor.name}>`);
    }
    const boxed = [Number, String, Boolean, BigInt].some((maker) => value instanceof maker);
    return boxed ? (Object(value.valueOf()) as object) : undefined;
  }

  /** The kind of a view, whatever class its object is of. */
  function viewMaker(view: ArrayBufferView): new (buffer: ArrayBuffer, offset: number, length: number) => object {
    const kinds = [Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array];
    const others = [Float32Array, Float64Array, BigInt64Array, BigUint64Array, DataView];
    return [...kinds, ...others].find((kind) => view instanceof kind) ?? Uint8Array;
  }

  function cloneError(error: Error): Error {
    const makers = [EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError];
    const Made = makers.find((maker) => maker.name === error.name) ?? Error;
    const copy = new Made(error.message);
    Object.defineProperty(copy, 'stack', { value: error.stack, writable: true, configurable: true });
    return copy;
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
        ? cloneError(value)
        : {};
    seen.set(value, copy);
    if (value instanceof Error) {
      return copy;
    }
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
