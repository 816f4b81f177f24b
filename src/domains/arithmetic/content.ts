import * as z from 'zod';
import { type Question, type Rejection, isRejection } from '../domain.ts';
import { evaluateExpression } from '../evaluate.ts';
import { type Expression, parseExpression, printExpression } from '../expression.ts';
import { parseValue } from '../value.ts';
import { type Rational, rationalText } from '../rational.ts';

/**
 * What an arithmetic question holds: its expression, or, for a question in words from a file, the answer that the file
 * gives (canonical text).
 */
export const ArithmeticContent = z
  .object({ expression: z.string().optional(), answer: z.string().optional() })
  .refine(
    ({ expression, answer }) => expression !== undefined || answer !== undefined,
    'has no expression and no answer',
  );
export type ArithmeticContent = z.infer<typeof ArithmeticContent>;
/** An expression as a question. */
export type ArithmeticQuestion = Question<ArithmeticContent>;

/** Longest number of a question from a file, digits. */
const digitsInFiles = 12;

/** The question of an expression; its statement is the expression. */
export function expressionQuestion(id: string, expression: Expression): ArithmeticQuestion {
  const text = printExpression(expression);
  return { id, statement: text, content: { expression: text } };
}

/** The parsed expression of a question; undefined for one in words. Throws RangeError for a damaged record. */
export function expressionOf({ id, content }: ArithmeticQuestion): Expression | undefined {
  if (content.expression === undefined) {
    return undefined;
  }
  const parsed = parseExpression(content.expression, { digits: digitsInFiles, unknowns: false });
  if (isRejection(parsed)) {
    throw new RangeError(`The question ${id} holds no expression: ${parsed.detail}`);
  }
  return parsed;
}

/** The true value; undefined where it has none. */
export function truthOf(question: ArithmeticQuestion): Rational | undefined {
  const expression = expressionOf(question);
  if (!expression) {
    return parseValue(question.content.answer ?? '');
  }
  const value = evaluateExpression(expression);
  return isRejection(value) ? undefined : value;
}

/** Words around an expression that ask for its value. */
const opening =
  /^\s*(?:please\s+)?(?:calculate|compute|evaluate|solve|simplify|find|determine|work out|what(?:\s+is|'s)|how much is)\b\s*:?\s*(?:the\s+(?:exact\s+)?(?:value|result|answer|product|sum|difference)\s+of\b)?\s*:?/i;
/** Signs behind an expression that ask for its value. */
const endings = '=?_.';

/** Words for operators, between numbers. */
const operatorWords: readonly [RegExp, string][] = [
  [/\s(?:plus|added to)\s/gi, ' + '],
  [/\sminus\s/gi, ' - '],
  [/\s(?:times|multiplied by)\s/gi, ' * '],
  [/\sdivided by\s/gi, ' / '],
];

/** A question's text without the words that ask for its value: `What is 12 times 7?` -> `12 * 7`. */
export function bareExpression(text: string): string {
  const bare = withoutEnding(text.replace(opening, '')).trim();
  return operatorWords.reduce((changed, [words, sign]) => changed.replaceAll(words, sign), bare);
}

function withoutEnding(text: string): string {
  let end = text.length;
  while (end > 0 && (endings.includes(text.charAt(end - 1)) || text.charAt(end - 1).trim() === '')) {
    end--;
  }
  return text.slice(0, end);
}

const Row = z.union([
  z.object({ expression: z.string(), answer: z.union([z.string(), z.number()]).optional() }),
  z.object({ question: z.string(), answer: z.union([z.string(), z.number()]) }),
]);

/**
 * A question from a row `{expression}`, `{expression, answer}` or `{question, answer}` (the answer behind `####`, as
 * GSM8K has it, or alone). Throws where the row is none, and where its answer is not the value of its expression.
 */
export function readRow(row: unknown, id: string): ArithmeticQuestion {
  const parsed = Row.parse(row);
  const given = parsed.answer === undefined ? undefined : givenAnswer(String(parsed.answer));
  const text = 'expression' in parsed ? parsed.expression : parsed.question;
  const expression = parseExpression(bareExpression(text), { digits: digitsInFiles, unknowns: false });
  if (!isRejection(expression)) {
    return checked(expressionQuestion(id, expression), expression, given);
  }
  if ('expression' in parsed || given === undefined) {
    throw new Error(expression.detail);
  }
  return { id, statement: text.trim(), content: { answer: rationalText(given) } };
}

function givenAnswer(text: string): Rational {
  const value = parseValue(text.slice(text.lastIndexOf('####') + (text.includes('####') ? 4 : 1)).trim());
  if (!value) {
    throw new Error(`its answer is not a number: "${text.slice(-40)}"`);
  }
  return value;
}

function checked(
  question: ArithmeticQuestion,
  expression: Expression,
  given: Rational | undefined,
): ArithmeticQuestion {
  const value: Rational | Rejection = evaluateExpression(expression);
  if (isRejection(value)) {
    throw new Error(value.detail);
  }
  if (given && !given.equals(value)) {
    throw new Error(`its answer ${rationalText(given)} is not the value ${rationalText(value)}`);
  }
  return question;
}
