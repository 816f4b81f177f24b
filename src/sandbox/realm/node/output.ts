import type { Decoder, Utf8 } from '../utf8.ts';

/** What has been written to one of the standard streams. */
export interface Sink {
  /** Text, or bytes that may cut a character in two. Throws where it is too much. */
  write(chunk: string | Uint8Array): void;
  text(): string;
  /** What comes later does not count. */
  close(): void;
}

/**
 * The stream of bytes, kept as text. `tooMuch` is called instead of going beyond `maxLength` UTF-16 units, with the text
 * that does not fit. Turned into text (compose.ts): self-contained.
 */
export function makeSink(utf8: Utf8, maxLength: number, tooMuch: (room: number) => void): Sink {
  let all = '';
  let decoder: Decoder | undefined;
  let closed = false;

  function add(text: string): void {
    if (all.length + text.length > maxLength) {
      const room = maxLength - all.length;
      tooMuch(room);
      all += text.slice(0, room);
    } else {
      all += text;
    }
  }

  function flush(): void {
    const rest = decoder?.end() ?? '';
    if (rest !== '') {
      add(rest);
    }
  }

  return {
    write(chunk) {
      if (closed) {
        return;
      }
      if (typeof chunk !== 'string') {
        add((decoder ??= utf8.decoder()).write(chunk));
        return;
      }
      flush();
      add(chunk.isWellFormed() ? chunk : chunk.toWellFormed());
    },
    text() {
      flush();
      return all;
    },
    close() {
      closed = true;
    },
  };
}
