/** What an exercise works on; an exemplar of another kind is shown than the one asked for, so that it is not copied. */
export type Kind = 'array' | 'string' | 'number' | 'matrix';

/** How a statement begins: it fixes the signature and keeps groups of proposals apart. */
export interface Opening {
  kind: Kind;
  /** Ends in a whole word, without a space: the tokenizer joins a space to the word behind it. */
  text: string;
  parameters: string;
}

/** Beginnings of statements that proposer prompts draw from. */
export const openings: readonly Opening[] = [
  { kind: 'array', text: 'Given an array of integers nums, return', parameters: 'nums' },
  { kind: 'string', text: 'Given a string s, return', parameters: 's' },
  { kind: 'array', text: 'Given an array of integers nums and an integer k, return', parameters: 'nums, k' },
  { kind: 'number', text: 'Given a positive integer n, return', parameters: 'n' },
  { kind: 'string', text: 'Given an array of strings words, return', parameters: 'words' },
  { kind: 'array', text: 'Given an array of integers nums, return a new array', parameters: 'nums' },
  { kind: 'string', text: 'Given a string s and a character c, return', parameters: 's, c' },
  { kind: 'matrix', text: 'Given a matrix of integers grid, return', parameters: 'grid' },
  { kind: 'array', text: 'Given two arrays of integers a and b, return', parameters: 'a, b' },
  { kind: 'number', text: 'Given two integers a and b, return', parameters: 'a, b' },
  { kind: 'string', text: 'Given two strings s and t, return', parameters: 's, t' },
  { kind: 'array', text: 'Given an array of integers nums, count', parameters: 'nums' },
  { kind: 'string', text: 'Given a sentence s, return', parameters: 's' },
  { kind: 'number', text: 'Given a positive integer n, return an array', parameters: 'n' },
];

/** What the exercise may turn on; drawn apart from the opening, so that their products are many. */
export const ideas: readonly string[] = [
  'counting',
  'positions',
  'neighbours',
  'the largest or smallest',
  'even and odd',
  'sums',
  'repeated elements',
  'order',
  'pairs',
  'differences',
  'the first and the last',
  'divisibility',
  'removing something',
  'runs of equal elements',
  'reversing',
  'what is missing',
  'the most frequent',
];

/**
 * A worked example of the form. Its statement may not be handed in again. None has a matrix: after one, a 0.5B model
 * calls functions of plain arrays with rows, too.
 */
export interface Exemplar {
  kind: Kind;
  parameters: string;
  statement: string;
  body: string;
  calls: readonly string[];
}

/** Worked examples that proposer prompts draw from. */
export const exemplars: readonly Exemplar[] = [
  {
    kind: 'string',
    parameters: 's',
    statement: 'Given a string s, return the number of vowels (a, e, i, o, u) in it. Upper case counts too.',
    body: "  return [...s.toLowerCase()].filter((c) => 'aeiou'.includes(c)).length;",
    calls: ['"Education"', '"rhythm"', '""', '"AEIOU xyz"', '"Hello World"'],
  },
  {
    kind: 'number',
    parameters: 'a, b',
    statement: 'Given two integers a and b, return the largest integer that divides both of them.',
    body: '  while (b !== 0) {\n    [a, b] = [b, a % b];\n  }\n  return a;',
    calls: ['12, 18', '7, 5', '100, 10', '9, 0', '48, 36'],
  },
  {
    kind: 'array',
    parameters: 'nums',
    statement:
      'Given an array of integers nums, return the elements that are larger than the element directly before them.',
    body: '  return nums.filter((n, i) => i > 0 && n > nums[i - 1]);',
    calls: ['[1, 3, 2, 5]', '[4, 4, 4]', '[]', '[-2, -1]', '[9, 7, 8, 1, 6]'],
  },
  {
    kind: 'string',
    parameters: 'words',
    statement:
      'Given an array of strings words, return the longest of them. If several are equally long, return the first.',
    body: "  return words.reduce((best, word) => (word.length > best.length ? word : best), '');",
    calls: ['["fig", "banana", "kiwi"]', '["one", "two"]', '[]', '["a", "", "bbb", "cc"]', '["long", "longer", "lon"]'],
  },
];
