/** What can be stored and restored: `signatures[i]` belongs to `ids[i]`. */
export interface DuplicateSnapshot {
  threshold: number;
  ids: string[];
  signatures: number[][];
}

export interface Nearest {
  id: string;
  /** Estimated Jaccard similarity of the word 3-grams, in [0, 1]. */
  similarity: number;
  /** `similarity` reaches the threshold. */
  duplicate: boolean;
}

export interface DuplicateIndex {
  add(id: string, text: string): void;
  /** The earlier text most like this one; the first of equals; undefined while the index is empty. */
  nearest(text: string): Nearest | undefined;
  snapshot(): DuplicateSnapshot;
}

/**
 * Hashes of a signature. The estimate's standard error is sqrt(J (1 - J) / 128), at most 0.045.
 * MinHash: Broder, "On the resemblance and containment of documents" (1997).
 */
const permutations = 128;

/**
 * An index of texts by word 3-grams. `threshold`: similarity in [0, 1] from which texts count as near-duplicates.
 * `from` continues a stored index; its own threshold is replaced.
 */
export function createDuplicateIndex(threshold: number, from?: DuplicateSnapshot): DuplicateIndex {
  const entries = (from?.ids ?? []).map((id, i) => ({ id, signature: from?.signatures[i] ?? [] }));
  return {
    add(id, text) {
      entries.push({ id, signature: minHash(text) });
    },
    nearest(text) {
      const signature = minHash(text);
      let best: Nearest | undefined;
      for (const entry of entries) {
        const similarity = agreement(signature, entry.signature);
        if (!best || similarity > best.similarity) {
          best = { id: entry.id, similarity, duplicate: similarity >= threshold };
        }
      }
      return best;
    },
    snapshot: () => ({
      threshold,
      ids: entries.map((entry) => entry.id),
      signatures: entries.map((entry) => [...entry.signature]),
    }),
  };
}

/** Lower-case words and numbers of a text, in order. */
export function wordsOf(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
}

/** The distinct word 3-grams; a shorter text is one gram. */
export function wordTrigrams(text: string): Set<string> {
  const words = wordsOf(text);
  if (words.length < 3) {
    return new Set([words.join(' ')]);
  }
  return new Set(words.slice(2).map((word, i) => `${words[i]} ${words[i + 1]} ${word}`));
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

function minHash(text: string): number[] {
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

/** A bijection of 32-bit integers (the finaliser of MurmurHash3), so that each index orders the grams anew. */
function scramble(value: number): number {
  let x = value;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}
