/** The packages that came with a program (worker/libraries.ts): each runs when it is first needed. */
export interface Libraries {
  has(name: string): boolean;
  /** What the library exports. Throws where the program came without it. */
  need(name: string): Record<string, unknown>;
  /** Answers a `require` of a library by something else than another library. */
  provide(name: string, make: () => object): void;
  /** Changes what a library exports, when it is first needed. */
  refine(name: string, change: (library: object) => void): void;
}

/** The body of a bundled CommonJS module. */
export type LibraryBody = (module: object, exports: object, require: (name: string) => unknown) => void;

/** Turned into text (compose.ts): self-contained. */
export function makeLibraries(bodies: Record<string, LibraryBody>): Libraries {
  const made = new Map<string, object>();
  const provided = new Map<string, () => object>();
  const refinements = new Map<string, (library: object) => void>();

  function need(name: string): Record<string, unknown> {
    const known = made.get(name);
    if (known !== undefined) {
      return known as Record<string, unknown>;
    }
    const make = provided.get(name);
    if (make !== undefined) {
      made.set(name, make());
      return need(name);
    }
    const body = Object.hasOwn(bodies, name) ? bodies[name] : undefined;
    if (body === undefined) {
      throw new Error(`'${name}' is loaded only for a source that names it`);
    }
    const module: { exports: object } = { exports: {} };
    made.set(name, module.exports);
    body(module, module.exports, need);
    made.set(name, module.exports);
    refinements.get(name)?.(module.exports);
    return module.exports as Record<string, unknown>;
  }

  return {
    has: (name) => Object.hasOwn(bodies, name),
    need,
    provide: (name, make) => provided.set(name, make),
    refine: (name, change) => refinements.set(name, change),
  };
}
