import type { Utf8 } from '../utf8.ts';

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
  /** The beginning of a character whose other bytes are still to come. */
  let held = new Uint8Array();
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

  function addBytes(data: Uint8Array): void {
    const whole = new Uint8Array(held.length + data.length);
    whole.set(held);
    whole.set(data, held.length);
    const kept = whole.length - utf8.incomplete(whole);
    held = whole.slice(kept);
    add(utf8.toText(whole.subarray(0, kept)));
  }

  function flush(): void {
    if (held.length > 0) {
      const rest = held;
      held = new Uint8Array();
      add(utf8.toText(rest));
    }
  }

  return {
    write(chunk) {
      if (closed) {
        return;
      }
      if (typeof chunk !== 'string') {
        addBytes(chunk);
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
