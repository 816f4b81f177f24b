import type { Libraries } from './libraries.ts';

/**
 * The module `assert`: the package, whose `equal` takes NaN as Node has done since version 14. Turned into text
 * (compose.ts): self-contained.
 */
export function makeAssertions(libraries: Libraries): object {
  type Check = (actual: unknown, expected: unknown, message?: unknown) => void;
  type Assert = Record<'equal' | 'notEqual' | 'strictEqual' | 'notStrictEqual', Check>;
  const assert = libraries.need('assert')['assert'] as Assert;
  const { equal, notEqual, strictEqual, notStrictEqual } = assert;
  const bothNaN = (a: unknown, b: unknown): boolean => Number.isNaN(a) && Number.isNaN(b);
  const loose: Pick<Assert, 'equal' | 'notEqual'> = {
    equal: (actual, expected, message) => {
      (bothNaN(actual, expected) ? strictEqual : equal)(actual, expected, message);
    },
    notEqual: (actual, expected, message) => {
      (bothNaN(actual, expected) ? notStrictEqual : notEqual)(actual, expected, message);
    },
  };
  return Object.assign(assert, loose);
}
