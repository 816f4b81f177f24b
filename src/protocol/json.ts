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

/**
 * JSON.parse that keeps numbers as {@link ExactNumber} where a double would not, and the order of keys for
 * {@link writeJson}. Throws SyntaxError where it is no JSON.
 */
export function parseJson(text: string): unknown {
  const value: unknown = JSON.parse(text);
  const isReordered = indexKey.test(text);
  // Deeper than that, no schema takes it; the second way would come to the end of the stack.
  if (!(isReordered || mayBeExact.test(text)) || !isWithinDepth(value, maxDocumentDepth)) {
    return value;
  }
  const mark = isReordered ? markOutside(text) : '';
  return JSON.parse(mark === '' ? text : withMarkedKeys(text, mark), (_key: string, member: unknown, { source }) => {
    if (typeof member === 'number') {
      return source === undefined ? member : numberOf(member, source);
    }
    const isMarked = mark !== '' && typeof member === 'object' && member !== null && !Array.isArray(member);
    return isMarked && !(member instanceof ExactNumber) ? withOrder(member, mark) : member;
  });
}

/** A key that JavaScript moves in front of others, in the order of the numbers. Python keeps keys as they are written. */
const indexKey = /"\d+"\s*:/;
const keyOrder = Symbol('keys in the order of the text');

/** What no key of `text` begins with: more of a private character than it has. '' where it is full of them. */
function markOutside(text: string): string {
  const count = text.split(/\ue000|\\ue000/i).length;
  return count > 10 ? '' : '\ue000'.repeat(count);
}

/** Only a string in front of a colon is a key. */
function withMarkedKeys(text: string, mark: string): string {
  return text.replace(/"(?:[^"\\]|\\.)*"/g, (quoted: string, at: number) =>
    /^"\d+"$/.test(quoted) && isKey(text, at + quoted.length) ? `"${mark}${quoted.slice(1)}` : quoted,
  );
}

function isKey(text: string, end: number): boolean {
  let next = end;
  while (' \t\n\r'.includes(text.charAt(next)) && next < text.length) {
    next += 1;
  }
  return text.charAt(next) === ':';
}

function withOrder(marked: object, mark: string): object {
  const members = Object.entries(marked).map(([key, member]): [string, unknown] => [
    key.startsWith(mark) ? key.slice(mark.length) : key,
    member,
  ]);
  const order = [...new Set(members.map(([key]) => key))];
  const value: object = Object.fromEntries(members);
  return Object.keys(value).every((key, index) => key === order[index])
    ? value
    : Object.defineProperty(value, keyOrder, { value: order });
}

/** JSON text of what {@link parseJson} gave, with the keys of objects in the order in which they were read. */
export function writeJson(value: JsonValue): string {
  if (Array.isArray(value)) {
    return `[${value.map(writeJson).join(',')}]`;
  }
  if (typeof value !== 'object' || value === null || value instanceof ExactNumber) {
    return JSON.stringify(value);
  }
  const order = Reflect.get(value, keyOrder) as string[] | undefined;
  const members = (order ?? Object.keys(value)).map((key) => `${JSON.stringify(key)}:${writeJson(value[key] ?? null)}`);
  return `{${members.join(',')}}`;
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
