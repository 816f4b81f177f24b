/** What a GGUF file is written of: little-endian numbers, strings with their length in bytes, padding up to 32. */

const alignment = 32;

export function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

export function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

export function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([u64(bytes.length), bytes]);
}

/** Row of the table of tensors. `shape`: slowest axis first; `type`: ggml's number; `offset`: from the first tensor. */
export function tensorInfo(name: string, shape: readonly number[], type: number, offset: number): Buffer {
  return Buffer.concat([text(name), u32(shape.length), ...[...shape].reverse().map(u64), u32(type), u64(offset)]);
}

/** The next multiple of the default `general.alignment`. */
export function aligned(length: number): number {
  return Math.ceil(length / alignment) * alignment;
}

export function padded(bytes: Uint8Array): Buffer {
  return Buffer.concat([bytes], aligned(bytes.length));
}
