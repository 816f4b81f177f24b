import type { Utf8 } from '../utf8.ts';

/** Standard input, read in whatever ways a program reads it; each byte once. */
export interface Input {
  /** Gives the program its input; must come before its first line runs. */
  start(text: string): void;
  /** All that is left. */
  takeText(): string;
  /** At most `length` bytes of what is left, as text where all of it is text; empty at the end. */
  takeChunk(length: number): string | Uint8Array<ArrayBuffer>;
  /** At most `length` bytes of what is left; empty at the end. */
  takeBytes(length: number): Uint8Array<ArrayBuffer>;
  /** Bytes that are left. */
  size(): number;
}

/** Turned into text (compose.ts): self-contained. */
export function makeInput(utf8: Utf8): Input {
  let text = '';
  /** What is left, once a part of it was taken as bytes. */
  let bytes: Uint8Array<ArrayBuffer> | undefined;

  function asBytes(): Uint8Array<ArrayBuffer> {
    bytes ??= utf8.fromText(text);
    text = '';
    return bytes;
  }

  function takeText(): string {
    const all = bytes === undefined ? text : utf8.toText(bytes);
    text = '';
    bytes = undefined;
    return all;
  }
  function takeBytes(length: number): Uint8Array<ArrayBuffer> {
    const all = asBytes();
    bytes = all.subarray(length);
    return all.subarray(0, length);
  }

  return {
    start(whole) {
      text = whole.isWellFormed() ? whole : whole.toWellFormed();
      bytes = undefined;
    },
    takeText,
    // A UTF-16 unit takes at most three bytes.
    takeChunk: (length) => (bytes === undefined && text.length * 3 <= length ? takeText() : takeBytes(length)),
    takeBytes,
    size: () => asBytes().length,
  };
}
