import { compileFunction } from 'node:vm';
import type { LibraryShelf } from './libraries.ts';

interface AcornNode {
  type: string;
  start: number;
  [member: string]: unknown;
}
type Parse = (source: string, options: object) => AcornNode;

/**
 * The source with `import(…)` and `import.meta` replaced by globals of the realm: an isolate has neither. All else stays
 * as it is, and so does a source that does not parse.
 */
export function withoutHostImports(source: string, shelf: LibraryShelf): string {
  if (!/\bimport\s*(?:\(|\.|\/)/.test(source)) {
    return source;
  }
  const places = placesIn(source, parserFrom(shelf));
  let text = '';
  let end = 0;
  for (const { start, length, name } of places.sort((a, b) => a.start - b.start)) {
    text += source.slice(end, start) + name;
    end = start + length;
  }
  return text + source.slice(end);
}

interface Place {
  start: number;
  length: number;
  name: string;
}

function placesIn(source: string, parse: Parse): Place[] {
  for (const sourceType of ['module', 'script']) {
    try {
      const options = { ecmaVersion: 'latest', sourceType, allowReturnOutsideFunction: true, allowHashBang: true };
      return collect(parse(source, options));
    } catch {
      // Not of this kind, or of none: then compiling says so.
    }
  }
  return [];
}

/** By a list of what is left to visit, because a source may be nested deeper than a stack is. */
function collect(root: AcornNode): Place[] {
  const places: Place[] = [];
  const open: AcornNode[] = [root];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (node.type === 'ImportExpression') {
      places.push({ start: node.start, length: 'import'.length, name: '__import' });
    }
    if (node.type === 'MetaProperty' && (node['meta'] as { name?: string }).name === 'import') {
      places.push({ start: node.start, length: Number(node['end']) - node.start, name: '__importMeta' });
    }
    for (const member of Object.values(node)) {
      open.push(...(Array.isArray(member) ? member : [member]).filter(isNode));
    }
  }
  return places;
}

function isNode(value: unknown): value is AcornNode {
  return typeof value === 'object' && value !== null && 'type' in value && 'start' in value;
}

let parser: Parse | undefined;
function parserFrom(shelf: LibraryShelf): Parse {
  if (parser === undefined) {
    const module: { exports: { parse?: Parse } } = { exports: {} };
    const run = compileFunction(shelf.text('acorn'), ['module', 'exports']) as (...parts: unknown[]) => void;
    run(module, module.exports);
    parser = module.exports.parse ?? (() => ({ type: 'Program', start: 0 }));
  }
  return parser;
}
