/**
 * What a problem promises of its inputs, as its tests show it: whatever holds of all of them is taken for a promise
 * (after Daikon: Ernst et al., "Dynamically discovering likely program invariants", 2001). That keeps generated inputs
 * within the statement, at the price of inputs that it would allow; a person still reads what becomes a test.
 */
import type { JsonValue } from '../../src/protocol/json.ts';
import type { Document } from './input-documents.ts';

/** Whether a document keeps every promise. */
export type Promises = (document: Document) => boolean;

/** Fewest documents that have to show a relation between two figures, and fewest lists that have to be in order. */
const evidence = 6;

/** Most different outlines of texts (`a-0` for `ab-12`) that count as a format, as a share of the texts. */
const formatShare = 0.34;

/** The promises that hold of all these documents. */
export function promisesOf(documents: readonly Document[]): Promises {
  const checks = [rangesOf, listsOf, textsOf, relationsOf].map((find) => find(documents));
  return (document) => checks.every((check) => check(document));
}

/** A part of a document. `shape`: its place, with `*` for the index of an array below the top level. */
interface Part {
  shape: string;
  value: JsonValue;
}

/** All parts of a document, itself first; the first two words of a program's first line have separate shapes. */
function partsOf(value: JsonValue, shape = ''): Part[] {
  if (Array.isArray(value)) {
    const isNamed = (index: number): boolean => shape === '' || (shape === '/0' && index < 2);
    return [
      { shape, value },
      ...value.flatMap((item, index) => partsOf(item, `${shape}/${isNamed(index) ? index : '*'}`)),
    ];
  }
  const fields = isRecord(value) ? Object.entries(value) : [];
  return [{ shape, value }, ...fields.flatMap(([key, item]) => partsOf(item, `${shape}/${key}`))];
}

/** An object with string keys that is no array. */
function isRecord(value: JsonValue | undefined): value is Record<string, JsonValue> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

function byShape<T>(documents: readonly Document[], pick: (value: JsonValue) => T | undefined): Map<string, T[]> {
  const found = new Map<string, T[]>();
  for (const { shape, value } of documents.flatMap((document) => partsOf(document))) {
    const picked = pick(value);
    if (picked !== undefined) {
      found.set(shape, [...(found.get(shape) ?? []), picked]);
    }
  }
  return found;
}

/** Types, least and largest numbers, lengths and keys. */
function rangesOf(documents: readonly Document[]): Promises {
  const kinds = byShape(documents, (value) => kindOf(value));
  const sizes = byShape(documents, (value) => sizeOf(value));
  return (document) =>
    partsOf(document).every(({ shape, value }) => {
      const size = sizeOf(value);
      const range = sizes.get(shape) ?? [];
      const isKnown = kinds.get(shape)?.includes(kindOf(value)) === true;
      return isKnown && (size === undefined || (size >= Math.min(...range) && size <= Math.max(...range)));
    });
}

function kindOf(value: JsonValue): string {
  if (typeof value === 'number') {
    return Number.isInteger(value) ? 'integer' : 'number';
  }
  return Array.isArray(value) ? 'list' : value === null ? 'null' : typeof value;
}

function sizeOf(value: JsonValue): number | undefined {
  if (typeof value === 'number') {
    return value;
  }
  return Array.isArray(value) || typeof value === 'string' ? value.length : undefined;
}

/** Properties that all lists of a place have in common. */
const listProperties: readonly ((list: readonly JsonValue[]) => boolean)[] = [
  (list) => pairs(list).every(([a, b]) => compare(a, b) <= 0),
  (list) => pairs(list).every(([a, b]) => compare(a, b) >= 0),
  (list) => new Set(list.map((item) => JSON.stringify(item))).size === list.length,
  (list) => new Set(list.map((item) => (Array.isArray(item) ? item.length : -1))).size <= 1,
  (list) => pairs(list).every(([a, b]) => compare(a, b) !== 0),
  (list) => list.length <= 4 && compare(list[0] ?? null, list[1] ?? null) < 0,
  (list) => list.length <= 4 && compare(list[0] ?? null, list[1] ?? null) <= 0,
  (list) => list.length % 2 === 0,
  (list) => list.length % 2 === 1,
  // The first members of rows, and of objects all, are keys where no two are alike.
  (list) => isDistinct(list.map((item) => (Array.isArray(item) ? item[0] : undefined))),
  (list) => isDistinct(list.map((item) => (isRecord(item) ? Object.values(item)[0] : undefined))),
];

function isDistinct(items: readonly (JsonValue | undefined)[]): boolean {
  const known = items.filter((item) => item !== undefined).map((item) => JSON.stringify(item));
  return new Set(known).size === known.length;
}

function pairs(list: readonly JsonValue[]): [JsonValue, JsonValue][] {
  return list.slice(1).map((item, index) => [list[index] ?? null, item]);
}

/** Numbers and texts in their order, rows by their first member; 0 for what has none. */
function compare(a: JsonValue, b: JsonValue): number {
  const [x, y] = [Array.isArray(a) ? (a[0] ?? null) : a, Array.isArray(b) ? (b[0] ?? null) : b];
  if (typeof x === 'number' && typeof y === 'number') {
    return x - y;
  }
  return typeof x === 'string' && typeof y === 'string' ? (x < y ? -1 : x > y ? 1 : 0) : 0;
}

function listsOf(documents: readonly Document[]): Promises {
  const lists = byShape(documents, (value) => (Array.isArray(value) && value.length >= 2 ? value : undefined));
  const kept = new Map(
    [...lists].map(([shape, found]) => [
      shape,
      listProperties.filter((property) => found.length >= evidence && found.every((list) => property(list))),
    ]),
  );
  return (document) =>
    partsOf(document).every(
      ({ shape, value }) =>
        !Array.isArray(value) || value.length < 2 || (kept.get(shape) ?? []).every((property) => property(value)),
    );
}

/** The letters that texts of a place use, their outlines where there are few, spaces at the ends and in a row. */
function textsOf(documents: readonly Document[]): Promises {
  const texts = byShape(documents, (value) => (typeof value === 'string' ? value : undefined));
  const known = new Map(
    [...texts].map(([shape, found]) => {
      const outlines = new Set(found.map(outline));
      return [
        shape,
        {
          alphabet: new Set(found.join('').replaceAll(/[a-z]/g, 'a').replaceAll(/[A-Z]/g, 'A').replaceAll(/\d/g, '0')),
          outlines: outlines.size <= Math.max(1, found.length * formatShare) ? outlines : undefined,
          spacing: [/^ | $/, / {2}/, /^$/].filter((pattern) => !found.some((text) => pattern.test(text))),
        },
      ] as const;
    }),
  );
  return (document) =>
    partsOf(document).every(({ shape, value }) => {
      const promise = typeof value === 'string' ? known.get(shape) : undefined;
      if (typeof value !== 'string' || !promise) {
        return true;
      }
      const letters = value.replaceAll(/[a-z]/g, 'a').replaceAll(/[A-Z]/g, 'A').replaceAll(/\d/g, '0');
      return (
        Array.from(letters).every((letter) => promise.alphabet.has(letter)) &&
        (promise.outlines?.has(outline(value)) ?? true) &&
        !promise.spacing.some((pattern) => pattern.test(value))
      );
    });
}

function outline(text: string): string {
  return text.replaceAll(/[a-zA-Z]+/g, 'a').replaceAll(/\d+/g, '0');
}

/** Figures of a document: numbers, lengths, largest and least numbers of its arguments or lines. */
function figuresOf(document: Document): Map<string, number> {
  const figures = new Map<string, number>([['items', document.length]]);
  document.slice(0, 5).forEach((item, index) => {
    const size = sizeOf(item);
    if (size !== undefined) {
      figures.set(`size ${index}`, size);
    }
    if (Array.isArray(item)) {
      item.slice(0, 4).forEach((word, place) => {
        if (typeof word === 'number') {
          figures.set(`number ${index} ${place}`, word);
        } else if (Array.isArray(word) && place === 0) {
          figures.set(`width ${index}`, word.length);
        }
      });
      setExtremes(figures, `all ${index}`, item);
    }
  });
  setExtremes(figures, 'below', document.slice(1));
  return figures;
}

function setExtremes(figures: Map<string, number>, name: string, value: JsonValue): void {
  const numbers = partsOf(value).flatMap((part) => (typeof part.value === 'number' ? [part.value] : []));
  if (numbers.length > 0) {
    figures.set(`largest of ${name}`, Math.max(...numbers));
    figures.set(`least of ${name}`, Math.min(...numbers));
  }
}

/** `a = b`, `a = b + 1`, `a < b` and so on between two figures, where all documents show it. */
function relationsOf(documents: readonly Document[]): Promises {
  const all = documents.map(figuresOf);
  const names = [...new Set(all.flatMap((figures) => [...figures.keys()]))];
  const relations = names.flatMap((a) =>
    names.flatMap((b) => {
      const differences = all.flatMap((figures) => differenceOf(figures, a, b) ?? []);
      if (a === b || differences.length < evidence) {
        return [];
      }
      const [least, largest] = [Math.min(...differences), Math.max(...differences)];
      // A difference that varies is bounded by 0 or 1 alone: larger gaps are chance.
      return least === largest || least === 0 || least === 1
        ? [{ a, b, least: Math.max(least, least === largest ? least : Math.min(least, 1)), equal: least === largest }]
        : [];
    }),
  );
  return (document) => {
    const figures = figuresOf(document);
    return relations.every(({ a, b, least, equal }) => {
      const difference = differenceOf(figures, a, b);
      return difference === undefined || (equal ? difference === least : difference >= least);
    });
  };
}

function differenceOf(figures: ReadonlyMap<string, number>, a: string, b: string): number | undefined {
  const [x, y] = [figures.get(a), figures.get(b)];
  return x === undefined || y === undefined ? undefined : x - y;
}
