import { isRejection, type Rejection } from './domain.ts';
import type { Expression, Operator } from './expression.ts';
import { isWithinBounds, maximumDigits, type Rational, rational } from './rational.ts';

/**
 * The exact value of an expression, or why it has none here: division by zero, a power that is no whole number, numbers
 * of more than {@link maximumDigits} digits (which are never computed: a power is measured first). `unknowns`: values of
 * the letters.
 */
export function evaluateExpression(
  expression: Expression,
  unknowns: ReadonlyMap<string, Rational> = new Map(),
): Rational | Rejection {
  switch (expression.kind) {
    case 'number':
      return bounded(expression.value);
    case 'unknown':
      return (
        unknowns.get(expression.name) ?? { reason: 'malformed', detail: `The letter ${expression.name} has no value.` }
      );
    case 'negation': {
      const value = evaluateExpression(expression.of, unknowns);
      return isRejection(value) ? value : value.neg();
    }
    case 'operation': {
      const left = evaluateExpression(expression.left, unknowns);
      const right = evaluateExpression(expression.right, unknowns);
      if (isRejection(left)) {
        return left;
      }
      return isRejection(right) ? right : apply(expression.operator, left, right);
    }
  }
}

function apply(operator: Operator, left: Rational, right: Rational): Rational | Rejection {
  switch (operator) {
    case '+':
      return bounded(left.add(right));
    case '-':
      return bounded(left.sub(right));
    case '*':
      return bounded(left.mul(right));
    case '/':
      return right.n === 0n ? divisionByZero : bounded(left.div(right));
    case '^':
      return power(left, right);
  }
}

const divisionByZero: Rejection = { reason: 'division_by_zero', detail: 'It divides by zero.' };
const tooLarge: Rejection = {
  reason: 'numbers_too_large',
  detail: `A value on the way has more than ${maximumDigits} digits.`,
};

function bounded(value: Rational): Rational | Rejection {
  return isWithinBounds(value) ? value : tooLarge;
}

function power(base: Rational, exponent: Rational): Rational | Rejection {
  if (exponent.d !== 1n) {
    return { reason: 'malformed', detail: 'A power is not a whole number.' };
  }
  if (base.n === 0n) {
    // 0 ^ 0 has no value that everybody agrees on.
    return exponent.n > 0n && exponent.s > 0n ? base : divisionByZero;
  }
  if (base.n === 1n && base.d === 1n) {
    return exponent.n % 2n === 0n ? base.abs() : base;
  }
  const digits = BigInt(Math.max(String(base.n).length, String(base.d).length) - 1);
  const isLong = exponent.n > 4n * BigInt(maximumDigits) || digits * exponent.n > BigInt(maximumDigits);
  if (isLong) {
    return tooLarge;
  }
  const size = Number(exponent.n);
  const raised = rational(base.s ** BigInt(size) * base.n ** BigInt(size), base.d ** BigInt(size));
  return bounded(exponent.s < 0n ? raised.inverse() : raised);
}
