import { isRejection, type Rejection } from '../domain.ts';
import { evaluateExpression } from '../evaluate.ts';
import { type Expression, type Operator, parseExpression, partsOf, printExpression } from '../expression.ts';
import { type Rational, rational, rationalText, zero } from '../rational.ts';
import { bareExpression } from './content.ts';
import { proposalOpening } from './prompts.ts';

/** What an expression is held to. */
export interface ArithmeticGuards {
  /** Operators that an expression may have. */
  operators: readonly Operator[];
  /** Longest number, digits. */
  digits: number;
  /** Most operations. */
  operations: number;
}

/** Longest proposal that is looked at, characters. */
const maximumProposal = 1000;

/** The expression of a proposal: the line behind its opening, or all of it. */
export function parseProposal(proposal: string, { digits }: ArithmeticGuards): Expression | Rejection {
  if (proposal.length > maximumProposal) {
    return { reason: 'statement_too_long', detail: `The proposal has more than ${maximumProposal} characters.` };
  }
  const text = proposal.trim().startsWith(proposalOpening)
    ? (proposal.trim().slice(proposalOpening.length).trim().split('\n')[0] ?? '')
    : proposal;
  if (/<\/?(?:answer|think)\b|\\boxed|####/i.test(text)) {
    return { reason: 'contains_solution', detail: 'The question has the mark of an answer.' };
  }
  const bare = bareExpression(text);
  if (bare === '') {
    return { reason: 'too_short', detail: 'There is no expression.' };
  }
  if (/=\s*\S/.test(bare)) {
    return { reason: 'contains_solution', detail: 'The question has something behind an equals sign.' };
  }
  return parseExpression(bare, { digits, unknowns: false });
}

/** The first objection to an expression, or undefined. */
export function checkExpression(expression: Expression, guards: ArithmeticGuards): Rejection | undefined {
  const operations = partsOf(expression).flatMap((part) => (part.kind === 'operation' ? [part] : []));
  if (operations.length > guards.operations) {
    return { reason: 'statement_too_long', detail: `The expression has more than ${guards.operations} operations.` };
  }
  const foreign = operations.find(({ operator }) => !guards.operators.includes(operator));
  if (foreign) {
    return {
      reason: 'off_topic',
      detail: `The operator ${foreign.operator} is not among ${guards.operators.join(' ')}.`,
    };
  }
  const value = evaluateExpression(expression);
  if (isRejection(value)) {
    return value;
  }
  if (isLowestQuotient(expression, value)) {
    return { reason: 'trivial', detail: 'It is a fraction in lowest terms, and so its own answer.' };
  }
  return operations.every(isIdentity)
    ? { reason: 'trivial', detail: 'Nothing has to be calculated: its operations change nothing.' }
    : undefined;
}

function isLowestQuotient(expression: Expression, value: Rational): boolean {
  return rationalText(value) === printExpression(expression).replaceAll(' ', '');
}

const one = rational(1);

/** x + 0, x - 0, 1 * x, 0 * x, x / 1, 0 / x, x ^ 1, x ^ 0, 1 ^ x, x - x, x / x. */
function isIdentity({ operator, left, right }: Extract<Expression, { kind: 'operation' }>): boolean {
  const is = (part: Expression, value: Rational): boolean => part.kind === 'number' && part.value.equals(value);
  const areEqual = left.kind === 'number' && is(right, left.value);
  switch (operator) {
    case '+':
      return is(left, zero) || is(right, zero);
    case '-':
      return is(right, zero) || areEqual;
    case '*':
      return [left, right].some((part) => is(part, zero) || is(part, one));
    case '/':
      return is(right, one) || is(left, zero) || areEqual;
    case '^':
      return is(right, one) || is(right, zero) || is(left, one);
  }
}
