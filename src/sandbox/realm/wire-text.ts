import type { Describe } from './describe.ts';

/** Values to and from the text that crosses the border (wire/values.ts is the other side). */
export interface WireText {
  /** A reply: `v` and the text, `o` over the cap, `b` not plain data, `e` a getter threw. */
  encode(value: unknown): string;
  decode(text: string): unknown;
}

/** Turned into text (boot.ts): self-contained. `maxLength`: of the text of a value, UTF-16 units. */
export function makeWireText(maxLength: number, describe: Describe): WireText {
  const { parse, stringify } = JSON;
  const { getPrototypeOf } = Reflect;
  const { keys: ownKeys, defineProperty } = Object;
  const { isArray } = Array;
  const { isFinite: isFiniteNumber } = Number;
  const toBigInt = BigInt;
  const objectPrototype = Object.prototype;
  const maxDepth = 500;

  let written = 0;
  // Set just before the throw that unwinds an encoding: the thrown value itself is never looked at.
  let refusal: string | undefined;
  const refused = new Error('refused');

  function refuse(tag: 'o' | 'b', why: string): never {
    refusal = tag + why;
    throw refused;
  }

  function spend(length: number): void {
    written += length;
    if (written > maxLength) {
      refuse('o', 'the result is too large');
    }
  }

  function special(name: string): string {
    spend(name.length + 12);
    return '{"\\u0000":"' + name + '"}';
  }

  function encodeValue(value: unknown, depth: number): string {
    switch (typeof value) {
      case 'string':
        spend(value.length + 2);
        return stringify(value);
      case 'number': {
        const text = '' + value;
        if (!isFiniteNumber(value)) {
          return special(text);
        }
        spend(text.length);
        return text;
      }
      case 'boolean':
        spend(5);
        return value ? 'true' : 'false';
      case 'undefined':
        return special('undefined');
      case 'bigint':
        return special(value + 'n');
      case 'function':
      case 'symbol':
        refuse('b', 'the result holds a ' + typeof value);
      default:
        return value === null ? (spend(4), 'null') : encodeObject(value as object, depth);
    }
  }

  function encodeObject(value: object, depth: number): string {
    if (depth >= maxDepth) {
      refuse('b', 'the result is cyclic or nested deeper than ' + maxDepth);
    }
    return isArray(value) ? encodeArray(value, depth) : encodePlain(value, depth);
  }

  function encodeArray(value: readonly unknown[], depth: number): string {
    const { length } = value;
    // A proxy may say anything: NaN is not longer than the limit either.
    if (typeof length !== 'number' || !(length >= 0 && length <= maxLength)) {
      refuse('o', 'the result is an array of length ' + (typeof length === 'number' ? length : typeof length));
    }
    spend(length + 2);
    let text = '[';
    for (let index = 0; index < length; index += 1) {
      text += (index === 0 ? '' : ',') + encodeValue(value[index], depth + 1);
    }
    return text + ']';
  }

  function encodePlain(value: object, depth: number): string {
    const prototype = getPrototypeOf(value);
    if (prototype !== null && prototype !== objectPrototype) {
      refuse('b', 'the result holds an object that is neither a plain object nor an array');
    }
    const names = ownKeys(value);
    const { length } = names;
    spend(2);
    let text = '{';
    for (let index = 0; index < length; index += 1) {
      const name = names[index] as string;
      spend(name.length + 4);
      const member: unknown = (value as Record<string, unknown>)[name];
      // A key that could be taken for the mark of a special value gets one more in front.
      const written = name[0] === '\0' ? '\0' + name : name;
      text += (index === 0 ? '' : ',') + stringify(written) + ':' + encodeValue(member, depth + 1);
    }
    return text + '}';
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
        return toBigInt(name.slice(0, -1));
    }
  }

  function revive(value: unknown): unknown {
    if (typeof value !== 'object' || value === null) {
      return value;
    }
    const names = ownKeys(value);
    const special: unknown = names.length === 1 && names[0] === '\0' ? Reflect.get(value, '\0') : undefined;
    if (typeof special === 'string') {
      return reviveSpecial(special);
    }
    const copy: object = isArray(value) ? [] : {};
    for (const name of names) {
      const member = revive(Reflect.get(value, name));
      const key = name[0] === '\0' ? name.slice(1) : name;
      defineProperty(copy, key, { value: member, writable: true, enumerable: true, configurable: true });
    }
    return copy;
  }

  return {
    encode(value) {
      written = 0;
      refusal = undefined;
      try {
        return 'v' + encodeValue(value, 0);
      } catch (error) {
        return (refusal as string | undefined) ?? 'e' + describe(error);
      }
    },
    decode: (text) => revive(parse(text)),
  };
}
