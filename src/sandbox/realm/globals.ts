/** Puts a global where Node has it: writable, configurable, not enumerable. */
export type Define = (name: string, value: unknown) => void;

/**
 * Takes away what would let a program use memory that no limit counts. Turned into text (boot.ts): self-contained.
 */
export function prepareGlobals(): Define {
  const { defineProperty } = Object;
  for (const name of ['WebAssembly', 'SharedArrayBuffer', 'Atomics']) {
    Reflect.deleteProperty(globalThis, name);
  }
  // Buffers that grow are not counted against the memory limit of an isolate.
  Reflect.deleteProperty(ArrayBuffer.prototype, 'resize');
  return (name, value) => {
    defineProperty(globalThis, name, { value, writable: true, configurable: true, enumerable: false });
  };
}
