import type { Prompt } from '../../protocol/runtime.ts';
import { type Expression, printExpression } from '../expression.ts';
import { type Form, sameValue } from '../forms.ts';
import { type Rational, rational } from '../rational.ts';

type Restore = Form['restore'];

/** A form with the expression that it asks for. */
export interface ArithmeticForm extends Form {
  statement: string;
}

/**
 * An expression and one that is worked differently: summands and factors in the other order, a difference turned round
 * (b - a, whose negative counts), a quotient turned round (b / a, whose reciprocal counts), and where none of that changes
 * it (12 * 12), the expression plus one.
 */
export function arithmeticForms(expression: Expression, prompt: (statement: string) => Prompt): ArithmeticForm[] {
  const { turned, restore } = turn(expression);
  const [first, second] = [printExpression(expression), printExpression(turned)];
  return [
    { statement: first, prompt: prompt(first), restore: sameValue },
    { statement: second, prompt: prompt(second), restore },
  ];
}

/** The other expression, and what its value says about the first one. */
function turn(expression: Expression): { turned: Expression; restore: Restore } {
  const turned = turnTop(expression) ?? { turned: swap(expression), restore: sameValue };
  return printExpression(turned.turned) === printExpression(expression) ? plusOne(expression) : turned;
}

function turnTop(expression: Expression): { turned: Expression; restore: Restore } | undefined {
  if (expression.kind !== 'operation' || (expression.operator !== '-' && expression.operator !== '/')) {
    return undefined;
  }
  const { operator, left, right } = expression;
  return {
    turned: { kind: 'operation', operator, left: swap(right), right: swap(left) },
    restore: operator === '-' ? (value) => value.neg() : reciprocal,
  };
}

function reciprocal(value: Rational): Rational | undefined {
  return value.n === 0n ? undefined : value.inverse();
}

/** Every sum and product inside in the other order. */
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
  const commutes = operator === '+' || operator === '*';
  return { kind: 'operation', operator, left: commutes ? right : left, right: commutes ? left : right };
}

function plusOne(expression: Expression): { turned: Expression; restore: Restore } {
  const one: Expression = { kind: 'number', value: rational(1) };
  return {
    turned: { kind: 'operation', operator: '+', left: expression, right: one },
    restore: (value) => value.sub(1),
  };
}
