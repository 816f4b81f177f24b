/** `util.types`, by what only a value of the kind lets be done to it. Turned into text (compose.ts): self-contained. */
export function makeTypes(): object {
  const TypedArray = Object.getPrototypeOf(Uint8Array) as { prototype: object };
  const getter = (prototype: object, name: string | symbol): (() => unknown) =>
    Object.getOwnPropertyDescriptor(prototype, name)?.get ?? ((): never => fail());
  function fail(): never {
    throw new TypeError('not of the kind');
  }
  /** Whether `run`, with the value as `this`, does not throw. */
  const accepts =
    (run: (...parts: never[]) => unknown, ...parts: unknown[]) =>
    (value: unknown): boolean => {
      try {
        Reflect.apply(run, value, parts);
        return true;
      } catch {
        return false;
      }
    };
  const tagged =
    (...tags: string[]) =>
    (value: unknown): boolean =>
      typeof value === 'object' && value !== null && tags.includes(Object.prototype.toString.call(value).slice(8, -1));
  const functionTagged = (tag: string) => (value: unknown) =>
    typeof value === 'function' && Object.prototype.toString.call(value) === `[object ${tag}]`;
  const arrayTag = getter(TypedArray.prototype, Symbol.toStringTag);
  const arrayNamed = (name: string) => (value: unknown) => Reflect.apply(arrayTag, value, []) === name;
  const boxed = (run: () => unknown) => (value: unknown) => typeof value === 'object' && accepts(run)(value);
  const isBoxed = {
    isNumberObject: boxed(Number.prototype.valueOf),
    isStringObject: boxed(String.prototype.valueOf),
    isBooleanObject: boxed(Boolean.prototype.valueOf),
    isBigIntObject: boxed(BigInt.prototype.valueOf),
    isSymbolObject: boxed(Symbol.prototype.valueOf),
  };
  const arrays = ['Int8', 'Uint8', 'Uint8Clamped', 'Int16', 'Uint16', 'Int32', 'Uint32', 'Float32', 'Float64'];
  const isArrays = [...arrays, 'BigInt64', 'BigUint64'].map((name): [string, unknown] => [
    `is${name}Array`,
    arrayNamed(`${name}Array`),
  ]);
  const probe = {};
  return {
    ...isBoxed,
    ...Object.fromEntries(isArrays),
    isBoxedPrimitive: (value: unknown) => Object.values(isBoxed).some((test) => test(value)),
    isTypedArray: (value: unknown) => Reflect.apply(arrayTag, value, []) !== undefined,
    isArrayBufferView: (value: unknown) => ArrayBuffer.isView(value),
    isArrayBuffer: accepts(getter(ArrayBuffer.prototype, 'byteLength')),
    isAnyArrayBuffer: accepts(getter(ArrayBuffer.prototype, 'byteLength')),
    isSharedArrayBuffer: () => false,
    isDataView: accepts(getter(DataView.prototype, 'byteLength')),
    isMap: accepts(getter(Map.prototype, 'size')),
    isSet: accepts(getter(Set.prototype, 'size')),
    isWeakMap: accepts(WeakMap.prototype.has, probe),
    isWeakSet: accepts(WeakSet.prototype.has, probe),
    isDate: accepts(Date.prototype.getTime),
    isRegExp: tagged('RegExp'),
    isPromise: (value: unknown) => value instanceof Promise,
    isNativeError: Reflect.get(Error, 'isError') as unknown,
    isMapIterator: tagged('Map Iterator'),
    isSetIterator: tagged('Set Iterator'),
    isGeneratorObject: tagged('Generator', 'AsyncGenerator'),
    isArgumentsObject: tagged('Arguments'),
    isModuleNamespaceObject: tagged('Module'),
    isAsyncFunction: (value: unknown) =>
      functionTagged('AsyncFunction')(value) || functionTagged('AsyncGeneratorFunction')(value),
    isGeneratorFunction: (value: unknown) =>
      functionTagged('GeneratorFunction')(value) || functionTagged('AsyncGeneratorFunction')(value),
    isProxy: () => false,
    isExternal: () => false,
  };
}
