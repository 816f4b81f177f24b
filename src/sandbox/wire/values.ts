import { ExactNumber, isWithinDepth, type JsonValue, maxJsonDepth, parseJson } from '../../protocol/json.ts';

/** Plain data, with numbers as they were written where doubles cannot hold them. */
export type Json = JsonValue;

/**
 * Values on the wire are JSON; what JSON lacks is an object with the single key `"\0"`: "undefined", "NaN", "Infinity",
 * "-Infinity", or the digits of a bigint followed by "n". A key of the value itself that begins with that character has it
 * twice. realm/wire-text.ts and realm/python-values.ts write this form inside the isolate.
 */
const specialKey = '\u0000';
/** What JSON lacks takes one more level. */
const maxDepth = maxJsonDepth + 1;

/**
 * The value that `text` stands for. `exact`: its numbers are Python's, and integers beyond 2 ** 53 and floats without
 * fraction stay apart from others (ExactNumber). The text comes from a realm that belongs to the program and may be
 * anything: throws SyntaxError or RangeError where it is no value, or nested deeper than any value that is written there.
 */
export function decodeValue(text: string, exact = false): unknown {
  const value: unknown = exact ? parseJson(text) : JSON.parse(text);
  if (!isWithinDepth(value, maxDepth)) {
    throw new RangeError(`nested deeper than ${maxDepth} levels`);
  }
  return text.includes('"\\u0000') ? revive(value) : value;
}

/** The text of data that `decodeValue` gives back. `value`: what JSON can say, and undefined, NaN, ±Infinity and bigints. */
export function encodeValue(value: unknown): string {
  switch (typeof value) {
    case 'undefined':
      return special('undefined');
    case 'bigint':
      return special(`${value}n`);
    case 'number':
      return Number.isFinite(value) ? JSON.stringify(value) : special(String(value));
    case 'object':
      return value === null ? 'null' : value instanceof ExactNumber ? value.text : encodeObject(value);
    default:
      return JSON.stringify(value);
  }
}

function special(name: string): string {
  return `{"\\u0000":"${name}"}`;
}

function encodeObject(value: object): string {
  if (Array.isArray(value)) {
    return `[${value.map(encodeValue).join(',')}]`;
  }
  const members = Object.entries(value).map(([key, member]) => {
    const written = key.startsWith(specialKey) ? specialKey + key : key;
    return `${JSON.stringify(written)}:${encodeValue(member)}`;
  });
  return `{${members.join(',')}}`;
}

/** True where `text` holds something that JSON cannot say. */
export function hasSpecials(text: string): boolean {
  return text.includes('{"\\u0000":');
}

function revive(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || value instanceof ExactNumber) {
    return value;
  }
  if (Array.isArray(value)) {
    return value.map(revive);
  }
  const special: unknown = Object.hasOwn(value, specialKey) ? Reflect.get(value, specialKey) : undefined;
  if (typeof special === 'string') {
    return reviveSpecial(special);
  }
  const revived = Object.entries(value).map(
    ([key, member]) => [key.startsWith(specialKey) ? key.slice(1) : key, revive(member)] as const,
  );
  return Object.fromEntries(revived);
}

function reviveSpecial(name: string): unknown {
  switch (name) {
    case 'undefined':
      return undefined;
    case 'NaN':
      return NaN;
    case 'Infinity':
      return Infinity;
    case '-Infinity':
      return -Infinity;
    default:
      return BigInt(name.slice(0, -1));
  }
}

/** A value as a person reads it, cut to `limit` characters; never runs code of the value and never walks all of a large one. */
export function showValue(value: unknown, limit = 200): string {
  const text = showPart(value, limit);
  return text.length > limit ? `${text.slice(0, limit)}…` : text;
}

function showPart(value: unknown, room: number): string {
  if (typeof value === 'string') {
    return JSON.stringify(value.length > room ? value.slice(0, room + 1) : value);
  }
  if (typeof value === 'bigint') {
    return `${value}n`;
  }
  if (value instanceof ExactNumber) {
    return value.text.length > room ? value.text.slice(0, room + 1) : value.text;
  }
  if (typeof value !== 'object' || value === null) {
    return Object.is(value, -0) ? '-0' : String(value);
  }
  const list = Array.isArray(value);
  let text = list ? '[' : '{';
  const keys = Object.keys(value);
  for (const [index, key] of keys.entries()) {
    if (text.length > room) {
      return text;
    }
    const separator = index === 0 ? '' : ', ';
    const label = list ? '' : `${JSON.stringify(key.slice(0, 100))}: `;
    text += separator + label + showPart(Reflect.get(value, key), room - text.length);
  }
  return text + (list ? ']' : '}');
}
