/** New inputs from known ones: a few small changes that keep types, drawn from one seed. */
import { uniform } from '../../src/base/random.ts';
import { type Data, isRecord, type Part, partsOf, withPart } from './input-data.ts';
import type { Document } from './input-documents.ts';
import type { Promises } from './input-promises.ts';

/** One more random integer from 0 to `count - 1`. */
type Draw = (count: number) => number;

/** Most tries for each wanted document. */
const triesPerDocument = 40;

/** At most `wanted` different documents that keep the promises; each further one may be made from an earlier. */
export function changedDocuments(
  documents: readonly Document[],
  promises: Promises,
  { wanted, seed }: { wanted: number; seed: number },
): Document[] {
  const seen = new Set(documents.map((document) => JSON.stringify(document)));
  const pool = [...documents];
  const stock = documents.flatMap((document) => partsOf(document));
  for (let attempt = 0; attempt < wanted * triesPerDocument && pool.length < documents.length + wanted; attempt++) {
    let position = 0;
    const draw: Draw = (count) => Math.floor(uniform(seed, attempt, position++) * count);
    let document = pool[draw(pool.length)] ?? [];
    for (let changes = 1 + draw(3); changes > 0; changes--) {
      document = changed(document, stock, draw);
    }
    document = repaired(document, documents);
    const text = JSON.stringify(document);
    if (!seen.has(text) && promises(document)) {
      seen.add(text);
      pool.push(document);
    }
  }
  return pool.slice(documents.length);
}

function changed(document: Document, stock: readonly Part[], draw: Draw): Document {
  const parts = partsOf(document).slice(1);
  const part = parts[draw(parts.length)];
  if (!part) {
    return document;
  }
  const alike = stock.filter(({ shape }) => shape === part.shape);
  const other = draw(4) === 0 ? alike[draw(alike.length)]?.value : undefined;
  const result = withPart(document, part.path, other ?? changedValue(part, parts, stock, draw));
  return Array.isArray(result) ? result : document;
}

function changedValue({ value, shape }: Part, parts: readonly Part[], stock: readonly Part[], draw: Draw): Data {
  const siblings = parts.filter((part) => typeof part.value === typeof value).map((part) => part.value);
  const sibling = siblings[draw(siblings.length)] ?? value;
  if (typeof value === 'number') {
    const steps = [value + 1, value - 1, -value, value + draw(7) - 3, typeof sibling === 'number' ? sibling : value];
    return steps[draw(steps.length)] ?? value;
  }
  if (typeof value === 'boolean') {
    return !value;
  }
  if (typeof value === 'string') {
    return draw(4) === 0 && typeof sibling === 'string' ? sibling : changedText(value, textsAt(stock, shape), draw);
  }
  if (Array.isArray(value)) {
    return changedList(
      value,
      stock.filter((part) => part.shape.startsWith(`${shape}/`)),
      draw,
    );
  }
  return isRecord(value) ? changedRecord(value, draw) : value;
}

function textsAt(stock: readonly Part[], shape: string): string {
  return stock.flatMap((part) => (part.shape === shape && typeof part.value === 'string' ? [part.value] : [])).join('');
}

function changedText(text: string, letters: string, draw: Draw): string {
  const at = draw(text.length + 1);
  const letter = draw(2) === 0 ? text.charAt(draw(text.length)) : letters.charAt(draw(letters.length));
  const ways = [
    text.slice(0, at) + letter + text.slice(at),
    text.slice(0, at) + text.slice(at + 1),
    text.slice(0, at) + letter + text.slice(at + 1),
    text.slice(at) + text.slice(0, at),
    text.slice(0, at),
  ];
  return ways[draw(ways.length)] ?? text;
}

function changedList(list: readonly Data[], below: readonly Part[], draw: Draw): Data[] {
  const at = draw(list.length + 1);
  const from = draw(list.length);
  const size = 1 + draw(2);
  const depth = Math.min(...below.map(({ path }) => path.length));
  const members = below.filter(({ path }) => path.length === depth);
  const member = members[draw(members.length)]?.value;
  const ways: Data[][] = [
    [...list.slice(0, at), ...list.slice(from, from + size), ...list.slice(at)],
    [...list.slice(0, at), ...(member === undefined ? [] : [member]), ...list.slice(at)],
    [...list.slice(0, from), ...list.slice(from + size)],
    list.map((item, index) => (index === from ? (list[at] ?? item) : index === at ? (list[from] ?? item) : item)),
    list.map((item, index) => (index === from ? (list[at] ?? item) : item)),
    list.slice(0, at),
  ];
  return ways[draw(ways.length)] ?? [...list];
}

function changedRecord(record: Record<string, Data>, draw: Draw): Record<string, Data> {
  const entries = Object.entries(record);
  const [a, b] = [draw(entries.length), draw(entries.length)];
  return Object.fromEntries(
    draw(2) === 0
      ? entries.filter((_, index) => index !== a)
      : entries.map(([key, value], index): [string, Data] => [key, index === a ? (entries[b]?.[1] ?? value) : value]),
  );
}

/** Counts in the first line of a program follow what they count: words of the first or second line, or lines. */
function repaired(document: Document, documents: readonly Document[]): Document {
  const [first, ...others] = document;
  if (!Array.isArray(first)) {
    return document;
  }
  const counts = countersOf(document);
  const words = first.map((word, place) => {
    const counter = Object.keys(counts).find(
      (name) => place < 2 && documents.every((known) => countOf(known, name) === wordOf(known, place)),
    );
    return counter === undefined ? word : (counts[counter] ?? word);
  });
  return [words, ...others];
}

function wordOf([first]: Document, place: number): Data | undefined {
  return Array.isArray(first) ? first[place] : undefined;
}

function countOf(document: Document, name: string): number | undefined {
  return countersOf(document)[name];
}

function countersOf([first, others]: Document): Record<string, number> {
  const lines = Array.isArray(others) ? others : [];
  const length = (line: Data | undefined): number => (Array.isArray(line) ? line.length : 0);
  return {
    'other lines': lines.length,
    'other lines but one': lines.length - 1,
    'words behind the first': length(first) - 1,
    'words behind the second': length(first) - 2,
    'words behind the third': length(first) - 3,
    'pairs behind the first': (length(first) - 1) / 2,
    'pairs behind the second': (length(first) - 2) / 2,
    'triples behind the first': (length(first) - 1) / 3,
    'words of the second line': length(lines[0]),
    'words of the third line': length(lines[1]),
    'pairs of the second line': length(lines[0]) / 2,
  };
}
