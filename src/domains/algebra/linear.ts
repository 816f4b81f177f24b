import { isRejection, type Rejection } from '../domain.ts';
import { evaluateExpression } from '../evaluate.ts';
import { type Expression, parseExpression, partsOf, printExpression } from '../expression.ts';
import { isWithinBounds, type Rational, rational, rationalText, zero } from '../rational.ts';

/** A linear equation, brought to one side. */
export interface Equation {
  left: Expression;
  right: Expression;
}

/** `sum of coefficients x unknown = constant`, with a coefficient for each unknown of the system, in its order. */
interface Row {
  coefficients: readonly Rational[];
  constant: Rational;
}

/** Linear equations, parsed. */
export interface LinearSystem {
  equations: readonly Equation[];
  /** In alphabetical order. */
  unknowns: readonly string[];
  /** One for each equation. */
  rows: readonly Row[];
}

/** Longest number, digits. */
const maximumDigitsOfNumbers = 9;

/** The system that equations as text say; rejected where one is no linear equation. */
export function parseSystem(texts: readonly string[]): LinearSystem | Rejection {
  const equations: Equation[] = [];
  for (const text of texts) {
    const equation = parseEquation(text);
    if (isRejection(equation)) {
      return equation;
    }
    equations.push(equation);
  }
  return systemOf(equations);
}

function systemOf(equations: readonly Equation[]): LinearSystem | Rejection {
  const parts = equations.flatMap(({ left, right }) => [...partsOf(left), ...partsOf(right)]);
  const unknowns = [...new Set(parts.flatMap((part) => (part.kind === 'unknown' ? [part.name] : [])))].sort();
  const rows: Row[] = [];
  for (const equation of equations) {
    const row = rowOf(equation, unknowns);
    if (isRejection(row)) {
      return row;
    }
    rows.push(row);
  }
  return { equations, unknowns, rows };
}

/** An equation as text, with products as in `3*t`. */
export function printEquation({ left, right }: Equation): string {
  return `${printExpression(left, { tight: true })} = ${printExpression(right, { tight: true })}`;
}

function parseEquation(text: string): Equation | Rejection {
  const sides = text.split('=');
  if (sides.length !== 2) {
    return { reason: 'malformed', detail: `It is not an equation: "${text.trim().slice(0, 40)}".` };
  }
  const [left, right] = sides.map((side) => parseExpression(side, { digits: maximumDigitsOfNumbers, unknowns: true }));
  if (!left || !right || isRejection(left)) {
    return left && isRejection(left) ? left : notLinear;
  }
  return isRejection(right) ? right : { left, right };
}

const notLinear: Rejection = { reason: 'malformed', detail: 'An equation is not linear.' };

function rowOf({ left, right }: Equation, unknowns: readonly string[]): Row | Rejection {
  const difference = linearForm({ kind: 'operation', operator: '-', left, right });
  if (isRejection(difference)) {
    return difference;
  }
  const coefficients = unknowns.map((name) => coefficientOf(difference, name));
  return { coefficients, constant: difference.constant.neg() };
}

interface LinearForm {
  coefficients: ReadonlyMap<string, Rational>;
  constant: Rational;
}

const coefficientOf = ({ coefficients }: LinearForm, name: string): Rational => coefficients.get(name) ?? zero;

/** Coefficients and constant of an expression; rejected where it is not linear or its numbers grow too long. */
function linearForm(expression: Expression): LinearForm | Rejection {
  switch (expression.kind) {
    case 'number':
      return { coefficients: new Map(), constant: expression.value };
    case 'unknown':
      return { coefficients: new Map([[expression.name, rational(1)]]), constant: zero };
    case 'negation': {
      const of = linearForm(expression.of);
      return isRejection(of) ? of : scaled(of, rational(-1));
    }
    case 'operation': {
      const left = linearForm(expression.left);
      const right = linearForm(expression.right);
      if (isRejection(left)) {
        return left;
      }
      return isRejection(right) ? right : bounded(combine(expression, left, right));
    }
  }
}

function combine(
  expression: Extract<Expression, { kind: 'operation' }>,
  left: LinearForm,
  right: LinearForm,
): LinearForm | Rejection {
  switch (expression.operator) {
    case '+':
      return added(left, right);
    case '-':
      return added(left, scaled(right, rational(-1)));
    case '*':
      if (isConstant(left)) {
        return scaled(right, left.constant);
      }
      return isConstant(right) ? scaled(left, right.constant) : notLinear;
    case '/':
      if (!isConstant(right)) {
        return notLinear;
      }
      return right.constant.n === 0n
        ? { reason: 'division_by_zero', detail: 'An equation divides by zero.' }
        : scaled(left, right.constant.inverse());
    case '^': {
      const value = evaluateExpression(expression);
      if (isConstant(left) && isConstant(right)) {
        return isRejection(value) ? value : { coefficients: new Map(), constant: value };
      }
      return isConstant(right) && right.constant.equals(1) ? left : notLinear;
    }
  }
}

function isConstant({ coefficients }: LinearForm): boolean {
  return coefficients.size === 0;
}

function scaled({ coefficients, constant }: LinearForm, factor: Rational): LinearForm {
  return {
    coefficients: new Map([...coefficients].map(([name, value]) => [name, value.mul(factor)])),
    constant: constant.mul(factor),
  };
}

function added(a: LinearForm, b: LinearForm): LinearForm {
  const names = [...new Set([...a.coefficients.keys(), ...b.coefficients.keys()])];
  return {
    coefficients: new Map(names.map((name) => [name, coefficientOf(a, name).add(coefficientOf(b, name))])),
    constant: a.constant.add(b.constant),
  };
}

function bounded(form: LinearForm | Rejection): LinearForm | Rejection {
  if (isRejection(form)) {
    return form;
  }
  return [form.constant, ...form.coefficients.values()].every(isWithinBounds)
    ? form
    : { reason: 'numbers_too_large', detail: 'The numbers of an equation grow too long.' };
}

/**
 * The one solution, by unknown (Gauss-Jordan elimination over the rationals); undefined where there is none or more than
 * one.
 */
export function solveSystem({ rows, unknowns }: LinearSystem): ReadonlyMap<string, Rational> | undefined {
  const reduced = reduce(rows.map(({ coefficients, constant }) => [...coefficients, constant]));
  const size = unknowns.length;
  const isContradiction = (row: Rational[]): boolean => leadOf(row) === size;
  const used = reduced.filter((row) => leadOf(row) >= 0);
  if (used.some(isContradiction) || used.length !== size) {
    return undefined;
  }
  const solution = new Map(unknowns.map((name, index) => [name, used[index]?.[size] ?? zero]));
  return [...solution.values()].every(isWithinBounds) ? solution : undefined;
}

/** Reduced row echelon form; rows without any number but zero are at the end. */
function reduce(matrix: readonly (readonly Rational[])[]): Rational[][] {
  let rows = matrix.map((row) => [...row]);
  const width = rows[0]?.length ?? 0;
  let done = 0;
  for (let column = 0; column < width; column++) {
    const pivot = rows.findIndex((row, index) => index >= done && row[column]?.n !== 0n);
    const found = rows[pivot];
    const value = found?.[column];
    if (!found || !value) {
      continue;
    }
    const leading = found.map((entry) => entry.div(value));
    const others = rows.filter((_, index) => index !== pivot).map((row) => subtract(row, leading, row[column] ?? zero));
    rows = [...others.slice(0, done), leading, ...others.slice(done)];
    done++;
  }
  return rows;
}

function subtract(row: readonly Rational[], leading: readonly Rational[], factor: Rational): Rational[] {
  return row.map((entry, index) => entry.sub((leading[index] ?? zero).mul(factor)));
}

/** Index of the first number that is not zero; -1 where there is none. */
function leadOf(row: readonly Rational[]): number {
  return row.findIndex(({ n }) => n !== 0n);
}

/** One text for systems that say the same of the unknown `asked`, whatever the names, the order and the spelling. */
export function systemKey({ rows, unknowns }: LinearSystem, asked: string): string {
  const order = [asked, ...unknowns.filter((name) => name !== asked)].map((name) => unknowns.indexOf(name));
  const ordered = rows.map(({ coefficients, constant }) => [...order.map((i) => coefficients[i] ?? zero), constant]);
  const scaledRows = ordered.map((row) => {
    const lead = row.find(({ n }) => n !== 0n) ?? rational(1);
    return row.map((entry) => rationalText(entry.div(lead))).join(' ');
  });
  return [...new Set(scaledRows)].sort().join('; ');
}

/**
 * Puts a value of the unknown `known` back into the first equation that has both unknowns, and gives that of the other
 * one; undefined where no equation ties them.
 */
export function otherUnknown(system: LinearSystem, known: string): ((value: Rational) => Rational) | undefined {
  const index = system.unknowns.indexOf(known);
  const row = system.rows.find(
    ({ coefficients }) => coefficients.length === 2 && coefficients.every(({ n }) => n !== 0n),
  );
  const [a, b] = [row?.coefficients[index], row?.coefficients[1 - index]];
  return row && a && b && ((value) => row.constant.sub(a.mul(value)).div(b));
}
