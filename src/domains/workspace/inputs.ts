import { at } from '../../base/arrays.ts';
import { uniform } from '../../base/random.ts';
import type { JsonValue } from '../../protocol/json.ts';
import type { Candidate, InputType } from '../../protocol/seed.ts';

type Literals = Candidate['literals'];

const integers = [0, 1, 2, 3, 4, 5, 7, 8, 10, 12, 15, 24, 60, 100, 255, 1000, -1, -2, -7];
const fractions = [0.1, 0.25, 0.5, 1.5, 2.75, 3.14159, 10.01, 99.99, -0.5, -2.25];
const texts = [
  ...['', 'a', 'abc', 'Hello World', 'hello world', 'level', 'banana', 'The quick brown fox', 'listen', 'silent'],
  ...['camelCaseText', 'snake_case_text', 'kebab-case-text', 'CONSTANT_CASE', '  padded  ', 'one,two,three', 'a=1&b=2'],
  ...['12345', '3.14', '-7', '0', '1001', 'ff00aa', '#ff8800', '12:34:56', '2024-02-29', '1.2.3', '10 %'],
  ...[
    '/usr/local/../bin/file.txt',
    'https://example.com/a?b=c#d',
    'user@example.com',
    'file.test.ts',
    '<b>bold</b> & more',
  ],
  ...['(a[b]{c})', 'aaabbbcc', 'x + y * 2', 'line one\nline two', 'naïve café', 'MCMXCIV', 'true'],
];
const words = ['red', 'green', 'blue', 'apple', 'pear', 'fig', 'kiwi', 'alpha', 'beta', 'x', 'y', 'z'];

/**
 * Different arguments for a function, as JSON data, [input][parameter]: the same types and literals give the same ones.
 * Fewer than `wanted` where the types do not allow as many.
 */
export function makeInputs(types: readonly InputType[], literals: Literals, wanted: number): JsonValue[][] {
  const inputs = new Map<string, JsonValue[]>();
  for (let attempt = 0; attempt < 8 * wanted && inputs.size < wanted; attempt++) {
    const input = types.map((type, position) => valueOf(type, literals, [attempt, position]));
    inputs.set(JSON.stringify(input), input);
  }
  return [...inputs.values()];
}

/** A value of a type; `key` is its place. */
function valueOf(type: InputType, literals: Literals, key: readonly number[]): JsonValue {
  const chance = uniform(...key);
  const pick = <T>(pool: readonly T[]): T => at(pool, Math.floor(uniform(...key, 0) * pool.length));
  switch (type.kind) {
    case 'integer': {
      const near = literals.numbers.filter(Number.isInteger).flatMap((value) => [value - 1, value, value + 1]);
      return pick(near.length > 0 && chance < 0.3 ? near : integers);
    }
    case 'number':
      return pick(chance < 0.5 ? fractions : integers);
    case 'boolean':
      return chance < 0.5;
    case 'choice':
      return pick(type.values);
    case 'string':
      return textOf(literals.strings, chance, key);
    case 'array':
      return arrayOf(type.of, literals, key);
    case 'record':
      return Object.fromEntries(
        Array.from({ length: 1 + Math.floor(chance * 4) }, (_, index) => [
          at(words, (Math.floor(uniform(...key, 1) * words.length) + 5 * index) % words.length),
          valueOf(type.of, literals, [...key, 2, index]),
        ]),
      );
    case 'object':
      return Object.fromEntries(
        Object.entries(type.fields).map(([name, field], index) => [name, valueOf(field, literals, [...key, 3, index])]),
      );
    default:
      return type satisfies never;
  }
}

/** Texts of the pool, those that the function tells apart, and both joined. */
function textOf(strings: readonly string[], chance: number, key: readonly number[]): string {
  const text = at(texts, Math.floor(uniform(...key, 4) * texts.length));
  if (strings.length === 0 || chance < 0.55) {
    return text;
  }
  const literal = at(strings, Math.floor(uniform(...key, 5) * strings.length));
  return chance < 0.8 ? literal : chance < 0.9 ? text + literal : [text, 'b', 'c'].join(literal);
}

/** Rows of a matrix are equally long; texts in arrays are short words half of the time. */
function arrayOf(of: InputType, literals: Literals, key: readonly number[]): JsonValue[] {
  const length = Math.floor(uniform(...key, 6) * 7);
  const areWords = of.kind === 'string' && uniform(...key, 7) < 0.6;
  const width = 1 + Math.floor(uniform(...key, 8) * 4);
  return Array.from({ length }, (_, index): JsonValue => {
    const place = [...key, 9, index];
    if (areWords) {
      return at(words, Math.floor(uniform(...place) * words.length));
    }
    if (of.kind === 'array' && of.of.kind !== 'array') {
      return Array.from({ length: width }, (_, column) => valueOf(of.of, literals, [...place, column]));
    }
    return valueOf(of, literals, place);
  });
}
