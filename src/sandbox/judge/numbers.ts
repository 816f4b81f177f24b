import { ExactNumber } from '../../protocol/json.ts';

/** A number of a test or of a result; a bigint is JavaScript's. */
export type Numeric = number | bigint | ExactNumber;

export function isNumeric(value: unknown): value is Numeric {
  return typeof value === 'number' || typeof value === 'bigint' || value instanceof ExactNumber;
}

/**
 * By value with -0 = 0 and NaN = NaN. A tolerance, absolute or relative, applies only where the expected value is no
 * integer: an integer answer is either right or wrong.
 */
export function numbersAgree(expected: number, actual: number, tolerance: number): boolean {
  if (expected === actual || (Number.isNaN(expected) && Number.isNaN(actual))) {
    return true;
  }
  return !Number.isInteger(expected) && isClose(expected, actual, tolerance);
}

/**
 * As {@link numbersAgree}, where one of them may be kept as it was written. Integers of any size are equal or not; `3.0` is
 * a float, so that the tolerance applies; a float equals an integer of the same value, as in Python. JavaScript's numbers
 * can't be nearer to a larger integer than the nearest double is; its bigints can.
 */
export function numericsAgree(expected: number | ExactNumber, actual: Numeric, tolerance: number): boolean {
  if (typeof expected === 'number' && typeof actual === 'number') {
    return numbersAgree(expected, actual, tolerance);
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

function agreesWithExact(expected: number, actual: ExactNumber, tolerance: number): boolean {
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

function isClose(expected: number, actual: number, tolerance: number): boolean {
  if (!Number.isFinite(expected) || !Number.isFinite(actual)) {
    return false;
  }
  return Math.abs(expected - actual) <= tolerance * Math.max(1, Math.abs(expected));
}
