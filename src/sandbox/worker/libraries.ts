import { readFileSync } from 'node:fs';
import type IsolatedVm from 'isolated-vm';
import { ivm } from './native.ts';
import { Prelude } from './prelude.ts';

const nodeWords = [
  ...['require', 'module', 'exports', 'process', 'console', 'global', '__filename', '__dirname', 'Buffer'],
  ...['import', '__import', '__importMeta'],
  ...['TextEncoder', 'TextDecoder', 'URL', 'URLSearchParams', 'AbortController', 'AbortSignal', 'Event', 'EventTarget'],
  ...['structuredClone', 'atob', 'btoa', 'fetch', 'XMLHttpRequest', 'WebSocket', 'EventSource', 'crypto'],
];
const nodePattern = new RegExp(`\\b(?:${nodeWords.join('|')})\\b`);
/** Names that are put together at run time, and the ways to get at a global under such a name. */
const dynamic =
  /\b(?:__)?import\s*\(|\b(?:eval|Function|getBuiltinModule|createRequire)\s*\(|\b(?:globalThis|global)\s*\[/;

/**
 * Whether a source may look at anything that Node has and the language has not: a solution that is one function, as most
 * are, does without all of it.
 */
export function wantsNode(source: string): boolean {
  return nodePattern.test(source) || dynamic.test(source);
}

/** Every library that a program may ask for (scripts/libraries.mjs). */
export const libraryNames: readonly string[] = [
  ...['inspect', 'buffer', 'events', 'assert', 'stream', 'string_decoder', 'abort', 'path', 'url', 'hashes'],
];

/** The libraries that the build put beside the worker, compiled when they are first wanted. */
export class LibraryShelf {
  #texts: Record<string, string> | undefined;
  readonly #compiled = new Map<string, Prelude>();

  /** What gives contexts of an isolate the body of a library; it is compiled when the first of them asks for it. */
  loader(isolate: IsolatedVm.Isolate): (context: IsolatedVm.Context) => IsolatedVm.Callback {
    const scripts = new Map<string, IsolatedVm.Script>();
    return (context) =>
      new ivm.Callback((name: unknown) => {
        if (typeof name !== 'string' || !libraryNames.includes(name)) {
          throw new Error(`There is no library ${String(name)}`);
        }
        const script = scripts.get(name) ?? this.prelude(name).compile(isolate);
        scripts.set(name, script);
        return script.runSync(context, { reference: true }).derefInto({ release: true });
      });
  }

  /** Body of a CommonJS module. */
  text(name: string): string {
    this.#texts ??= JSON.parse(readFileSync(new URL(librariesPath, import.meta.url), 'utf8')) as Record<string, string>;
    const text = this.#texts[name];
    if (text === undefined) {
      throw new Error(`The build made no library ${name}`);
    }
    return text;
  }

  /** The library as an expression that yields its body. */
  prelude(name: string): Prelude {
    const known = this.#compiled.get(name);
    if (known !== undefined) {
      return known;
    }
    const prelude = new Prelude(`(function (module, exports, require) {${this.text(name)}\n})`);
    this.#compiled.set(name, prelude);
    return prelude;
  }
}

/** Seen from a source and from a bundle. */
const librariesPath = import.meta.url.endsWith('.ts')
  ? '../../../dist/sandbox-libraries.json'
  : './sandbox-libraries.json';
