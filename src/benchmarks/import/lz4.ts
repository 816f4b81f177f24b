/**
 * The bytes of an LZ4 block, as the LZ4 block format has them. `size`: bytes that come out. Throws a RangeError where the
 * block is damaged: no byte is read or written outside of the two arrays.
 */
export function unpackLz4Block(input: Uint8Array, size: number): Uint8Array {
  const output = new Uint8Array(size);
  let from = 0;
  let to = 0;

  function byte(): number {
    const value = input[from];
    if (value === undefined) {
      throw damaged();
    }
    from += 1;
    return value;
  }
  /** A length of four bits, continued in further bytes where all of them are set. */
  function lengthOf(bits: number): number {
    let length = bits;
    for (let more = bits === 15; more;) {
      const next = byte();
      length += next;
      more = next === 255;
    }
    return length;
  }

  while (from < input.length) {
    const token = byte();
    const literals = lengthOf(token >> 4);
    if (from + literals > input.length || to + literals > size) {
      throw damaged();
    }
    output.set(input.subarray(from, from + literals), to);
    from += literals;
    to += literals;
    if (from === input.length) {
      // The last sequence has no match.
      break;
    }
    const distance = byte() | (byte() << 8);
    const length = lengthOf(token & 15) + 4;
    if (distance === 0 || distance > to || to + length > size) {
      throw damaged();
    }
    // Byte by byte, since a match may overlap with what it writes.
    for (const end = to + length; to < end; to += 1) {
      output[to] = output[to - distance] ?? 0;
    }
  }
  if (to !== size) {
    throw damaged();
  }
  return output;
}

/**
 * Parquet's older LZ4: blocks, each behind its size and its packed size (32 bits, most significant byte first), as Hadoop
 * writes them; some writers left the sizes out. Throws like {@link unpackLz4Block}.
 */
export function unpackLz4Hadoop(input: Uint8Array, size: number): Uint8Array {
  const view = new DataView(input.buffer, input.byteOffset, input.byteLength);
  const output = new Uint8Array(size);
  let from = 0;
  let to = 0;
  while (to < size) {
    if (from + 8 > input.length) {
      return unpackLz4Block(input, size);
    }
    const [blockSize, packedSize] = [view.getUint32(from), view.getUint32(from + 4)];
    from += 8;
    if (to + blockSize > size || from + packedSize > input.length) {
      return unpackLz4Block(input, size);
    }
    output.set(unpackLz4Block(input.subarray(from, from + packedSize), blockSize), to);
    from += packedSize;
    to += blockSize;
  }
  return output;
}

function damaged(): RangeError {
  return new RangeError('an LZ4 block is damaged');
}
