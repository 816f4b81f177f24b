import type { Fingerprint } from './domain.ts';

/** The earlier question that a new one repeats. */
export interface Nearest {
  id: string;
  /** Estimated Jaccard similarity of the word 3-grams, in [0, 1]; 1 for questions of one key. */
  similarity: number;
  /** `similarity` reaches the threshold. */
  duplicate: boolean;
}

/** The questions of a run so far, by what makes them the same or alike. */
export interface DuplicateIndex {
  add(id: string, fingerprint: Fingerprint): void;
  /** The earlier question most like this one; the first of equals; undefined where none can be compared with it. */
  nearest(fingerprint: Fingerprint): Nearest | undefined;
  /** The first earlier question whose reference does the same; undefined where none does, or where it cannot be told. */
  behavingAlike(fingerprint: Fingerprint): string | undefined;
}

/**
 * Hashes of a signature. The estimate's standard error is sqrt(J (1 - J) / 128), at most 0.045.
 * MinHash: Broder, "On the resemblance and containment of documents" (1997).
 */
const permutations = 128;

/** An empty index. `threshold`: similarity in [0, 1] from which texts count as near-duplicates. */
export function createDuplicateIndex(threshold: number): DuplicateIndex {
  const keys = new Map<string, string>();
  const behaviours = new Map<string, string>();
  const texts: { id: string; signature: number[] }[] = [];
  return {
    add(id, { key, text, behaviour }) {
      if (behaviour !== undefined && !behaviours.has(behaviour)) {
        behaviours.set(behaviour, id);
      }
      if (key !== undefined && !keys.has(key)) {
        keys.set(key, id);
      }
      if (text !== undefined) {
        texts.push({ id, signature: minHash(text) });
      }
    },
    nearest({ key, text }) {
      const same = key === undefined ? undefined : keys.get(key);
      if (same !== undefined) {
        return { id: same, similarity: 1, duplicate: true };
      }
      return text === undefined ? undefined : mostSimilar(texts, minHash(text), threshold);
    },
    behavingAlike: ({ behaviour }) => (behaviour === undefined ? undefined : behaviours.get(behaviour)),
  };
}

function mostSimilar(
  entries: readonly { id: string; signature: readonly number[] }[],
  signature: readonly number[],
  threshold: number,
): Nearest | undefined {
  let best: Nearest | undefined;
  for (const entry of entries) {
    const similarity = agreement(signature, entry.signature);
    if (!best || similarity > best.similarity) {
      best = { id: entry.id, similarity, duplicate: similarity >= threshold };
    }
  }
  return best;
}

/** Lower-case words and numbers of a text, in order; of a text without letters (an expression) its operators, too. */
export function wordsOf(text: string): string[] {
  const pattern = /\p{L}/u.test(text) ? /[\p{L}\p{N}]+/gu : /\p{N}+|[^\p{N}\s]/gu;
  return text.toLowerCase().match(pattern) ?? [];
}

/** The distinct word 3-grams; a shorter text is one gram. */
export function wordTrigrams(text: string): Set<string> {
  return new Set(wordTrigramList(text));
}

/** The word 3-grams in order, each as often as it occurs; a shorter text is one gram. */
export function wordTrigramList(text: string): string[] {
  const words = wordsOf(text);
  if (words.length < 3) {
    return [words.join(' ')];
  }
  return words.slice(2).map((word, i) => `${words[i]} ${words[i + 1]} ${word}`);
}

/** Exact Jaccard similarity of the word 3-grams of two texts, in [0, 1]. */
export function trigramSimilarity(a: string, b: string): number {
  const left = wordTrigrams(a);
  const right = wordTrigrams(b);
  const shared = [...left].filter((gram) => right.has(gram)).length;
  return shared / (left.size + right.size - shared);
}

/** Mean of 1 - similarity over all pairs, in [0, 1]; undefined for fewer than two texts. */
export function meanPairwiseDistance(texts: readonly string[]): number | undefined {
  let sum = 0;
  let count = 0;
  texts.forEach((a, i) => {
    for (const b of texts.slice(i + 1)) {
      sum += 1 - trigramSimilarity(a, b);
      count++;
    }
  });
  return count === 0 ? undefined : sum / count;
}

/** The signature of a text: the least hash of its word 3-grams under each permutation, 32-bit numbers. */
export function minHash(text: string): number[] {
  const signature = new Array<number>(permutations).fill(0xffffffff);
  for (const gram of wordTrigrams(text)) {
    const hash = fnv1a(gram);
    for (let i = 0; i < permutations; i++) {
      const permuted = scramble(hash ^ Math.imul(i + 1, 0x9e3779b1));
      if (permuted < (signature[i] ?? 0)) {
        signature[i] = permuted;
      }
    }
  }
  return signature;
}

function agreement(a: readonly number[], b: readonly number[]): number {
  return a.filter((value, i) => value === b[i]).length / permutations;
}

/** FNV-1a, 32 bits, over UTF-16 code units. */
function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  }
  return hash >>> 0;
}

/** A bijection of 32-bit integers (the finaliser of MurmurHash3), so that each index orders the grams differently. */
function scramble(value: number): number {
  let x = value;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}
