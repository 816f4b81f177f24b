import type { Prompt } from '../../protocol/runtime.ts';
import { type Expression, type Operator, printExpression } from '../expression.ts';
import { type Form, sameValue } from '../forms.ts';
import { type Rational, rational } from '../rational.ts';

type Restore = Form['restore'];

/** A form with the expression that it asks for. */
export interface ArithmeticForm extends Form {
  statement: string;
  /** Absent for a question in words. */
  expression?: Expression;
}

/**
 * An expression and one that is worked differently. What must hold whatever the value is: a + b is (b + k) + (a - k), and a -
 * b is (a + k) - (b + k), where b + k ends in 0; a - b is -(b - a) where it is negative; a * b is (b + 1) * a less a; a / b is
 * (a + b) / b less one; in longer expressions summands and factors commute; and where none of that fits (7 ^ 3), the
 * expression plus one. What is carried has to differ: a model that forgets to carry forgets it in both orders of 185 + 45, in
 * 52 + 178 as well, and agrees with itself. A negative result, or a sign in front, is avoided: the default model gets 33 of
 * 40 differences of three-digit numbers right, of `-b + a` none, and of `b - a` none, whose sign it drops.
 */
export function arithmeticForms(expression: Expression, prompt: (statement: string) => Prompt): ArithmeticForm[] {
  const { turned, restore } = turn(expression);
  return [formOf(expression, sameValue, prompt), formOf(turned, restore, prompt)];
}

function formOf(expression: Expression, restore: Restore, prompt: (statement: string) => Prompt): ArithmeticForm {
  const statement = printExpression(expression);
  return { statement, expression, prompt: prompt(statement), restore };
}

interface Turned {
  turned: Expression;
  /** What a value of the turned expression says about the first one. */
  restore: Restore;
}

function turn(expression: Expression): Turned {
  return turnNumbers(expression) ?? turnOrder(expression) ?? plusOne(expression);
}

function turnOrder(expression: Expression): Turned | undefined {
  const swapped = swap(expression);
  return printExpression(swapped) === printExpression(expression) ? undefined : { turned: swapped, restore: sameValue };
}

function plusOne(expression: Expression): Turned {
  return { turned: operation('+', expression, number(rational(1))), restore: less(rational(1)) };
}

/** Of one operation on two numbers; undefined where no other numbers of their size say the same. */
function turnNumbers(expression: Expression): Turned | undefined {
  if (expression.kind !== 'operation' || expression.left.kind !== 'number' || expression.right.kind !== 'number') {
    return undefined;
  }
  const { operator } = expression;
  const [a, b] = [expression.left.value, expression.right.value];
  switch (operator) {
    case '+':
      return turnSum(a, b) ?? turnSum(b, a);
    case '-':
      return a.lt(b)
        ? { turned: operation('-', expression.right, expression.left), restore: (value) => value.neg() }
        : { turned: operation('-', number(a.add(shiftOf(b))), number(b.add(shiftOf(b)))), restore: sameValue };
    case '*':
      return { turned: operation('*', number(b.add(1)), number(a)), restore: less(a) };
    case '/':
      return { turned: operation('/', number(a.add(b)), number(b)), restore: less(rational(1)) };
    case '^':
      return undefined;
  }
}

/** What makes a number end in 0; of one that does, 7: other digits, where nothing is carried anyway. */
function shiftOf(value: Rational): Rational {
  const last = value.mod(10);
  return last.equals(0) ? rational(7) : rational(10).sub(last);
}

/** Of a sum the same with b made to end in 0; undefined where too little is left of a, or where nothing changes. */
function turnSum(a: Rational, b: Rational): Turned | undefined {
  const shift = shiftOf(b);
  return a.gt(shift) && !a.sub(b).equals(shift)
    ? { turned: operation('+', number(b.add(shift)), number(a.sub(shift))), restore: sameValue }
    : undefined;
}

const less =
  (amount: Rational): Restore =>
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
