import { uniform } from '../../base/random.ts';
import type { Prompt } from '../../protocol/runtime.ts';
import { type AnswerForm, directPrompt, thinkPrompt } from '../answer-form.ts';
import type { Operator } from '../expression.ts';

/** What a proposal of prescribed size begins with, and what it is cut off again by. */
export const proposalOpening = 'Problem:';

const kinds: Readonly<Record<Operator, string>> = {
  '+': 'addition',
  '-': 'subtraction',
  '*': 'multiplication',
  '/': 'exact division',
  '^': 'power',
};
const sizes = ['one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine'];
/** `a two-digit number`. */
const sized = (digits: number): string => `${digits === 8 ? 'an' : 'a'} ${sizes[digits - 1] ?? digits}-digit number`;

/** Numbers of the shown problems, so that groups differ. */
const shownProblems = 3;

/** What a random number of a prompt is for, as part of its key. */
const keys = { operator: 1, left: 2, right: 3, shown: 4 } as const;

interface Shape {
  operator: Operator;
  /** Digits of the first and the second number. */
  left: number;
  right: number;
}

/** What proposals of prescribed sizes are about. */
export interface SizedProposals {
  operators: readonly Operator[];
  /** Longest number, digits. */
  digits: number;
  /** `long`: a pair of sizes as often as it has products of digits, squared; `uniform`: each as often. */
  sizes: 'uniform' | 'long';
}

/**
 * Asks for one operation on numbers of prescribed sizes: left to itself a small model writes what is no expression in
 * every second proposal. `variant` draws the operator, the sizes and the problems that are shown.
 */
export function sizedProposerPrompt(variant: number, options: SizedProposals): Prompt {
  const shape = drawShape(variant, options);
  const shown = Array.from({ length: shownProblems }, (_, index) => drawProblem(shape, variant, index));
  const lines = shown.map((problem) => `${proposalOpening} ${problem}`).join('\n');
  const content = `Write one more ${describe(shape)}, in the form of these problems. Choose other, unpredictable numbers, and do not solve it.\n\n${lines}`;
  return { messages: [{ role: 'user', content }], prefill: proposalOpening };
}

/** Asks for any problem with numbers of up to so many digits (arXiv 2508.03682, in other words). */
export function freeProposerPrompt(digits: number): Prompt {
  const content = `Make up one arithmetic problem. Its numbers have at most ${sizes[digits - 1] ?? digits} digits, and nobody should be able to guess them. Reply with the problem alone, as one expression, and do not solve it.`;
  return { messages: [{ role: 'user', content }] };
}

function describe({ operator, left, right }: Shape): string {
  const kind = kinds[operator];
  switch (operator) {
    case '^':
      return `${kind} of ${sized(left)}, with the exponent 2 or 3`;
    case '-':
      return `${kind} of ${sized(right)} from ${sized(left)}`;
    case '/':
      return `${kind} of ${sized(left)} by ${sized(right)}`;
    case '+':
    case '*':
      return `${kind} of ${sized(left)} and ${sized(right)}`;
  }
}

/**
 * Uniform over operators, then over sizes as the settings say; what a child knows by heart (two one-digit numbers) is not
 * asked for. A number is taken from, or divided by, one that is no longer than it.
 */
function drawShape(variant: number, { operators, digits, sizes: rule }: SizedProposals): Shape {
  const operator = operators[drawBelow(operators.length, variant, keys.operator)] ?? '*';
  const [first, second] =
    rule === 'long'
      ? drawLongSizes(digits, uniform(variant, keys.left))
      : [1 + drawBelow(digits, variant, keys.left), 1 + drawBelow(digits, variant, keys.right)];
  const isKnown = first === 1 && second === 1 && operator !== '^';
  const left = isKnown ? Math.min(2, digits) : first;
  return isOrdered(operator)
    ? { operator, left: Math.max(left, second), right: Math.min(left, second) }
    : { operator, left, right: second };
}

/** A pair of sizes by the inverse of its cumulative weight. `drawn`: in [0, 1). */
function drawLongSizes(digits: number, drawn: number): [left: number, right: number] {
  const all = Array.from({ length: digits }, (_, index) => index + 1);
  const pairs = all.flatMap((left) => all.map((right): [number, number] => [left, right]));
  const weight = ([left, right]: [number, number]): number => (left * right) ** 2;
  let rest = drawn * pairs.reduce((sum, pair) => sum + weight(pair), 0);
  return pairs.find((pair) => (rest -= weight(pair)) < 0) ?? [digits, digits];
}

function isOrdered(operator: Operator): boolean {
  return operator === '-' || operator === '/';
}

function drawProblem({ operator, left, right }: Shape, variant: number, index: number): string {
  const number = (digits: number, key: number): number => {
    const least = digits === 1 ? 2 : 10 ** (digits - 1);
    return least + drawBelow(10 ** digits - least, variant, keys.shown, index, key);
  };
  const a = number(left, keys.left);
  const b = operator === '^' ? 2 + drawBelow(2, variant, keys.shown, index, keys.right) : number(right, keys.right);
  const [first, second] = isOrdered(operator) ? [Math.max(a, b), Math.min(a, b)] : [a, b];
  // Quotients that come out even: another fraction in lowest terms is its own answer.
  return `${operator === '/' ? first - (first % second) : first} ${operator} ${second}`;
}

function drawBelow(bound: number, ...key: number[]): number {
  return Math.floor(uniform(...key) * bound);
}

/** Asks for the value of `statement`; `expression`: whether it is one, so that a working can be begun. */
export function solverPrompt(statement: string, form: AnswerForm, expression = true): Prompt {
  switch (form) {
    case 'direct':
      return directPrompt('Calculate.', statement);
    case 'think':
      return thinkPrompt(`Calculate: ${statement}`);
    case 'working':
      return expression ? workingPrompt(statement) : directPrompt('Solve the problem.', statement);
  }
}

const exampleOfProduct =
  '518 * 364 = 518 * (300 + 60 + 4) = 518 * 300 + 518 * 60 + 518 * 4 = 155400 + 31080 + 2072 = 186480 + 2072 = 188552';
const exampleOfChain = '358 - 129 + 67 = 229 + 67 = 296';

/**
 * Asks for a working in one line. The prefill begins it, since a model that may answer at once does so: `163 * 856 = 163
 *` leads to the partial products.
 */
function workingPrompt(expression: string): Prompt {
  const factors = /^(\d+) \* (\d+)$/.exec(expression);
  const example = factors ? exampleOfProduct : exampleOfChain;
  const content = `Calculate step by step in one line, as in this example:\n\n${example}\n\n${expression}`;
  const [, left = '', right = ''] = factors ?? [];
  return {
    messages: [{ role: 'user', content }],
    prefill: `${expression} =${factors ? beginningOfProduct(left, right) : ''}`,
  };
}

/** The first factor of the working: ` 163 *`, where the other one has parts to be multiplied by. */
function beginningOfProduct(left: string, right: string): string {
  const hasParts = (digits: string): boolean => /[1-9]\d*[1-9]/.test(digits);
  if (hasParts(right)) {
    return ` ${left} *`;
  }
  const largestPart = `${left[0] ?? ''}${'0'.repeat(left.length - 1)}`;
  return hasParts(left) ? ` ${largestPart} *` : '';
}
