import type { JsonValue } from '../../protocol/json.ts';

type Input = readonly JsonValue[];

/** What all inputs of a question have in common, which generated inputs must keep. */
export interface Invariants {
  /** By place: position of the argument, then keys; items of an array share a place. */
  places: ReadonlyMap<string, Place>;
  /** Pairs of arguments that are arrays or texts of equal length in every input. */
  equalLengths: readonly (readonly [number, number])[];
  /** Pairs: a number that never exceeds the length of an array or text. */
  withinLength: readonly (readonly [number, number])[];
}

interface Place {
  integers: boolean;
  /** Of numbers. */
  minimum: number;
  maximum: number;
  /** Of arrays and texts. */
  shortest: number;
  longest: number;
  /** Of arrays with two items or more: all ascending; all without duplicates. */
  sorted: boolean;
  distinct: boolean;
}

/** How far numbers and lengths may exceed those of the given inputs: `factor` times as large, `more` on top. */
const growth = { factor: 2, more: 3 };

/** What these inputs have in common. */
export function invariantsOf(inputs: readonly Input[]): Invariants {
  const values = Map.groupBy(inputs.flatMap(placedValues), ([place]) => place);
  const places = new Map([...values].map(([place, placed]) => [place, placeOf(placed.map(([, value]) => value))]));
  const positions = [...(inputs[0] ?? []).keys()];
  const pairs = positions.flatMap((a) => positions.filter((b) => b !== a).map((b) => [a, b] as const));
  const isAlways = (test: (a: JsonValue, b: JsonValue) => boolean) =>
    pairs.filter(([a, b]) => inputs.every((input) => test(input[a] ?? null, input[b] ?? null)));
  return { places, equalLengths: isAlways(haveEqualLength), withinLength: isAlways(isWithinLength) };
}

/** Whether an input has what the others have in common. */
export function holds({ places, equalLengths, withinLength }: Invariants, input: Input): boolean {
  const fits = placedValues(input).every(([name, value]) => {
    const place = places.get(name);
    return place !== undefined && fitsPlace(place, value);
  });
  const at = (position: number): JsonValue => input[position] ?? null;
  return (
    fits &&
    equalLengths.every(([a, b]) => haveEqualLength(at(a), at(b))) &&
    withinLength.every(([a, b]) => isWithinLength(at(a), at(b)))
  );
}

type Placed = readonly [place: string, value: JsonValue];

/** Every value of an input, the arguments and what is in them, with its place. */
function placedValues(input: Input): Placed[] {
  return input.flatMap((value, position) => valuesWithin(value, String(position)));
}

function valuesWithin(value: JsonValue, place: string): Placed[] {
  const own: Placed = [place, value];
  if (Array.isArray(value)) {
    return [own, ...value.flatMap((item) => valuesWithin(item, `${place}[]`))];
  }
  if (typeof value === 'object' && value !== null) {
    return [
      own,
      ...Object.entries(value).flatMap(([key, field]) => valuesWithin(field as JsonValue, `${place}.${key}`)),
    ];
  }
  return [own];
}

function placeOf(values: readonly JsonValue[]): Place {
  const numbers = values.filter((value) => typeof value === 'number');
  const lengths = values.flatMap((value) => lengthOf(value) ?? []);
  const arrays = values.filter((value) => Array.isArray(value));
  const hasOrder = arrays.some(({ length }) => length > 1);
  return {
    integers: numbers.every(Number.isInteger),
    minimum: Math.min(...numbers),
    maximum: Math.max(...numbers),
    shortest: Math.min(...lengths),
    longest: Math.max(...lengths),
    sorted: hasOrder && arrays.every(isSorted),
    distinct: hasOrder && arrays.every(isDistinct),
  };
}

function fitsPlace(place: Place, value: JsonValue): boolean {
  if (typeof value === 'number') {
    // A lower bound of 0 or 1 is likely part of the statement; a negative minimum is not a bound.
    const least = place.minimum >= 1 ? 1 : place.minimum >= 0 ? 0 : growth.factor * place.minimum - growth.more;
    const most = growth.factor * Math.max(place.maximum, 0) + growth.more;
    return value >= least && value <= most && (!place.integers || Number.isInteger(value));
  }
  const length = lengthOf(value);
  if (length === undefined) {
    return true;
  }
  const least = place.shortest >= 1 ? 1 : 0;
  const fits = length >= least && length <= growth.factor * place.longest + growth.more;
  return (
    fits && !(Array.isArray(value) && ((place.sorted && !isSorted(value)) || (place.distinct && !isDistinct(value))))
  );
}

function lengthOf(value: JsonValue): number | undefined {
  return typeof value === 'string' || Array.isArray(value) ? value.length : undefined;
}

function isSorted(items: readonly JsonValue[]): boolean {
  return items.slice(1).every((item, index) => {
    const before = items[index];
    return (
      (typeof item === 'number' || typeof item === 'string') &&
      before !== undefined &&
      before !== null &&
      before <= item
    );
  });
}

function isDistinct(items: readonly JsonValue[]): boolean {
  return new Set(items.map((item) => JSON.stringify(item))).size === items.length;
}

function haveEqualLength(a: JsonValue, b: JsonValue): boolean {
  const length = lengthOf(a);
  return length !== undefined && length === lengthOf(b);
}

function isWithinLength(number: JsonValue, list: JsonValue): boolean {
  const length = lengthOf(list);
  return typeof number === 'number' && length !== undefined && number <= length;
}
