import type { Libraries } from './libraries.ts';

/** The module `assert`: the package, brought up to Node 24. Turned into text (compose.ts): self-contained. */
export function makeAssertions(libraries: Libraries): object {
  type Check = (actual: unknown, expected: unknown, message?: unknown) => void;
  interface Assert {
    equal: Check;
    notEqual: Check;
    deepEqual: Check;
    notDeepEqual: Check;
    notStrictEqual: Check;
    notDeepStrictEqual: Check;
    strict: object;
  }
  const library = libraries.need('assert') as {
    assert: Assert;
    isDeepStrictEqual: (a: unknown, b: unknown) => boolean;
    isDeepEqual: (a: unknown, b: unknown) => boolean;
  };
  const { assert, isDeepStrictEqual, isDeepEqual } = library;
  const { equal, notEqual, deepEqual, notDeepEqual } = assert;
  const bothNaN = (a: unknown, b: unknown): boolean => Number.isNaN(a) && Number.isNaN(b);
  const deepAlike = (a: unknown, b: unknown): boolean => isDeepEqual(a, b) || isDeepStrictEqual(a, b);
  // In loose comparisons, too, NaN equals itself since Node 14.
  const loose: Pick<Assert, 'equal' | 'notEqual' | 'deepEqual' | 'notDeepEqual'> = {
    equal(actual, expected, message) {
      if (!bothNaN(actual, expected)) {
        equal(actual, expected, message);
      }
    },
    notEqual(actual, expected, message) {
      (bothNaN(actual, expected) ? assert.notStrictEqual : notEqual)(actual, expected, message);
    },
    deepEqual(actual, expected, message) {
      if (!deepAlike(actual, expected)) {
        deepEqual(actual, expected, message);
      }
    },
    notDeepEqual(actual, expected, message) {
      const alike = isDeepStrictEqual(actual, expected);
      (alike ? assert.notDeepStrictEqual : notDeepEqual)(actual, expected, message);
    },
  };
  return Object.assign(assert, loose);
}
