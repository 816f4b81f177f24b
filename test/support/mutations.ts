import { at } from '../../src/base/arrays.ts';
import { uniform } from '../../src/base/random.ts';

/** Draws for one case of a fuzz test; the same key gives the same draws. */
export interface Draws {
  /** A whole number from 0 to `count` - 1. */
  below(count: number): number;
  pick<T>(items: readonly T[]): T;
}

/** Draws that depend on `key` alone. */
export function draws(...key: number[]): Draws {
  let drawn = 0;
  const below = (count: number) => Math.floor(uniform(...key, drawn++) * count);
  return { below, pick: (items) => at(items, below(items.length)) };
}

const edges = [0n, 1n, 0x7fn, 0xffn, 0xffffn, 0x7fffffffn, 0xffffffffn, 0x7fffffffffffffffn, 0xffffffffffffffffn];

/** The bytes with one to four changes: flipped bits, numbers at the edge of their type, cuts, repetitions, swaps. */
export function mutateBytes(bytes: Uint8Array, { below, pick }: Draws): Uint8Array {
  let result = Buffer.from(bytes);
  for (let left = 1 + below(4); left > 0 && result.length > 16; left--) {
    // Most faults are found in the header.
    const place = below(3) === 0 ? below(result.length - 8) : below(Math.min(result.length - 8, 4096));
    switch (below(6)) {
      case 0:
        result.writeUInt8(result.readUInt8(place) ^ (1 << below(8)), place);
        break;
      case 1:
        result.writeBigUInt64LE(pick(edges), place);
        break;
      case 2:
        result.writeUInt32LE(Number(pick(edges) & 0xffffffffn), place);
        break;
      case 3:
        result = result.subarray(0, place);
        break;
      case 4: {
        const part = result.subarray(place, place + 1 + below(64));
        result = Buffer.concat([result.subarray(0, place), part, result.subarray(place)]);
        break;
      }
      default:
        result.copy(result, place, below(result.length), below(result.length));
    }
  }
  return result;
}

const oddValues: readonly unknown[] = [
  ...[null, true, false, '', 'x', '\u0000', -1, 0, 1, 0.5, 7, 2 ** 31, 2 ** 53, 1e308, -1e308, [], {}, [[]], [null]],
  ...['a'.repeat(5000), { a: { a: { a: 1 } } }, '(a+)+$', '../x', '__proto__', [1, 'a', null], Array(200).fill(9)],
];

const newKeys = ['extra', '__proto__', 'rank_pattern', 'type', '([a-z0-9._]+)+!'];

/** The JSON value with one to three changes: an odd value, a missing key, a new key, a value of another place. */
export function mutateJson(value: unknown, random: Draws): unknown {
  let result: unknown = structuredClone(value);
  for (let left = 1 + random.below(3); left > 0; left--) {
    result = mutateOnce(result, random, 0);
  }
  return result;
}

function mutateOnce(value: unknown, random: Draws, depth: number): unknown {
  if (typeof value !== 'object' || value === null || (depth > 0 && random.below(4) === 0)) {
    return random.pick(oddValues);
  }
  if (Array.isArray(value)) {
    const index = random.below(value.length + 1);
    return value.toSpliced(index, 1, mutateOnce(value[index], random, depth + 1));
  }
  const entries: [string, unknown][] = Object.entries(value);
  const index = random.below(entries.length + 1);
  const [key, inner]: [string, unknown] = entries[index] ?? [random.pick(newKeys), undefined];
  if (random.below(6) === 0) {
    return Object.fromEntries(entries.toSpliced(index, 1));
  }
  return Object.fromEntries(entries.toSpliced(index, 1, [key, mutateOnce(inner, random, depth + 1)]));
}
