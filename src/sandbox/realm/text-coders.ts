import type { Utf8 } from './utf8.ts';

/** Puts TextEncoder and TextDecoder into the globals; they are made when they are first looked at. Turned into text (node/compose.ts, python-realm.ts): self-contained. */
export function defineTextCoders(utf8: Utf8): void {
  const names = ['TextEncoder', 'TextDecoder'] as const;
  let made: ReturnType<typeof makeTextCoders> | undefined;
  for (const name of names) {
    Object.defineProperty(globalThis, name, {
      get: () => (made ??= makeTextCoders())[name],
      set: (value: unknown) => {
        Object.defineProperty(globalThis, name, { value, writable: true, configurable: true });
      },
      configurable: true,
    });
  }

  function makeTextCoders() {
    const labels: Record<string, string> = {
      'utf-8': 'utf-8',
      utf8: 'utf-8',
      'unicode-1-1-utf-8': 'utf-8',
      'utf-16le': 'utf-16le',
      'utf-16': 'utf-16le',
      latin1: 'windows-1252',
      ascii: 'windows-1252',
      'us-ascii': 'windows-1252',
      'iso-8859-1': 'windows-1252',
      'windows-1252': 'windows-1252',
    };

    /** Bytes 0x80 to 0x9f of windows-1252. */
    const upper = '€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ';

    class TextEncoder {
      readonly encoding = 'utf-8';
      encode(text: unknown = ''): Uint8Array {
        return utf8.fromText(String(text));
      }
      encodeInto(text: string, into: Uint8Array): { read: number; written: number } {
        let read = 0;
        let written = 0;
        for (const character of text) {
          const data = utf8.fromText(character);
          if (written + data.length > into.length) {
            break;
          }
          into.set(data, written);
          written += data.length;
          read += character.length;
        }
        return { read, written };
      }
    }

    function bytesOf(data: unknown): Uint8Array {
      if (ArrayBuffer.isView(data)) {
        return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
      }
      if (data instanceof ArrayBuffer) {
        return new Uint8Array(data);
      }
      const error = new TypeError('The "list" argument must be an instance of ArrayBuffer or ArrayBufferView.');
      throw Object.assign(error, { code: 'ERR_INVALID_ARG_TYPE' });
    }

    class TextDecoder {
      readonly encoding: string;
      readonly fatal: boolean;
      readonly ignoreBOM: boolean;
      #held: Uint8Array = new Uint8Array();
      #begun = false;
      constructor(label: unknown = 'utf-8', options: { fatal?: boolean; ignoreBOM?: boolean } = {}) {
        const name = String(label).trim().toLowerCase();
        const encoding = Object.hasOwn(labels, name) ? labels[name] : undefined;
        if (encoding === undefined) {
          const error = new RangeError(`The "${String(label)}" encoding is not supported`);
          throw Object.assign(error, { code: 'ERR_ENCODING_NOT_SUPPORTED' });
        }
        this.encoding = encoding;
        this.fatal = Boolean(options.fatal);
        this.ignoreBOM = Boolean(options.ignoreBOM);
      }
      decode(data?: unknown, options: { stream?: boolean } = {}): string {
        const added = data === undefined ? new Uint8Array() : bytesOf(data);
        const whole = new Uint8Array(this.#held.length + added.length);
        whole.set(this.#held);
        whole.set(added, this.#held.length);
        const stream = options.stream === true;
        const kept = stream ? whole.length - this.#cutOff(whole) : whole.length;
        this.#held = whole.slice(kept);
        const text = this.#textOf(whole.subarray(0, kept));
        const marked = !this.#begun && !this.ignoreBOM && text.startsWith('\ufeff');
        this.#begun = stream && (this.#begun || text !== '');
        return marked ? text.slice(1) : text;
      }
      #cutOff(data: Uint8Array): number {
        return this.encoding === 'utf-8' ? utf8.incomplete(data) : this.encoding === 'utf-16le' ? data.length % 2 : 0;
      }
      #textOf(data: Uint8Array): string {
        if (this.encoding === 'utf-8') {
          return utf8.toText(data, this.fatal);
        }
        let text = '';
        if (this.encoding === 'utf-16le') {
          for (let index = 0; index + 1 < data.length; index += 2) {
            text += String.fromCharCode((data[index] ?? 0) | ((data[index + 1] ?? 0) << 8));
          }
          return data.length % 2 === 0 ? text : `${text}\ufffd`;
        }
        for (const byte of data) {
          text += byte >= 0x80 && byte < 0xa0 ? upper.charAt(byte - 0x80) : String.fromCharCode(byte);
        }
        return text;
      }
    }

    return { TextEncoder, TextDecoder };
  }
}
