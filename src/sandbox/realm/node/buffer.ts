import type { Utf8 } from '../utf8.ts';
import type { Libraries } from './libraries.ts';

/** Node's Buffer, as far as the realm itself uses it. */
export interface BufferObject extends Uint8Array<ArrayBuffer> {
  toString(encoding?: string, start?: number, end?: number): string;
}

/** What the module `buffer` gives to the realm's other parts. */
export interface Buffers {
  /** The same bytes as a Buffer. */
  wrap(data: Uint8Array<ArrayBuffer>): BufferObject;
}

/**
 * The package `buffer` as the module and the global of that name, with UTF-8 of our own (a fraction of its time),
 * base64url, which it lacks, and the look of Node's. Turned into text (compose.ts): self-contained.
 */
export function makeBuffers(libraries: Libraries, utf8: Utf8): Buffers {
  interface BufferMaker {
    from(...parts: unknown[]): BufferObject;
    byteLength(text: unknown, encoding?: unknown): number;
    isEncoding(name: unknown): boolean;
    prototype: BufferObject & { write(text: string, ...rest: unknown[]): number };
  }
  let Buffer: BufferMaker | undefined;

  function isUtf8(encoding: unknown): boolean {
    return encoding === undefined || encoding === null || (typeof encoding === 'string' && utf8.isName(encoding));
  }
  function isUrl(encoding: unknown): boolean {
    return typeof encoding === 'string' && encoding.toLowerCase() === 'base64url';
  }

  function withOwnEncodings(made: BufferMaker): BufferMaker {
    const { from, byteLength, isEncoding } = made;
    const { toString } = made.prototype;
    const define = (target: object, name: string, value: unknown): void => {
      Object.defineProperty(target, name, { value, writable: true, configurable: true, enumerable: false });
    };
    define(made.prototype, 'toString', function (this: BufferObject, encoding?: string, start = 0, end = this.length) {
      if (isUrl(encoding)) {
        const text = toString.call(this, 'base64', start, end);
        return text
          .replaceAll('+', '-')
          .replaceAll('/', '_')
          .replace(/={1,2}$/, '');
      }
      if (!isUtf8(encoding)) {
        return toString.call(this, encoding, start, end);
      }
      return utf8.toText(
        start === 0 && end >= this.length ? this : this.subarray(Math.max(0, start), Math.max(0, end)),
      );
    });
    define(made, 'from', (value: unknown, second?: unknown, third?: unknown): BufferObject => {
      if (typeof value === 'string' && isUtf8(second)) {
        return wrap(utf8.fromText(value));
      }
      if (typeof value === 'string' && String(second).toLowerCase() === 'hex') {
        // Up to the first pair that is none.
        return from(/^(?:[0-9a-f]{2})*/i.exec(value)?.[0] ?? '', 'hex');
      }
      return from(value, isUrl(second) ? 'base64' : second, third);
    });
    define(made, 'byteLength', (text: unknown, encoding?: unknown): number =>
      typeof text === 'string' && isUtf8(encoding)
        ? utf8.fromText(text).length
        : byteLength(text, isUrl(encoding) ? 'base64' : encoding),
    );
    Object.defineProperty(made.prototype, Symbol.for('nodejs.util.inspect.custom'), {
      value(this: BufferObject) {
        const shown = 50;
        const pairs = Array.from(this.subarray(0, shown), (byte) => byte.toString(16).padStart(2, '0'));
        const left = this.length - shown;
        return `<Buffer ${pairs.join(' ')}${left > 0 ? ` ... ${left} more byte${left > 1 ? 's' : ''}` : ''}>`;
      },
      configurable: true,
    });
    define(made, 'isEncoding', (name: unknown) => isUrl(name) || isEncoding(name));
    return made;
  }

  libraries.refine('buffer', (library) => withOwnEncodings((library as { Buffer: BufferMaker }).Buffer));
  function maker(): BufferMaker {
    Buffer ??= libraries.need('buffer')['Buffer'] as BufferMaker;
    return Buffer;
  }
  function wrap(data: Uint8Array<ArrayBuffer>): BufferObject {
    return maker().from(data.buffer, data.byteOffset, data.byteLength);
  }

  Object.defineProperty(globalThis, 'Buffer', {
    get: maker,
    set: (value: unknown) => {
      Object.defineProperty(globalThis, 'Buffer', { value, writable: true, configurable: true });
    },
    configurable: true,
  });
  return { wrap };
}
