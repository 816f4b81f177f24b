import * as z from 'zod';

declare global {
  interface JSON {
    /** Text that JSON.stringify writes as it is. */
    rawJSON(text: string): object;
    isRawJSON(value: unknown): boolean;
    parse(text: string, reviver: (key: string, value: unknown, context: { source?: string }) => unknown): unknown;
  }
}

/**
 * A JSON number that a double does not keep as it was written: an integer beyond 2 ** 53, or a float whose value is whole
 * (`3.0`, `1e5`). Python tells an int from a float and counts without end, so that such a number has to go from the file of
 * a problem to the interpreter and back as text. JSON.stringify writes the text as it is.
 */
export class ExactNumber {
  readonly text: string;

  /** `text`: a number as JSON writes it. */
  constructor(text: string) {
    this.text = text;
  }

  /** An integer of any size; else a float. */
  get isInteger(): boolean {
    return integerText.test(this.text);
  }

  /** The nearest double; infinite beyond the largest. */
  get value(): number {
    return Number(this.text);
  }

  toJSON(): unknown {
    return JSON.rawJSON(this.text);
  }
}

/** What JSON can say, with numbers as they were written. */
export type JsonValue = string | number | boolean | null | ExactNumber | JsonValue[] | { [key: string]: JsonValue };

const integerText = /^-?\d+$/;
/** Only a text with one of these can hold a number that is kept as text; others take the short way. */
const mayBeExact = /\d{16}|\d\.0|\d[eE]/;

/** Levels of nesting of a value: far beyond any honest test, far below what a stack of calls can take. */
export const maxJsonDepth = 500;
/** A file or request holds values some levels down. */
const maxDocumentDepth = maxJsonDepth + 20;

/** JSON.parse that keeps numbers as {@link ExactNumber} where a double would not. Throws SyntaxError where it is no JSON. */
export function parseJson(text: string): unknown {
  const value: unknown = JSON.parse(text);
  // Deeper than that, no schema takes it; the second way would come to the end of the stack.
  if (!mayBeExact.test(text) || !isWithinDepth(value, maxDocumentDepth)) {
    return value;
  }
  return JSON.parse(text, (_key: string, member: unknown, { source }: { source?: string }) =>
    typeof member === 'number' && source !== undefined ? numberOf(member, source) : member,
  );
}

function numberOf(value: number, source: string): number | ExactNumber {
  const kept = integerText.test(source)
    ? Number.isSafeInteger(value)
    : Number.isFinite(value) && !Number.isInteger(value);
  return kept ? value : new ExactNumber(source);
}

/** False where a value is nested deeper than `levels`. */
export function isWithinDepth(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) {
    return true;
  }
  if (levels === 0) {
    return false;
  }
  const members: unknown[] = Array.isArray(value) ? value : Object.values(value);
  return members.every((member) => isWithinDepth(member, levels - 1));
}

/** True for plain data: no functions, no dates, no numbers without end, no circles. */
function isJson(value: unknown, levels: number): value is JsonValue {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return true;
    case 'number':
      return Number.isFinite(value);
    case 'object':
      return value === null || value instanceof ExactNumber || (levels > 0 && hasJsonMembers(value, levels - 1));
    default:
      return false;
  }
}

function hasJsonMembers(value: object, levels: number): boolean {
  if (Array.isArray(value)) {
    return value.every((item) => isJson(item, levels));
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  const plain = prototype === Object.prototype || prototype === null;
  return plain && Object.values(value).every((member) => isJson(member, levels));
}

/** A value of a test. It is taken as it is: neither a key nor a number is changed on the way. */
export const JsonValue: z.ZodType<JsonValue> = z.custom<JsonValue>((value) => isJson(value, maxJsonDepth), {
  error: `Invalid input: expected JSON data that is nested at most ${maxJsonDepth} levels deep`,
});
