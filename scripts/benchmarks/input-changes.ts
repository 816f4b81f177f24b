/** New inputs from known ones, by the mutations with which a proposal gets more tests. */
import { multiplyInputs } from '../../src/domains/coding/multiply-inputs.ts';
import type { JsonValue } from '../../src/protocol/json.ts';
import type { Document } from './input-documents.ts';
import type { Promises } from './input-promises.ts';

/** Rounds of mutation, each of what those before it gave. */
const rounds = 4;

/** At most `wanted` different documents that keep the promises. */
export function changedDocuments(documents: readonly Document[], promises: Promises, wanted: number): Document[] {
  let pool = [...documents];
  for (let round = 0; round < rounds && pool.length < documents.length + wanted; round++) {
    const mutated = multiplyInputs(pool, pool.length + 2 * wanted).slice(pool.length);
    const valid = mutated.map((document) => repaired(document, documents)).filter(promises);
    const byText = new Map([...pool, ...valid].map((document) => [JSON.stringify(document), document]));
    pool = [...byText.values()];
  }
  return pool.slice(documents.length, documents.length + wanted);
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

function wordOf([first]: Document, place: number): JsonValue | undefined {
  return Array.isArray(first) ? first[place] : undefined;
}

function countOf(document: Document, name: string): number | undefined {
  return countersOf(document)[name];
}

function countersOf([first, others]: Document): Record<string, number> {
  const lines = Array.isArray(others) ? others : [];
  const length = (line: JsonValue | undefined): number => (Array.isArray(line) ? line.length : 0);
  return {
    'other lines': lines.length,
    'other lines less one': lines.length - 1,
    'words after the first': length(first) - 1,
    'words after the second': length(first) - 2,
    'words after the third': length(first) - 3,
    'pairs after the first': (length(first) - 1) / 2,
    'pairs after the second': (length(first) - 2) / 2,
    'triples after the first': (length(first) - 1) / 3,
    'words of the second line': length(lines[0]),
    'words of the third line': length(lines[1]),
    'pairs of the second line': length(lines[0]) / 2,
  };
}
