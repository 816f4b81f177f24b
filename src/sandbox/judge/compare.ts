import type { Comparison } from '../../protocol/problem.ts';
import { ExactNumber } from '../../protocol/json.ts';
import { showValue } from '../wire/values.ts';
import { isClose, isNumeric, numericsAgree, type Tolerance, toleranceOf } from './numbers.ts';

/** How values are compared. */
export type Mode = NonNullable<Comparison['mode']>;

/** Where two values first differ, or that they do not. `path` is `$[1].a` for values and `token 7` for text. */
export type Verified = { equal: true } | { equal: false; path: string; actual: string; expected: string };

const same: Verified = { equal: true };

/**
 * Compares data, never code: both sides are plain values that were decoded in this process. `truthIsNumber`: true is 1 and
 * false is 0, as in Python.
 */
export function compareValues(
  expected: unknown,
  actual: unknown,
  comparison: Comparison = {},
  truthIsNumber = false,
): Verified {
  const rules: Rules = { truthIsNumber, tolerance: toleranceOf(comparison), mode: comparison.mode ?? 'exact' };
  if (rules.mode === 'token' && typeof expected === 'string' && typeof actual === 'string') {
    return compareText(expected, actual, comparison);
  }
  return compareAt('$', expected, actual, rules);
}

interface Rules {
  truthIsNumber: boolean;
  tolerance: Tolerance;
  mode: Mode;
}

function differs(path: string, expected: unknown, actual: unknown): Verified {
  return { equal: false, path, expected: showValue(expected), actual: showValue(actual) };
}

function compareAt(path: string, expected: unknown, actual: unknown, rules: Rules): Verified {
  if (rules.truthIsNumber && typeof expected !== typeof actual) {
    if (typeof expected === 'boolean' || typeof actual === 'boolean') {
      return compareTruth(path, expected, actual, rules);
    }
  }
  if (typeof expected === 'number' || expected instanceof ExactNumber) {
    const equal = isNumeric(actual) && numericsAgree(expected, actual, rules.tolerance);
    return equal ? same : differs(path, expected, actual);
  }
  if (typeof expected === 'string' && typeof actual === 'string') {
    return stringsAgree(expected, actual, rules.mode) ? same : differs(path, expected, actual);
  }
  if (typeof expected !== 'object' || expected === null || typeof actual !== 'object' || actual === null) {
    return expected === actual ? same : differs(path, expected, actual);
  }
  if (Array.isArray(expected)) {
    return Array.isArray(actual) ? compareArrays(path, expected, actual, rules) : differs(path, expected, actual);
  }
  return Array.isArray(actual) ? differs(path, expected, actual) : compareObjects(path, expected, actual, rules);
}

/** One of the two is a truth value, the other is not. */
function compareTruth(path: string, expected: unknown, actual: unknown, rules: Rules): Verified {
  const numberOf = (value: unknown): unknown => (typeof value === 'boolean' ? Number(value) : value);
  const verified = compareAt(path, numberOf(expected), numberOf(actual), rules);
  return verified.equal ? same : differs(path, expected, actual);
}

function stringsAgree(expected: string, actual: string, mode: Mode): boolean {
  return expected === actual || (mode === 'caseInsensitive' && expected.toLowerCase() === actual.toLowerCase());
}

function compareArrays(path: string, expected: readonly unknown[], actual: readonly unknown[], rules: Rules): Verified {
  if (expected.length !== actual.length) {
    return differs(`${path}.length`, expected.length, actual.length);
  }
  if (rules.mode === 'unordered' && path === '$') {
    return compareUnordered(path, expected, actual, rules);
  }
  for (let index = 0; index < expected.length; index += 1) {
    const verified = compareAt(`${path}[${index}]`, expected[index], actual[index], rules);
    if (!verified.equal) {
      return verified;
    }
  }
  return same;
}

/**
 * The outermost array as a multiset. Elements that agree exactly are paired through their JSON text first, so that only
 * the rest (tolerances) costs quadratic time; more than 2,000 of those count as different.
 */
function compareUnordered(
  path: string,
  expected: readonly unknown[],
  actual: readonly unknown[],
  rules: Rules,
): Verified {
  const { left, right } = withoutTwins(expected, actual);
  const inner: Rules = { ...rules, mode: 'exact' };
  if (left.length > 2000) {
    return differs(`${path} (in any order)`, left[0], right[0]);
  }
  for (const item of left) {
    const found = right.findIndex((candidate) => compareAt(path, item, candidate, inner).equal);
    if (found < 0) {
      return differs(`${path} (in any order)`, item, right[0]);
    }
    right.splice(found, 1);
  }
  return same;
}

function withoutTwins(expected: readonly unknown[], actual: readonly unknown[]): { left: unknown[]; right: unknown[] } {
  const counts = new Map<string, number>();
  const keyOf = (value: unknown): string => JSON.stringify([value], canonicalKeys);
  for (const item of actual) {
    const key = keyOf(item);
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const taken = new Map<string, number>();
  const left = expected.filter((item) => {
    const key = keyOf(item);
    const used = taken.get(key) ?? 0;
    if (used >= (counts.get(key) ?? 0)) {
      return true;
    }
    taken.set(key, used + 1);
    return false;
  });
  const right = actual.filter((item) => {
    const key = keyOf(item);
    const used = taken.get(key) ?? 0;
    taken.set(key, used - 1);
    return used <= 0;
  });
  return { left, right };
}

/** Makes equal values equal text: keys sorted, and what JSON would fold into null kept apart. */
function canonicalKeys(this: unknown, key: string, value: unknown): unknown {
  // JSON.stringify has already asked a number that is kept as text for its text.
  const original: unknown = typeof this === 'object' && this !== null ? Reflect.get(this, key) : value;
  if (original instanceof ExactNumber) {
    return original.isInteger || !Number.isFinite(original.value) ? value : original.value;
  }
  if (typeof value === 'bigint') {
    return { '\u0000': `${value}n` };
  }
  if (value === undefined || (typeof value === 'number' && !Number.isFinite(value))) {
    return { '\u0000': String(value) };
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return value;
  }
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function compareObjects(path: string, expected: object, actual: object, rules: Rules): Verified {
  const expectedKeys = Object.keys(expected);
  for (const key of expectedKeys) {
    if (!Object.hasOwn(actual, key)) {
      return {
        equal: false,
        path: `${path}.${shortKey(key)}`,
        expected: showValue(memberOf(expected, key)),
        actual: 'missing',
      };
    }
    const verified = compareAt(`${path}.${shortKey(key)}`, memberOf(expected, key), memberOf(actual, key), rules);
    if (!verified.equal) {
      return verified;
    }
  }
  const extra = Object.keys(actual).find((key) => !Object.hasOwn(expected, key));
  return extra === undefined
    ? same
    : {
        equal: false,
        path: `${path}.${shortKey(extra)}`,
        expected: 'missing',
        actual: showValue(memberOf(actual, extra)),
      };
}

/** An own member, also of a key such as `__proto__`. */
function memberOf(value: object, key: string): unknown {
  return Object.getOwnPropertyDescriptor(value, key)?.value;
}

function shortKey(key: string): string {
  return key.length > 40 ? `${key.slice(0, 40)}…` : key;
}

/**
 * Standard output as a sequence of tokens: white space between tokens does not matter, a missing or extra token does.
 * Tokens are equal as text or, where the expected one is a number that is no integer, within the tolerance.
 */
export function compareText(expected: string, actual: string, comparison: Comparison = {}): Verified {
  const mode = comparison.mode ?? 'token';
  const tolerance = toleranceOf(comparison);
  if (mode === 'exact') {
    return compareLines(expected, actual);
  }
  const left = tokensOf(expected);
  const right = tokensOf(actual);
  if (mode === 'unordered') {
    left.sort(byNumberOrText);
    right.sort(byNumberOrText);
  }
  const count = Math.max(left.length, right.length);
  for (let index = 0; index < count; index += 1) {
    const wanted = left[index];
    const got = right[index];
    if (wanted === undefined || got === undefined || !tokensAgree(wanted, got, mode, tolerance)) {
      return partsDiffer(`token ${index + 1}`, wanted, got);
    }
  }
  return same;
}

/** Line by line and character by character; only white space at the ends of lines and of the whole does not count. */
function compareLines(expected: string, actual: string): Verified {
  const [left, right] = [linesOf(expected), linesOf(actual)];
  const count = Math.max(left.length, right.length);
  for (let index = 0; index < count; index += 1) {
    const [wanted, got] = [left[index], right[index]];
    if (wanted !== got) {
      return partsDiffer(`line ${index + 1}`, wanted, got);
    }
  }
  return same;
}

/** Parts of an output; undefined behind its end. */
function partsDiffer(path: string, expected: string | undefined, actual: string | undefined): Verified {
  const shown = (part: string | undefined): string => (part === undefined ? 'end of output' : showValue(part));
  return { equal: false, path, expected: shown(expected), actual: shown(actual) };
}

function linesOf(text: string): string[] {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => line.trimEnd());
}

function tokensOf(text: string): string[] {
  return text.split(/\s+/u).filter((token) => token !== '');
}

const integral = /^[+-]?\d+$/;
const decimal = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;

function tokensAgree(expected: string, actual: string, mode: Mode, tolerance: Tolerance): boolean {
  if (stringsAgree(expected, actual, mode)) {
    return true;
  }
  // The text tells a fraction: `15.0` is one, `15` is an integer.
  if (!(tolerance.named || expected.includes('.')) || !decimal.test(expected) || !decimal.test(actual)) {
    return false;
  }
  const [wanted, got] = [Number(expected), Number(actual)];
  if (
    integral.test(expected) &&
    integral.test(actual) &&
    !(Number.isSafeInteger(wanted) && Number.isSafeInteger(got))
  ) {
    const apart = BigInt(expected.replace('+', '')) - BigInt(actual.replace('+', ''));
    return Math.abs(Number(apart)) <= tolerance.amount * Math.abs(wanted);
  }
  // Digits that the expected text does not have were rounded away.
  const apart = Math.abs(wanted - got);
  return wanted === got || isClose(wanted, got, tolerance) || apart <= roundedAway(expected, tolerance);
}

/** Half of what the last digit stands for, up to the tolerance; 0 for zero and where there is an exponent. */
function roundedAway(text: string, { amount }: Tolerance): number {
  const decimals = /^[+-]?\d*\.(\d+)$/.exec(text)?.[1];
  return decimals === undefined || Number(text) === 0 ? 0 : Math.min(amount, 0.5 * 10 ** -decimals.length);
}

/** Numbers first, by value, so that those within a tolerance of each other meet; then text. */
function byNumberOrText(a: string, b: string): number {
  const [first, second] = [decimal.test(a), decimal.test(b)];
  if (first && second) {
    return Number(a) - Number(b);
  }
  return first !== second ? (first ? -1 : 1) : a < b ? -1 : a > b ? 1 : 0;
}
