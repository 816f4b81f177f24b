import { writeFileAtomic } from '../../base/files.ts';
import { aligned, padded, tensorInfo, text, u32, u64 } from './gguf-bytes.ts';

/** Typed metadata values; numbers are uint32 unless said otherwise. */
export type MetadataValue =
  | string
  | number
  | boolean
  | { float: number }
  | { int8: number }
  | { int64: bigint }
  | { double: number }
  | { strings: readonly string[] }
  | { ints: readonly number[] };

/** What a GGUF file says. */
export interface GgufContent {
  version?: number;
  metadata: Readonly<Record<string, MetadataValue>>;
  /** Shapes as Hugging Face has them, slowest axis first. `type`: ggml's number; `bytes`: the encoded blocks. */
  tensors: readonly { name: string; shape: readonly number[]; type: number; bytes: Uint8Array }[];
}

/**
 * Writes a GGUF file, after the format's description, that fits in memory: an adapter, or a small model. It appears whole
 * or not at all. Throws BoundaryError('environment') where it cannot be written.
 */
export function writeGguf(path: string, { version = 3, metadata, tensors }: GgufContent): void {
  const parts = [Buffer.from('GGUF'), u32(version), u64(tensors.length), u64(Object.keys(metadata).length)];
  for (const [key, value] of Object.entries(metadata)) {
    parts.push(text(key), encode(value));
  }
  let offset = 0;
  for (const { name, shape, type, bytes } of tensors) {
    parts.push(tensorInfo(name, shape, type, offset));
    offset += aligned(bytes.length);
  }
  writeFileAtomic(path, Buffer.concat([padded(Buffer.concat(parts)), ...tensors.map(({ bytes }) => padded(bytes))]));
}

/** The type's number and the value. */
function encode(value: MetadataValue): Buffer {
  if (typeof value === 'string') {
    return Buffer.concat([u32(8), text(value)]);
  }
  if (typeof value === 'number') {
    return Buffer.concat([u32(4), u32(value)]);
  }
  if (typeof value === 'boolean') {
    return Buffer.concat([u32(7), Buffer.of(value ? 1 : 0)]);
  }
  if ('strings' in value) {
    return Buffer.concat([u32(9), u32(8), u64(value.strings.length), ...value.strings.map(text)]);
  }
  if ('ints' in value) {
    return Buffer.concat([u32(9), u32(5), u64(value.ints.length), Buffer.from(Int32Array.from(value.ints).buffer)]);
  }
  if ('float' in value) {
    return Buffer.concat([u32(6), Buffer.from(Float32Array.of(value.float).buffer)]);
  }
  if ('double' in value) {
    return Buffer.concat([u32(12), Buffer.from(Float64Array.of(value.double).buffer)]);
  }
  if ('int8' in value) {
    return Buffer.concat([u32(1), Buffer.from(Int8Array.of(value.int8).buffer)]);
  }
  return Buffer.concat([u32(11), Buffer.from(BigInt64Array.of(value.int64).buffer)]);
}
