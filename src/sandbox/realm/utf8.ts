/** UTF-8 to and from text, as the Encoding standard has it. */
export interface Utf8 {
  /** Lone surrogates become U+FFFD. */
  fromText(text: string): Uint8Array<ArrayBuffer>;
  /** U+FFFD for each maximal part of an ill-formed sequence; `fatal` throws a TypeError instead. */
  toText(data: Uint8Array, fatal?: boolean): string;
  decoder(): Decoder;
  /** Whether an encoding of this name is UTF-8. */
  isName(encoding: string): boolean;
  /** How many bytes at the end are the beginning of a character that is not complete, 0 to 3. */
  incomplete(data: Uint8Array): number;
}

/** Text of bytes that come in pieces, which may cut a character in two. */
export interface Decoder {
  /** Holds the beginning of a character back until the rest of it is there. */
  write(data: Uint8Array): string;
  /** Text of what is held back. */
  end(): string;
}

/** Turned into text (node/compose.ts, python-realm.ts): self-contained. */
export function makeUtf8(): Utf8 {
  function fromText(text: string): Uint8Array<ArrayBuffer> {
    const data = new Uint8Array(text.length * 3);
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

  /** Bytes that follow a first byte; 0 where it begins nothing. */
  function following(first: number): number {
    return first < 0xc2 ? 0 : first < 0xe0 ? 1 : first < 0xf0 ? 2 : first < 0xf5 ? 3 : 0;
  }

  /** The code point that begins at `start` behind a first byte of more than 7 bits, or -1; and where it ends. */
  let end = 0;
  function codeAt(data: Uint8Array, start: number): number {
    const first = data[start] ?? 0;
    const extra = following(first);
    let lower = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
    let upper = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
    let code = extra === 0 ? -1 : first & (0x3f >> extra);
    end = start + 1;
    for (let left = extra; left > 0; left -= 1) {
      const next = data[end] ?? 0;
      if (next < lower || next > upper) {
        return -1;
      }
      lower = 0x80;
      upper = 0xbf;
      code = (code << 6) | (next & 63);
      end += 1;
    }
    return code;
  }

  const blockLength = 4096;
  function toText(data: Uint8Array, fatal = false): string {
    let text = '';
    const units = new Uint16Array(blockLength + 2);
    let count = 0;
    for (let index = 0; index < data.length;) {
      let code = data[index] ?? 0;
      index += 1;
      if (code >= 0x80) {
        code = codeAt(data, index - 1);
        index = end;
        if (code < 0 && fatal) {
          throw Object.assign(new TypeError('The encoded data was not valid for encoding utf-8'), {
            code: 'ERR_ENCODING_INVALID_ENCODED_DATA',
          });
        }
      }
      if (code > 0xffff) {
        units[count++] = 0xd800 + ((code - 0x10000) >> 10);
        units[count++] = 0xdc00 + ((code - 0x10000) & 0x3ff);
      } else {
        units[count++] = code < 0 ? 0xfffd : code;
      }
      if (count >= blockLength) {
        text += String.fromCharCode(...units.subarray(0, count));
        count = 0;
      }
    }
    return text + String.fromCharCode(...units.subarray(0, count));
  }

  function incomplete(data: Uint8Array): number {
    for (let back = 1; back <= 3 && back <= data.length; back += 1) {
      const byte = data[data.length - back] ?? 0;
      if (byte < 0x80 || byte >= 0xc0) {
        // Cut off only where all that is there could still become a character.
        return following(byte) >= back && couldGoOn(data.subarray(data.length - back)) ? back : 0;
      }
    }
    return 0;
  }
  function couldGoOn(start: Uint8Array): boolean {
    codeAt(start, 0);
    return end >= start.length;
  }

  function decoder(): Decoder {
    let held = new Uint8Array();
    return {
      write(data) {
        const whole = new Uint8Array(held.length + data.length);
        whole.set(held);
        whole.set(data, held.length);
        const kept = whole.length - incomplete(whole);
        held = whole.slice(kept);
        return toText(whole.subarray(0, kept));
      },
      end() {
        const rest = held;
        held = new Uint8Array();
        return toText(rest);
      },
    };
  }

  // A regular expression costs every isolate 0.1 ms, to compile it once for its interpreter and once for the processor.
  function isName(encoding: string): boolean {
    const name = encoding.toLowerCase();
    return name === 'utf8' || name === 'utf-8';
  }

  return { fromText, toText, decoder, isName, incomplete };
}
