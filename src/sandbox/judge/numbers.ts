import type { Comparison } from '../../protocol/problem.ts';
import { ExactNumber } from '../../protocol/json.ts';

/** A number of a test or of a result; a bigint is JavaScript's. */
export type Numeric = number | bigint | ExactNumber;

/** Whether a value is a number of any kind: a double, a bigint, or one kept as text. */
export function isNumeric(value: unknown): value is Numeric {
  return typeof value === 'number' || typeof value === 'bigint' || value instanceof ExactNumber;
}

/**
 * `amount`: absolute or relative, whichever is more. `named`: whether the problem names it. Then whole expected numbers have
 * it, too, and it may be larger than the expected value, as contests mean "absolute or relative error".
 */
export interface Tolerance {
  amount: number;
  named: boolean;
}

/** Absolute or relative, for expected values that are no integers. */
export const defaultTolerance = 1e-6;

/** Where a problem names no tolerance: the largest difference, as a share of the expected value. 1e-8 is not 0. */
const largestShare = 0.01;
/** What sums of doubles around 1 lose: 0.1 + 0.2 - 0.3 is 5.6e-17, and 0 is as right. */
const roundingNoise = 1e-12;

/**
 * A tolerance that a problem names counts for each of its numbers. Where it names none, an expected integer is either
 * right or wrong, and only fractions have one.
 */
export function toleranceOf(comparison: Comparison): Tolerance {
  return { amount: comparison.tolerance ?? defaultTolerance, named: comparison.tolerance !== undefined };
}

/** The largest difference from `expected` that counts as equal. */
function allowed(expected: number, { amount, named }: Tolerance): number {
  const size = Math.abs(expected);
  const most = amount * Math.max(1, size);
  // Zero has no scale of its own.
  return named || size === 0 ? most : Math.min(most, Math.max(largestShare * size, roundingNoise));
}

/** By value with -0 = 0 and NaN = NaN, and within the tolerance. */
export function numbersAgree(expected: number, actual: number, tolerance: Tolerance): boolean {
  if (expected === actual || (Number.isNaN(expected) && Number.isNaN(actual))) {
    return true;
  }
  return (tolerance.named || !Number.isInteger(expected)) && isClose(expected, actual, tolerance);
}

/**
 * As {@link numbersAgree}, where one of them may be kept as it was written. Integers of any size are equal or not; `3.0` is
 * a float, so that the tolerance applies; a float equals an integer of the same value, as in Python. JavaScript's numbers
 * can't be nearer to a larger integer than the nearest double is; its bigints can.
 */
export function numericsAgree(expected: number | ExactNumber, actual: Numeric, tolerance: Tolerance): boolean {
  if (typeof expected === 'number' && typeof actual === 'number') {
    return numbersAgree(expected, actual, tolerance);
  }
  const tolerant = tolerance.named && tolerance.amount > 0 && typeof actual !== 'bigint';
  if (tolerant && isClose(doubleOf(expected), doubleOf(actual), tolerance)) {
    return true;
  }
  if (expected instanceof ExactNumber && !expected.isInteger) {
    const near = typeof actual !== 'bigint' && isClose(expected.value, doubleOf(actual), tolerance);
    return near || expected.value === doubleOf(actual);
  }
  if (typeof expected === 'number') {
    return actual instanceof ExactNumber && agreesWithExact(expected, actual, tolerance);
  }
  if (typeof actual === 'bigint') {
    return String(actual) === expected.text;
  }
  if (actual instanceof ExactNumber) {
    return actual.isInteger ? actual.text === expected.text : integerTextOf(actual.value) === expected.text;
  }
  return actual === expected.value;
}

/** A double from which an integer beyond 1e21 came, in JSON text, is written as a float and no nearer to it than that. */
const largestWritten = 1e21;

function agreesWithExact(expected: number, actual: ExactNumber, tolerance: Tolerance): boolean {
  if (actual.isInteger && Number.isInteger(expected) && Math.abs(expected) < largestWritten) {
    return integerTextOf(expected) === actual.text;
  }
  return numbersAgree(expected, actual.value, tolerance);
}

/** All digits of a whole double; undefined where it is not whole. */
function integerTextOf(value: number): string | undefined {
  return Number.isInteger(value) ? String(BigInt(value)) : undefined;
}

function doubleOf(value: Numeric): number {
  return value instanceof ExactNumber ? value.value : Number(value);
}

/** By value within the tolerance, whole or not; false for what is not finite. */
export function isClose(expected: number, actual: number, tolerance: Tolerance): boolean {
  if (!Number.isFinite(expected) || !Number.isFinite(actual)) {
    return false;
  }
  return Math.abs(expected - actual) <= allowed(expected, tolerance);
}
