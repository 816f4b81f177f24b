import { readFileSync } from 'node:fs';
import type ivm from 'isolated-vm';
import type { WorkerJob } from '../wire/messages.ts';
import { Prelude } from './prelude.ts';

/**
 * Which parts of Node a source wants, told by the words in it: loading all of them would take ten times as long as a small
 * program. A word too many costs a little time, one too few cannot be, as long as a module is required by its name; where
 * it may not be, all are loaded.
 */
interface Wanted {
  /** The parts of Node that are this project's own (realm/node). */
  node: boolean;
  /** Names of libraries (scripts/libraries.mjs). */
  libraries: string[];
}

const nodeWords = [
  ...['require', 'module', 'exports', 'process', 'console', 'global', '__filename', '__dirname', 'Buffer'],
  ...['import', '__import', '__importMeta'],
  ...['TextEncoder', 'TextDecoder', 'URL', 'URLSearchParams', 'AbortController', 'AbortSignal', 'Event', 'EventTarget'],
  ...['structuredClone', 'atob', 'btoa', 'fetch', 'XMLHttpRequest', 'WebSocket', 'EventSource', 'crypto'],
];

/** Library -> the words that may need it. Those that one library requires of another are in the row of the latter. */
const libraryWords: Record<string, string[]> = {
  inspect: ['console', 'util', 'assert', 'inspect', 'sys'],
  buffer: ['Buffer', 'fs', 'buffer', 'stdin', 'stream', 'readline', 'crypto', 'string_decoder', 'createReadStream'],
  events: [],
  assert: ['assert', 'isDeepStrictEqual'],
  stream: ['stdin', 'stream', 'readline', 'createReadStream'],
  string_decoder: ['stdin', 'stream', 'readline', 'createReadStream', 'string_decoder'],
  abort: ['stdin', 'stream', 'readline', 'createReadStream', 'AbortController', 'AbortSignal', 'Event', 'EventTarget'],
  path: ['path'],
  url: ['URL', 'URLSearchParams', 'url'],
  hashes: ['crypto'],
};

const anyWord = (words: readonly string[]): RegExp => new RegExp(`\\b(?:${words.join('|')})\\b`);
const nodePattern = anyWord(nodeWords);
const libraryPatterns = Object.entries(libraryWords).map(([name, words]) => [name, anyWord(words)] as const);
/** Names that are put together at run time, and the ways to get at a global or a module under such a name. */
const dynamic = new RegExp(
  [
    String.raw`\brequire\b(?!\s*\(\s*(['"\`])[\w:/]+\1\s*\)|\s*\.\s*main\b)`,
    String.raw`\b(?:__)?import\s*\(\s*(?!['"])`,
    String.raw`\b(?:eval|Function|getBuiltinModule|createRequire)\s*\(`,
    String.raw`\b(?:globalThis|global)\s*\[`,
  ].join('|'),
);

/** Every library that a program may ask for. */
export const libraryNames: readonly string[] = Object.keys(libraryWords);

/** Which libraries a program may ask for, by what its source names. */
export function wantedBy(job: WorkerJob, source: string): Wanted {
  // A path that is read at once is no stream.
  const text = source.replaceAll('/dev/stdin', '');
  const all = dynamic.test(text);
  const node = all || job.kind === 'program' || nodePattern.test(text);
  const libraries = libraryPatterns
    .filter(([name, pattern]) => name === 'events' || all || pattern.test(text))
    .map(([name]) => name);
  return { node, libraries: node ? libraries : [] };
}

/** The libraries that the build put beside the worker, compiled when they are first wanted. */
export class LibraryShelf {
  #texts: Record<string, string> | undefined;
  readonly #compiled = new Map<string, Prelude>();

  /** In an isolate, ready to be run in each of its contexts. */
  compile(isolate: ivm.Isolate, names: readonly string[]): { name: string; script: ivm.Script }[] {
    return names.map((name) => ({ name, script: this.prelude(name).compile(isolate) }));
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
