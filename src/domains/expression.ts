import { type Expression as Node, parseExpressionAt } from 'acorn';
import type { Rejection } from './domain.ts';
import { plainMathematics } from './notation.ts';
import { parseDecimal, type Rational, rationalText } from './rational.ts';

/** Operators of expressions. */
export const operators = ['+', '-', '*', '/', '^'] as const;
export type Operator = (typeof operators)[number];

/** A parsed arithmetic expression. Numbers carry no sign; a sign is a `negation`. */
export type Expression =
  | { kind: 'number'; value: Rational }
  | { kind: 'unknown'; name: string }
  | { kind: 'negation'; of: Expression }
  | { kind: 'operation'; operator: Operator; left: Expression; right: Expression };

/** What an expression may be at most. */
export interface ExpressionLimits {
  /** Longest number, digits. */
  digits: number;
  /** Whether single letters are unknowns. */
  unknowns: boolean;
}

/** Longest text that is looked at, characters: what follows is then fast whatever the text. */
const maximumLength = 200;
/** Most numbers, operators and brackets. */
const maximumTokens = 64;

/**
 * A tree of an expression as people, models and LaTeX write it. The grammar is that of JavaScript with `^` for powers: a
 * sign directly before a power (-2 ^ 2) is rejected, as it is read in two ways.
 */
export function parseExpression(text: string, limits: ExpressionLimits): Expression | Rejection {
  if (text.length > maximumLength) {
    return { reason: 'statement_too_long', detail: `The expression has more than ${maximumLength} characters.` };
  }
  const tokens = tokenise(text, limits);
  if (!Array.isArray(tokens)) {
    return tokens;
  }
  return checkTokens(tokens, limits) ?? parseTokens(tokens);
}

function tokenise(text: string, { unknowns }: ExpressionLimits): string[] | Rejection {
  const plain = plainMathematics(text, { letters: unknowns });
  if (/\p{Nd}/u.test(plain.replaceAll(/[0-9]/g, ''))) {
    return { reason: 'other_digits', detail: 'It has digits of another script than 0 to 9.' };
  }
  const pattern = /\s*(\d{1,3}(?:,\d{3})+(?![\d,])|\d+(?:\.\d+)?|\.\d+|[a-z](?![a-z])|[-+*/^()])/iy;
  const tokens: string[] = [];
  while (pattern.lastIndex < plain.trimEnd().length) {
    const start = pattern.lastIndex;
    const token = pattern.exec(plain)?.[1];
    if (token === undefined || (/[a-z]/i.test(token) && !unknowns)) {
      return { reason: 'malformed', detail: `It is not an expression: "${plain.slice(start, start + 20).trim()}".` };
    }
    if (isFactorStart(token) && isFactorEnd(tokens.at(-1)) && !(isNumber(token) && isNumber(tokens.at(-1)))) {
      tokens.push('*');
    }
    tokens.push(token.replaceAll(',', ''));
  }
  return tokens;
}

const isNumber = (token = ''): boolean => /^[\d.]/.test(token);
/** `3x`, `2(y - 1)`: two factors side by side. */
const isFactorStart = (token: string): boolean => /^[a-z(]/i.test(token);
const isFactorEnd = (token = ''): boolean => /^[\d.a-z)]/i.test(token);

function checkTokens(tokens: readonly string[], { digits }: ExpressionLimits): Rejection | undefined {
  if (tokens.length > maximumTokens) {
    return { reason: 'statement_too_long', detail: `The expression has more than ${maximumTokens} parts.` };
  }
  const long = tokens.find((token) => isNumber(token) && token.replace('.', '').length > digits);
  if (long !== undefined) {
    return { reason: 'numbers_too_large', detail: `The number ${long} has more than ${digits} digits.` };
  }
  let open = 0;
  for (const token of tokens) {
    open += token === '(' ? 1 : token === ')' ? -1 : 0;
    if (open < 0) {
      break;
    }
  }
  return open === 0 ? undefined : { reason: 'unbalanced_brackets', detail: 'Its brackets do not match.' };
}

/** acorn sees names in place of numbers, so that no JavaScript spelling of a number (0x1F, 1e9, 017) means anything. */
function parseTokens(tokens: readonly string[]): Expression | Rejection {
  const names = tokens.map((token, index) => (isNumber(token) ? `n${index}` : token === '^' ? '**' : token));
  const leaves = new Map(
    tokens.map((token, index): [string, Expression] => [
      names[index] ?? '',
      isNumber(token) ? { kind: 'number', value: parseDecimal(token) } : { kind: 'unknown', name: token },
    ]),
  );
  const source = names.join(' ');
  try {
    const node = parseExpressionAt(source, 0, { ecmaVersion: 2020 });
    const rest = source.slice(node.end).replaceAll(/[\s)]/g, '');
    const tree = rest === '' ? fromNode(node, leaves) : undefined;
    return tree ?? malformed;
  } catch (error) {
    if (error instanceof SyntaxError) {
      return malformed;
    }
    throw error;
  }
}

const malformed: Rejection = { reason: 'malformed', detail: 'It is not an expression of numbers and operators.' };

function fromNode(node: Node, leaves: ReadonlyMap<string, Expression>): Expression | undefined {
  if (node.type === 'Identifier') {
    return leaves.get(node.name);
  }
  if (node.type === 'UnaryExpression') {
    const of = fromNode(node.argument, leaves);
    if (!of || (node.operator !== '-' && node.operator !== '+')) {
      return undefined;
    }
    return node.operator === '-' ? { kind: 'negation', of } : of;
  }
  if (node.type === 'BinaryExpression' && node.left.type !== 'PrivateIdentifier') {
    const operator = operators.find((known) => known === (node.operator === '**' ? '^' : node.operator));
    const left = fromNode(node.left, leaves);
    const right = fromNode(node.right, leaves);
    return operator && left && right ? { kind: 'operation', operator, left, right } : undefined;
  }
  return undefined;
}

const precedence: Readonly<Record<Operator, number>> = { '+': 1, '-': 1, '*': 2, '/': 2, '^': 4 };
const precedenceOfNegation = 3;

/** The expression as text that parses to it again. `tight`: products without spaces (`3*t`). */
export function printExpression(expression: Expression, { tight = false } = {}): string {
  const print = (inner: Expression): string => printExpression(inner, { tight });
  const bracketed = (inner: Expression, least: number): string =>
    precedenceOf(inner) < least ? `(${print(inner)})` : print(inner);
  switch (expression.kind) {
    case 'number':
      return expression.value.toString();
    case 'unknown':
      return expression.name;
    case 'negation':
      // `--5` is no expression, and `-2 ^ 2` is read in two ways.
      return `-${bracketed(expression.of, 5)}`;
    case 'operation': {
      const { operator, left, right } = expression;
      const own = precedence[operator];
      // Powers group from the right, the others from the left.
      const [least, most] = operator === '^' ? [own + 1, own] : [own, own + 1];
      const gap = tight && own > 1 ? '' : ' ';
      return `${bracketed(left, least)}${gap}${operator}${gap}${bracketed(right, right.kind === 'negation' ? 5 : most)}`;
    }
  }
}

function precedenceOf(expression: Expression): number {
  switch (expression.kind) {
    case 'operation':
      return precedence[expression.operator];
    case 'negation':
      return precedenceOfNegation;
    case 'number':
    case 'unknown':
      return 5;
  }
}

/** One text for all expressions that differ in the order of summands and factors alone. */
export function canonicalKey(expression: Expression): string {
  switch (expression.kind) {
    case 'number':
      return rationalText(expression.value);
    case 'unknown':
      return expression.name;
    case 'negation':
      return chain(summands(expression, true));
    case 'operation': {
      const { operator, left, right } = expression;
      if (operator === '^') {
        return `(${canonicalKey(left)})^(${canonicalKey(right)})`;
      }
      return chain(operator === '+' || operator === '-' ? summands(expression, true) : factors(expression, true));
    }
  }
}

const chain = (parts: string[]): string => `[${parts.sort().join(' ')}]`;

function summands(expression: Expression, positive: boolean): string[] {
  if (expression.kind === 'negation') {
    return summands(expression.of, !positive);
  }
  if (expression.kind === 'operation' && (expression.operator === '+' || expression.operator === '-')) {
    const { operator, left, right } = expression;
    return [...summands(left, positive), ...summands(right, operator === '+' ? positive : !positive)];
  }
  return [`${positive ? '+' : '-'}${canonicalKey(expression)}`];
}

function factors(expression: Expression, numerator: boolean): string[] {
  if (expression.kind === 'operation' && (expression.operator === '*' || expression.operator === '/')) {
    const { operator, left, right } = expression;
    return [...factors(left, numerator), ...factors(right, operator === '*' ? numerator : !numerator)];
  }
  return [`${numerator ? '*' : '/'}${canonicalKey(expression)}`];
}

/** Every part of an expression, itself first. */
export function partsOf(expression: Expression): Expression[] {
  switch (expression.kind) {
    case 'number':
    case 'unknown':
      return [expression];
    case 'negation':
      return [expression, ...partsOf(expression.of)];
    case 'operation':
      return [expression, ...partsOf(expression.left), ...partsOf(expression.right)];
  }
}
