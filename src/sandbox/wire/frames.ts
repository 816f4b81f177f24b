/**
 * The channel between pool and worker: frames of a 32-bit little-endian length and that many bytes of UTF-8 JSON, over a
 * pipe of its own. Leaner than Node's IPC, and the reader decides how much it is willing to hold.
 */
export const headerBytes = 4;

/** The largest frame either side accepts: a source of 1 MB and the inputs of all tests, or the results of one program. */
export const maxFrameBytes = 64 * 1024 * 1024;

/** A message as a frame. */
export function encodeFrame(message: unknown): Buffer {
  const text = JSON.stringify(message);
  const bytes = Buffer.byteLength(text);
  const frame = Buffer.allocUnsafe(headerBytes + bytes);
  frame.writeUInt32LE(bytes, 0);
  frame.write(text, headerBytes);
  return frame;
}

/** Bytes that are no message, behind the same header. */
export function frameOf(data: Buffer): Buffer {
  const header = Buffer.alloc(headerBytes);
  header.writeUInt32LE(data.length, 0);
  return Buffer.concat([header, data]);
}

/** A peer that does not keep to the framing; the process that sent it is not to be trusted any longer. */
export class FrameError extends Error {
  override readonly name = 'FrameError';
}

/** Takes bytes as they come and hands out whole messages. Throws {@link FrameError} on an oversized or malformed frame. */
export class FrameReader {
  #chunks: Buffer[] = [];
  #held = 0;
  readonly #maxBytes: number;

  constructor(maxBytes = maxFrameBytes) {
    this.#maxBytes = maxBytes;
  }

  /** Bytes held back because their frame is not complete. */
  get heldBytes(): number {
    return this.#held;
  }

  *push(chunk: Buffer): Generator {
    this.#chunks.push(chunk);
    this.#held += chunk.length;
    for (;;) {
      if (this.#held < headerBytes) {
        return;
      }
      const length = this.#head(headerBytes).readUInt32LE(0);
      if (length > this.#maxBytes) {
        throw new FrameError(`frame of ${length} bytes`);
      }
      if (this.#held < headerBytes + length) {
        return;
      }
      const frame = this.#take(headerBytes + length);
      yield parseFrame(frame.toString('utf8', headerBytes));
    }
  }

  /** The held bytes as one buffer if they do not yet lie in one. */
  #head(bytes: number): Buffer {
    const first = this.#chunks[0];
    if (first !== undefined && first.length >= bytes) {
      return first;
    }
    const joined = Buffer.concat(this.#chunks);
    this.#chunks = [joined];
    return joined;
  }

  #take(bytes: number): Buffer {
    const head = this.#head(bytes);
    this.#held -= bytes;
    const rest = head.subarray(bytes);
    if (rest.length > 0) {
      this.#chunks[0] = rest;
    } else {
      this.#chunks.shift();
    }
    return head.subarray(0, bytes);
  }
}

function parseFrame(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new FrameError('frame is not JSON', { cause });
  }
}
