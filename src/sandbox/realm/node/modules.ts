import type { Libraries } from './libraries.ts';

/** `require`, with what hangs on it. */
export interface Require {
  (specifier: unknown): unknown;
  cache: object;
  resolve: (specifier: string) => string;
  main?: object;
}

/** `require` and the modules that a program may ask for. */
export interface Modules {
  require: Require;
  isOffered(specifier: string): boolean;
  /** Comma-separated names that a module exports; empty where there is no such module, which `why` explains. */
  exportsOf(specifier: string): string;
  /** What `import()` gives. */
  importModule(specifier: unknown): Promise<object>;
  /** Why a module cannot be had. */
  why(specifier: string): string;
}

/**
 * `require` over what is offered; what Node has and is not offered here is refused by name, with what to do instead. `make`
 * gives nothing for a name that is not offered. Turned into text (compose.ts): self-contained.
 */
export function makeModules(libraries: Libraries, make: (name: string) => object | undefined): Modules {
  /** Why each family of Node's modules is not offered, and what to do instead. */
  const refusals = (): [names: string, reason: string][] => [
    ['http https http2 net dgram dns tls', 'there is no network. Read the data from standard input.'],
    ['child_process cluster worker_threads', 'a program runs alone, in one thread. Do the work in the program itself.'],
    ['sqlite tty repl inspector wasi', 'there are no files. Read standard input and write standard output.'],
    ['querystring', 'it is not offered here. Use URLSearchParams.'],
    ['test', 'it is not offered here. Use node:assert.'],
    [
      'async_hooks diagnostics_channel domain punycode trace_events v8 vm zlib',
      'it is not offered here. Write what you need of it into the program.',
    ],
  ];

  const made = new Map<string, object>();
  function bare(specifier: unknown): string {
    const name = String(specifier);
    return name.startsWith('node:') ? name.slice('node:'.length) : name;
  }
  function find(specifier: unknown): object | undefined {
    const name = bare(specifier);
    const known = made.get(name);
    if (known !== undefined) {
      return known;
    }
    const module = make(name);
    if (module !== undefined) {
      made.set(name, module);
    }
    return module;
  }

  function why(specifier: string): string {
    const [name = ''] = bare(specifier).split('/', 1);
    const refusal = refusals().find(([names]) => names.split(' ').includes(name));
    return refusal === undefined
      ? `Cannot find module '${specifier}': only Node's own modules are here, no packages and no files.`
      : `Cannot find module '${specifier}': ${refusal[1]}`;
  }

  function require(specifier: unknown): unknown {
    if (typeof specifier !== 'string') {
      const error = new TypeError('The "id" argument must be of type string.');
      throw Object.assign(error, { code: 'ERR_INVALID_ARG_TYPE' });
    }
    const found = find(specifier);
    if (found === undefined) {
      throw Object.assign(new Error(why(specifier)), { code: 'MODULE_NOT_FOUND' });
    }
    return found;
  }

  /** Own members and those of the prototypes in between, such as the methods of an emitter. */
  function namesOf(module: object): string[] {
    const names: string[] = [];
    for (
      let holder: object | null = module;
      holder !== null && holder !== Object.prototype && holder !== Function.prototype;
      holder = Object.getPrototypeOf(holder) as object | null
    ) {
      names.push(...Object.getOwnPropertyNames(holder));
    }
    const identifiers = [...new Set(names)].filter((name) => /^[A-Za-z_]\w*$/.test(name));
    const hidden = ['default', 'constructor', 'prototype', 'arguments', 'caller'];
    return identifiers.filter((name) => !hidden.includes(name) && canBeRead(module, name));
  }

  /** False for an accessor that throws. */
  function canBeRead(module: object, name: string): boolean {
    try {
      Reflect.get(module, name);
      return true;
    } catch {
      return false;
    }
  }

  libraries.provide(find);
  require.cache = {};
  require.resolve = (specifier: string) => specifier;
  return {
    require,
    importModule(specifier) {
      return new Promise((resolve) => {
        const found = require(String(specifier)) as object;
        const members = namesOf(found).map((name) => [name, Reflect.get(found, name)] as const);
        const namespace: object = { __proto__: null, ...Object.fromEntries(members), default: found };
        resolve(Object.freeze(Object.defineProperty(namespace, Symbol.toStringTag, { value: 'Module' })));
      });
    },
    isOffered: (specifier) => find(specifier) !== undefined,
    exportsOf(specifier) {
      const found = find(specifier);
      return found === undefined ? '' : ['default', ...namesOf(found)].join(',');
    },
    why,
  };
}
