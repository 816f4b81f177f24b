/** The packages that implement modules of Node (worker/libraries.ts): each is fetched and runs when it is first needed. */
export interface Libraries {
  /** What the library exports. Throws where there is none of that name. */
  need(name: string): Record<string, unknown>;
  /** Answers what a library requires and is none itself. */
  provide(make: (name: string) => object | undefined): void;
  /** Changes what a library exports, when it is first needed. */
  refine(name: string, change: (library: object) => void): void;
}

/** The body of a bundled CommonJS module. */
export type LibraryBody = (module: object, exports: object, require: (name: string) => unknown) => void;

/** Gives the body of a library, compiled for this context. Throws where there is none of that name. */
export type LoadLibrary = (name: string) => LibraryBody;

/**
 * `names`: of all libraries, comma-separated. `load` reaches out of the isolate, so that a program pays only for what it
 * uses; it gives whoever asks for it nothing but code of public packages. Turned into text (compose.ts): self-contained.
 */
export function makeLibraries(names: string, load: LoadLibrary): Libraries {
  const made = new Map<string, object>();
  let provided = (_name: string): object | undefined => undefined;
  const refinements = new Map<string, (library: object) => void>();

  const isLibrary = (name: string): boolean => `,${names},`.includes(`,${name},`);

  function need(name: string): Record<string, unknown> {
    const known = made.get(name);
    if (known !== undefined) {
      return known as Record<string, unknown>;
    }
    const other = isLibrary(name) ? undefined : provided(name);
    if (other !== undefined) {
      return other as Record<string, unknown>;
    }
    const body = load(name);
    const module: { exports: object } = { exports: {} };
    made.set(name, module.exports);
    body(module, module.exports, need);
    made.set(name, module.exports);
    refinements.get(name)?.(module.exports);
    return module.exports as Record<string, unknown>;
  }

  return {
    need,
    provide(make) {
      provided = make;
    },
    refine: (name, change) => refinements.set(name, change),
  };
}
