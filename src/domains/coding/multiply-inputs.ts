import { at } from '../../base/arrays.ts';
import { uniform } from '../../base/random.ts';
import type { JsonValue } from '../../protocol/json.ts';
import { holds, invariantsOf } from './input-invariants.ts';

type Input = readonly JsonValue[];

/** Attempts for each missing input; small types such as booleans run out of values. */
const triesPerInput = 20;

/**
 * `inputs`, and mutations of them until there are `wanted` different ones, as far as they can be found. A mutation keeps
 * types and what all of the given inputs have in common (no negative numbers, sorted arrays, …), since the
 * preconditions of a statement are known from its inputs alone. The same inputs give the same mutations.
 */
export function multiplyInputs(inputs: readonly Input[], wanted: number): JsonValue[][] {
  const result = inputs.map((input) => [...input]);
  const seen = new Set(result.map((input) => JSON.stringify(input)));
  const invariants = invariantsOf(inputs);
  const missing = inputs.length === 0 ? 0 : wanted - seen.size;
  for (let attempt = 0; attempt < missing * triesPerInput && seen.size < wanted; attempt++) {
    const draw = drawing(attempt);
    const mutated = mutateInput(draw.pick(inputs), inputs, draw);
    const text = JSON.stringify(mutated);
    if (!seen.has(text) && holds(invariants, mutated)) {
      seen.add(text);
      result.push(mutated);
    }
  }
  return result;
}

/** The random numbers of one attempt, in sequence. */
interface Drawing {
  /** A whole number in [0, below). */
  below(below: number): number;
  pick<T>(pool: readonly T[]): T;
}

function drawing(attempt: number): Drawing {
  let position = 0;
  const below = (bound: number): number => Math.floor(uniform(attempt, position++) * bound);
  return { below, pick: (pool) => at(pool, below(pool.length)) };
}

/** Mutates every other argument on average, at least one; another input donates parts. */
function mutateInput(input: Input, inputs: readonly Input[], draw: Drawing): JsonValue[] {
  const donor = draw.pick(inputs);
  const always = draw.below(Math.max(1, input.length));
  return input.map((value, position) =>
    position === always || draw.below(2) === 0 ? mutate(value, donor[position] ?? value, draw) : value,
  );
}

/** A value of the same type. `donor`: another value of the same place. */
function mutate(value: JsonValue, donor: JsonValue, draw: Drawing): JsonValue {
  if (typeof value === 'number') {
    const other = typeof donor === 'number' ? donor : value;
    const near = draw.below(2 * Math.ceil(Math.abs(other)) + 4);
    const sums = [value + other, Math.abs(value - other), 2 * value, -value || 0];
    return draw.pick([value + 1, value - 1, near, near, near, other, ...sums, 0, 1]);
  }
  if (typeof value === 'boolean') {
    return !value;
  }
  if (typeof value === 'string') {
    const letters = Array.from(value);
    return mutateItems(letters, typeof donor === 'string' ? Array.from(donor) : letters, draw).join('');
  }
  if (Array.isArray(value)) {
    const items = Array.isArray(donor) ? donor : value;
    if (value.length > 0 && draw.below(2) === 0) {
      const index = draw.below(value.length);
      const other = items.length > 0 ? draw.pick(items) : at(value, index);
      return value.with(index, mutate(at(value, index), other, draw));
    }
    return mutateItems(value, items, draw);
  }
  if (value !== null && typeof value === 'object' && Object.getPrototypeOf(value) === Object.prototype) {
    return mutateField(value as Readonly<Record<string, JsonValue>>, donor, draw);
  }
  return value;
}

function mutateField(value: Readonly<Record<string, JsonValue>>, donor: JsonValue, draw: Drawing): JsonValue {
  const names = Object.keys(value);
  if (names.length === 0) {
    return { ...value };
  }
  const name = draw.pick(names);
  const fields = donor !== null && typeof donor === 'object' && !Array.isArray(donor) ? Object.entries(donor) : [];
  const [, other] = fields.find(([key]) => key === name) ?? [];
  const own = value[name] ?? null;
  return { ...value, [name]: mutate(own, (other as JsonValue | undefined) ?? own, draw) };
}

/** An item removed or repeated, all reversed or rotated, a part replaced by `donor`, or the end cut off. */
function mutateItems<T>(items: readonly T[], donor: readonly T[], draw: Drawing): T[] {
  const from = draw.below(items.length + 1);
  const index = draw.below(Math.max(1, items.length));
  switch (draw.below(7)) {
    case 0:
      return items.toSpliced(index, 1);
    case 1:
      return items.length === 0 ? [...donor] : items.toSpliced(index, 0, at(items, index));
    case 2:
      return items.toReversed();
    case 3:
      return [...items.slice(from), ...items.slice(0, from)];
    case 4:
      return [...items.slice(0, from), ...donor];
    case 5:
      return [...donor, ...items.slice(from)];
    default:
      return items.slice(0, from);
  }
}
