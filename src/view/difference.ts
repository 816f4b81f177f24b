/** Two texts cut where they differ: `same` + `left` | `right` + `rest`. */
export interface Difference {
  same: string;
  left: string;
  right: string;
  /** What follows the first differing tokens on each side. */
  leftRest: string;
  rightRest: string;
}

/**
 * The first token in which two texts differ. Tokens are numbers, words, strings and single marks, so that `[1,12]` and
 * `[1,13]` differ in `12`, not in `2`.
 */
export function firstDifference(left: string, right: string): Difference {
  const [a, b] = [tokens(left), tokens(right)];
  let i = 0;
  while (i < a.length && i < b.length && a[i] === b[i]) {
    i++;
  }
  return {
    same: a.slice(0, i).join(''),
    left: a[i] ?? '',
    right: b[i] ?? '',
    leftRest: a.slice(i + 1).join(''),
    rightRest: b.slice(i + 1).join(''),
  };
}

function tokens(text: string): string[] {
  return text.match(/"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:e[+-]?\d+)?|\w+|\s+|[^\w\s]/giu) ?? [];
}
