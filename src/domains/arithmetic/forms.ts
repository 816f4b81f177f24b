import type { Prompt } from '../../protocol/runtime.ts';
import { type Expression, type Operator, printExpression } from '../expression.ts';
import { type Form, sameValue } from '../forms.ts';
import { type Rational, rational } from '../rational.ts';

type Restore = Form['restore'];

/** A form with the expression that it asks for. */
export interface ArithmeticForm extends Form {
  statement: string;
}

/**
 * An expression and one that is worked differently. What must hold whatever the value is: summands and factors commute; a
 * - b is -(b - a), or (a + 7) - (b + 7); a / b is (a + b) / b less one; and where none of that fits (7 ^ 3), the
 * expression plus one. A negative result, or a sign in front, is avoided: the default model gets 33 of 40 differences of
 * three-digit numbers right, of `-b + a` none, and of `b - a` none, whose sign it drops.
 */
export function arithmeticForms(expression: Expression, prompt: (statement: string) => Prompt): ArithmeticForm[] {
  const { turned, restore } = turn(expression);
  const [first, second] = [printExpression(expression), printExpression(turned)];
  return [
    { statement: first, prompt: prompt(first), restore: sameValue },
    { statement: second, prompt: prompt(second), restore },
  ];
}

interface Turned {
  turned: Expression;
  /** What a value of the turned expression says about the first one. */
  restore: Restore;
}

function turn(expression: Expression): Turned {
  const swapped = swap(expression);
  if (printExpression(swapped) !== printExpression(expression)) {
    return { turned: swapped, restore: sameValue };
  }
  return turnNumbers(expression) ?? { turned: operation('+', expression, number(rational(1))), restore: less(1) };
}

/** Of a difference or a quotient of two numbers. */
function turnNumbers(expression: Expression): Turned | undefined {
  if (expression.kind !== 'operation' || expression.left.kind !== 'number' || expression.right.kind !== 'number') {
    return undefined;
  }
  const { operator } = expression;
  const [a, b] = [expression.left.value, expression.right.value];
  if (operator === '-') {
    return a.lt(b)
      ? { turned: operation('-', expression.right, expression.left), restore: (value) => value.neg() }
      : { turned: operation('-', number(a.add(shift)), number(b.add(shift))), restore: sameValue };
  }
  return operator === '/' ? { turned: operation('/', number(a.add(b)), number(b)), restore: less(1) } : undefined;
}

/** Added to both sides of a difference: other digits are borrowed from, while the numbers keep their size. */
const shift = 7;

const less =
  (amount: number): Restore =>
  (value) =>
    value.sub(amount);

function number(value: Rational): Expression {
  return { kind: 'number', value };
}

function operation(operator: Operator, left: Expression, right: Expression): Expression {
  return { kind: 'operation', operator, left, right };
}

/** Every sum and product inside in the other order, and what is subtracted one after the other, too. */
function swap(expression: Expression): Expression {
  if (expression.kind === 'negation') {
    return { kind: 'negation', of: swap(expression.of) };
  }
  if (expression.kind !== 'operation') {
    return expression;
  }
  const { operator } = expression;
  const left = swap(expression.left);
  const right = swap(expression.right);
  if (operator === '+' || operator === '*') {
    return operation(operator, right, left);
  }
  return operator === '-' && left.kind === 'operation' && left.operator === '-'
    ? operation('-', operation('-', left.left, right), left.right)
    : operation(operator, left, right);
}
