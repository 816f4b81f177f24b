/**
 * Block formats of GGUF tensors -> fp32. Formats: ggml's block structures. A block is `elements` numbers in `bytes`
 * bytes; `d` and `m` are its fp16 scale and offset; nibbles of the first half of a block are the low ones.
 */

/** Writes the block that starts at byte `at` to `out[to…]`. */
type DecodeBlock = (bytes: DataView, at: number, out: Float32Array, to: number) => void;

interface QuantizedFormat {
  elements: number;
  bytes: number;
  decode: DecodeBlock;
}

/** Readable tensor formats by their names in ggml: elements and bytes of a block. */
export const blockFormats = {
  F32: { elements: 1, bytes: 4 },
  F16: { elements: 1, bytes: 2 },
  BF16: { elements: 1, bytes: 2 },
  Q4_0: { elements: 32, bytes: 18, decode: decodeQ4_0 },
  Q4_1: { elements: 32, bytes: 20, decode: decodeQ4_1 },
  Q5_0: { elements: 32, bytes: 22, decode: decodeQ5_0 },
  Q5_1: { elements: 32, bytes: 24, decode: decodeQ5_1 },
  Q8_0: { elements: 32, bytes: 34, decode: decodeQ8_0 },
  Q2_K: { elements: 256, bytes: 84, decode: decodeQ2K },
  Q3_K: { elements: 256, bytes: 110, decode: decodeQ3K },
  Q4_K: { elements: 256, bytes: 144, decode: decodeQ4K },
  Q5_K: { elements: 256, bytes: 176, decode: decodeQ5K },
  Q6_K: { elements: 256, bytes: 210, decode: decodeQ6K },
};

/** A readable tensor format. */
export type TensorType = keyof typeof blockFormats;

/** Bytes of `elements` numbers, which are whole blocks. */
export function byteLength(type: TensorType, elements: number): number {
  const format = blockFormats[type];
  return (elements / format.elements) * format.bytes;
}

/** Decodes all blocks of `bytes` to the start of `out`. Throws RangeError for parts of blocks and for too small an `out`. */
export function dequantize(type: TensorType, bytes: Uint8Array, out: Float32Array): void {
  const format = blockFormats[type];
  const blocks = bytes.length / format.bytes;
  if (!Number.isInteger(blocks) || out.length < blocks * format.elements) {
    throw new RangeError(`${bytes.length} bytes of ${type} do not fit ${out.length} numbers`);
  }
  switch (type) {
    case 'F32':
      new Uint8Array(out.buffer, out.byteOffset, bytes.length).set(bytes);
      return;
    case 'F16':
      widenF16(viewOf(bytes), out, blocks);
      return;
    case 'BF16':
      widenBf16(viewOf(bytes), out, blocks);
      return;
    default:
      decodeBlocks(blockFormats[type], viewOf(bytes), out, blocks);
  }
}

function viewOf({ buffer, byteOffset, byteLength: length }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, length);
}

function decodeBlocks(format: QuantizedFormat, bytes: DataView, out: Float32Array, blocks: number): void {
  const { elements, bytes: length, decode } = format;
  for (let block = 0; block < blocks; block++) {
    decode(bytes, block * length, out, block * elements);
  }
}

function widenF16(bytes: DataView, out: Float32Array, count: number): void {
  for (let i = 0; i < count; i++) {
    out[i] = half(bytes, 2 * i);
  }
}

/** bfloat16 is the upper half of an fp32. */
function widenBf16(bytes: DataView, out: Float32Array, count: number): void {
  const words = new Uint32Array(out.buffer, out.byteOffset, count);
  for (let i = 0; i < count; i++) {
    words[i] = bytes.getUint16(2 * i, true) << 16;
  }
}

function half(bytes: DataView, at: number): number {
  return bytes.getFloat16(at, true);
}

/** d | 16 bytes of nibbles: d * (q - 8). */
function decodeQ4_0(bytes: DataView, at: number, out: Float32Array, to: number): void {
  const d = half(bytes, at);
  for (let i = 0; i < 16; i++) {
    const pair = bytes.getUint8(at + 2 + i);
    out[to + i] = d * ((pair & 15) - 8);
    out[to + 16 + i] = d * ((pair >> 4) - 8);
  }
}

/** d | m | 16 bytes of nibbles: d * q + m. */
function decodeQ4_1(bytes: DataView, at: number, out: Float32Array, to: number): void {
  const d = half(bytes, at);
  const m = half(bytes, at + 2);
  for (let i = 0; i < 16; i++) {
    const pair = bytes.getUint8(at + 4 + i);
    out[to + i] = d * (pair & 15) + m;
    out[to + 16 + i] = d * (pair >> 4) + m;
  }
}

/** d | 32 fifth bits | 16 bytes of nibbles: d * (q - 16). */
function decodeQ5_0(bytes: DataView, at: number, out: Float32Array, to: number): void {
  const d = half(bytes, at);
  const high = bytes.getUint32(at + 2, true);
  for (let i = 0; i < 16; i++) {
    const pair = bytes.getUint8(at + 6 + i);
    out[to + i] = d * (((pair & 15) | (((high >>> i) & 1) << 4)) - 16);
    out[to + 16 + i] = d * (((pair >> 4) | (((high >>> (i + 16)) & 1) << 4)) - 16);
  }
}

/** d | m | 32 fifth bits | 16 bytes of nibbles: d * q + m. */
function decodeQ5_1(bytes: DataView, at: number, out: Float32Array, to: number): void {
  const d = half(bytes, at);
  const m = half(bytes, at + 2);
  const high = bytes.getUint32(at + 4, true);
  for (let i = 0; i < 16; i++) {
    const pair = bytes.getUint8(at + 8 + i);
    out[to + i] = d * ((pair & 15) | (((high >>> i) & 1) << 4)) + m;
    out[to + 16 + i] = d * ((pair >> 4) | (((high >>> (i + 16)) & 1) << 4)) + m;
  }
}

/** d | 32 signed bytes. */
function decodeQ8_0(bytes: DataView, at: number, out: Float32Array, to: number): void {
  const d = half(bytes, at);
  for (let i = 0; i < 32; i++) {
    out[to + i] = d * bytes.getInt8(at + 2 + i);
  }
}

/** 16 bytes of scale (low nibble) and offset (high) | 64 bytes of 2-bit numbers | d | m, in groups of 16. */
function decodeQ2K(bytes: DataView, at: number, out: Float32Array, to: number): void {
  const d = half(bytes, at + 80);
  const m = half(bytes, at + 82);
  for (let group = 0; group < 16; group++) {
    const scales = bytes.getUint8(at + group);
    const scale = d * (scales & 15);
    const offset = m * (scales >> 4);
    const from = at + 16 + (group >> 3) * 32 + (group & 1) * 16;
    const shift = ((group >> 1) & 3) * 2;
    for (let i = 0; i < 16; i++) {
      out[to + group * 16 + i] = scale * ((bytes.getUint8(from + i) >> shift) & 3) - offset;
    }
  }
}

/** 32 bytes of third bits (a clear bit means - 4) | 64 bytes of 2-bit numbers | 16 6-bit scales in 12 bytes | d. */
function decodeQ3K(bytes: DataView, at: number, out: Float32Array, to: number): void {
  const d = half(bytes, at + 108);
  for (let group = 0; group < 16; group++) {
    const low = (bytes.getUint8(at + 96 + (group & 7)) >> (group < 8 ? 0 : 4)) & 15;
    const top = (bytes.getUint8(at + 104 + (group & 3)) >> ((group >> 2) * 2)) & 3;
    const scale = d * ((low | (top << 4)) - 32);
    const half16 = (group & 1) * 16;
    const from = at + 32 + (group >> 3) * 32 + half16;
    const shift = ((group >> 1) & 3) * 2;
    const bit = group >> 1;
    for (let i = 0; i < 16; i++) {
      const third = (bytes.getUint8(at + half16 + i) >> bit) & 1;
      out[to + group * 16 + i] = scale * (((bytes.getUint8(from + i) >> shift) & 3) - (third ? 0 : 4));
    }
  }
}

/** The 6-bit scale of one of 8 groups; 12 bytes at `at` hold 8 scales and 8 offsets (Q4_K, Q5_K). */
function groupScale(bytes: DataView, at: number, group: number): number {
  return group < 4
    ? bytes.getUint8(at + group) & 63
    : (bytes.getUint8(at + group + 4) & 15) | ((bytes.getUint8(at + group - 4) >> 6) << 4);
}

function groupOffset(bytes: DataView, at: number, group: number): number {
  return group < 4
    ? bytes.getUint8(at + group + 4) & 63
    : (bytes.getUint8(at + group + 4) >> 4) | ((bytes.getUint8(at + group) >> 6) << 4);
}

/** d | m | 12 bytes of scales and offsets | 128 bytes of nibbles; 32 bytes serve two groups of 32, low then high. */
function decodeQ4K(bytes: DataView, at: number, out: Float32Array, to: number): void {
  const d = half(bytes, at);
  const m = half(bytes, at + 2);
  for (let group = 0; group < 8; group++) {
    const scale = d * groupScale(bytes, at + 4, group);
    const offset = m * groupOffset(bytes, at + 4, group);
    const from = at + 16 + (group >> 1) * 32;
    const shift = (group & 1) * 4;
    for (let i = 0; i < 32; i++) {
      out[to + group * 32 + i] = scale * ((bytes.getUint8(from + i) >> shift) & 15) - offset;
    }
  }
}

/** As Q4_K, with 32 bytes of fifth bits (bit g for group g) before the nibbles. */
function decodeQ5K(bytes: DataView, at: number, out: Float32Array, to: number): void {
  const d = half(bytes, at);
  const m = half(bytes, at + 2);
  for (let group = 0; group < 8; group++) {
    const scale = d * groupScale(bytes, at + 4, group);
    const offset = m * groupOffset(bytes, at + 4, group);
    const from = at + 48 + (group >> 1) * 32;
    const shift = (group & 1) * 4;
    for (let i = 0; i < 32; i++) {
      const fifth = (bytes.getUint8(at + 16 + i) >> group) & 1;
      out[to + group * 32 + i] = scale * (((bytes.getUint8(from + i) >> shift) & 15) | (fifth << 4)) - offset;
    }
  }
}

/** 128 bytes of nibbles | 64 bytes of upper bit pairs | 16 signed scales | d: d * scale * (q - 32), groups of 16. */
function decodeQ6K(bytes: DataView, at: number, out: Float32Array, to: number): void {
  const d = half(bytes, at + 208);
  for (let group = 0; group < 16; group++) {
    const scale = d * bytes.getInt8(at + 192 + group);
    const upperHalf = group >> 3;
    const quarter = (group >> 1) & 3;
    const column = (group & 1) * 16;
    const from = at + upperHalf * 64 + (quarter & 1) * 32 + column;
    const nibbleShift = quarter >= 2 ? 4 : 0;
    const pairs = at + 128 + upperHalf * 32 + column;
    for (let i = 0; i < 16; i++) {
      const low = (bytes.getUint8(from + i) >> nibbleShift) & 15;
      const top = (bytes.getUint8(pairs + i) >> (quarter * 2)) & 3;
      out[to + group * 16 + i] = scale * ((low | (top << 4)) - 32);
    }
  }
}
