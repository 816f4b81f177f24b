/**
 * Node's Buffer as contest programs use it, and the text coders, for the isolate, which has neither.
 * `bytes` is turned into text (shim.ts) and must be self-contained. It serves the program alone: what a program does to it
 * changes nothing but its own output.
 */
export interface Bytes {
  Buffer: unknown;
  fromText(text: string): Uint8Array;
  toText(data: Uint8Array): string;
}

export function bytes(): Bytes {
  function fromText(text: string): Uint8Array {
    const data: number[] | Uint8Array = new Uint8Array(text.length * 3);
    let length = 0;
    for (let index = 0; index < text.length; index += 1) {
      let code = text.charCodeAt(index);
      if (code < 0x80) {
        data[length++] = code;
        continue;
      }
      if (code < 0x800) {
        data[length++] = 0xc0 | (code >> 6);
      } else {
        const low = text.charCodeAt(index + 1);
        if (code >= 0xd800 && code < 0xdc00 && low >= 0xdc00 && low < 0xe000) {
          index += 1;
          code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
          data[length++] = 0xf0 | (code >> 18);
          data[length++] = 0x80 | ((code >> 12) & 63);
        } else {
          code = code >= 0xd800 && code < 0xe000 ? 0xfffd : code;
          data[length++] = 0xe0 | (code >> 12);
        }
        data[length++] = 0x80 | ((code >> 6) & 63);
      }
      data[length++] = 0x80 | (code & 63);
    }
    return data.slice(0, length);
  }

  /** UTF-8 with a replacement character for each maximal part of an ill-formed sequence, as the Encoding standard has it. */
  function toText(data: Uint8Array): string {
    let text = '';
    let units: number[] = [];
    for (let index = 0; index < data.length;) {
      const first = data[index] ?? 0;
      index += 1;
      if (first < 0x80) {
        units.push(first);
      } else {
        const extra =
          first >= 0xc2 && first < 0xe0 ? 1 : first >= 0xe0 && first < 0xf0 ? 2 : first >= 0xf0 && first < 0xf5 ? 3 : 0;
        let lower = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
        let upper = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
        let code = extra === 0 ? -1 : first & (0x3f >> extra);
        for (let left = extra; left > 0; left -= 1) {
          const next = data[index] ?? 0;
          if (next < lower || next > upper) {
            code = -1;
            break;
          }
          lower = 0x80;
          upper = 0xbf;
          code = (code << 6) | (next & 63);
          index += 1;
        }
        if (code < 0) {
          units.push(0xfffd);
        } else if (code > 0xffff) {
          units.push(0xd800 + ((code - 0x10000) >> 10), 0xdc00 + ((code - 0x10000) & 0x3ff));
        } else {
          units.push(code);
        }
      }
      if (units.length > 4096) {
        text += String.fromCharCode(...units);
        units = [];
      }
    }
    return text + String.fromCharCode(...units);
  }

  const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

  function decode(data: Uint8Array, encoding: string): string {
    switch (encoding.toLowerCase()) {
      case 'ascii':
        return mapped(data, (byte) => String.fromCharCode(byte & 127));
      case 'latin1':
      case 'binary':
        return mapped(data, (byte) => String.fromCharCode(byte));
      case 'hex':
        return mapped(data, (byte) => byte.toString(16).padStart(2, '0'));
      case 'base64':
        return toBase64(data);
      default:
        return toText(data);
    }
  }

  function mapped(data: Uint8Array, text: (byte: number) => string): string {
    let all = '';
    for (const byte of data) {
      all += text(byte);
    }
    return all;
  }

  function toBase64(data: Uint8Array): string {
    let text = '';
    for (let index = 0; index < data.length; index += 3) {
      const bits = ((data[index] ?? 0) << 16) | ((data[index + 1] ?? 0) << 8) | (data[index + 2] ?? 0);
      const known = Math.min(3, data.length - index) + 1;
      for (let place = 0; place < 4; place += 1) {
        text += place < known ? digits.charAt((bits >> (18 - 6 * place)) & 63) : '=';
      }
    }
    return text;
  }

  function encode(text: string, encoding: string): Uint8Array {
    switch (encoding.toLowerCase()) {
      case 'ascii':
      case 'latin1':
      case 'binary':
        return Uint8Array.from(text, (unit) => unit.charCodeAt(0) & 255);
      case 'hex':
        return Uint8Array.from(text.match(/[0-9a-f]{2}/gi) ?? [], (pair) => parseInt(pair, 16));
      case 'base64':
        return fromBase64(text);
      default:
        return fromText(text);
    }
  }

  function fromBase64(text: string): Uint8Array {
    const data: number[] = [];
    let bits = 0;
    let held = 0;
    for (const digit of text.replace(/-/g, '+').replace(/_/g, '/')) {
      const value = digits.indexOf(digit);
      if (value >= 0) {
        bits = ((bits << 6) | value) & 0xffff;
        held += 6;
        if (held >= 8) {
          held -= 8;
          data.push((bits >> held) & 255);
        }
      }
    }
    return Uint8Array.from(data);
  }

  class Buffer extends Uint8Array {
    static override from(value: unknown, second?: unknown, third?: unknown): Buffer {
      if (typeof value === 'string') {
        return view(encode(value, typeof second === 'string' ? second : 'utf8'));
      }
      if (value instanceof ArrayBuffer) {
        return new Buffer(value, second as number | undefined, third as number | undefined);
      }
      return view(Uint8Array.from(value as ArrayLike<number>));
    }
    static alloc(size: number, fill: number | string = 0): Buffer {
      return new Buffer(size).fill(typeof fill === 'number' ? fill : fill.charCodeAt(0));
    }
    static allocUnsafe(size: number): Buffer {
      return new Buffer(size);
    }
    static isBuffer(value: unknown): boolean {
      return value instanceof Buffer;
    }
    static byteLength(text: string | Uint8Array): number {
      return typeof text === 'string' ? fromText(text).length : text.length;
    }
    static concat(parts: readonly Uint8Array[], total?: number): Buffer {
      const all = new Buffer(total ?? parts.reduce((sum, part) => sum + part.length, 0));
      let offset = 0;
      for (const part of parts) {
        all.set(part.subarray(0, all.length - offset), offset);
        offset += part.length;
      }
      return all;
    }
    override toString(encoding = 'utf8', start = 0, end = this.length): string {
      return decode(this.subarray(start, end), encoding);
    }
    // Node's slice is a view, unlike that of typed arrays.
    override slice(start?: number, end?: number): Buffer {
      return view(this.subarray(start, end));
    }
    write(text: string, offset = 0): number {
      const data = fromText(text).subarray(0, this.length - offset);
      this.set(data, offset);
      return data.length;
    }
    equals(other: Uint8Array): boolean {
      return this.length === other.length && this.every((byte, index) => byte === other[index]);
    }
    readUInt8(offset = 0): number {
      return this[offset] ?? 0;
    }
    toJSON(): unknown {
      return { type: 'Buffer', data: Array.from(this) };
    }
  }

  function view(data: Uint8Array): Buffer {
    return new Buffer(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength);
  }

  class TextEncoder {
    readonly encoding = 'utf-8';
    encode(text = ''): Uint8Array {
      return fromText(text);
    }
    encodeInto(text: string, into: Uint8Array): { read: number; written: number } {
      const data = fromText(text).subarray(0, into.length);
      into.set(data);
      return { read: text.length, written: data.length };
    }
  }
  class TextDecoder {
    readonly encoding: string;
    constructor(label = 'utf-8') {
      this.encoding = label;
    }
    decode(data: Uint8Array = new Uint8Array()): string {
      const text = decode(data, this.encoding);
      return text.startsWith('\ufeff') ? text.slice(1) : text;
    }
  }

  for (const [name, value] of Object.entries({ Buffer, TextEncoder, TextDecoder })) {
    Object.defineProperty(globalThis, name, { value, writable: true, configurable: true });
  }
  return { Buffer, fromText: (text) => view(fromText(text)), toText };
}
