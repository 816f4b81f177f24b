/** Numbers that share one scale in `MatMulNBits` and in the 8-bit embedding. */
export const blockSize = 32;
/** The stored value of 0: weights are unsigned, w = (q - 128) * scale. */
export const zeroPoint = 128;

export interface BlockQuantized {
  /** One per number, in the order of the input. */
  q: Uint8Array;
  /** One per block of 32. */
  scale: Float32Array;
}

/**
 * Symmetric 8-bit rounding in blocks of 32 along the rows, the layout of ORT's `MatMulNBits` (bits 8, default zero
 * point 128). `parts` are row-major matrices with equally long rows (a multiple of 32), stacked in order.
 * Largest error of a number: half a step = max|block| / 254.
 */
export function quantizeBlocks(parts: readonly Float32Array[]): BlockQuantized {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  if (parts.some((part) => part.length % blockSize !== 0)) {
    throw new RangeError(`the matrices are not made of whole blocks of ${blockSize}`);
  }
  const q = new Uint8Array(length);
  const scale = new Float32Array(length / blockSize);
  let at = 0;
  for (const part of parts) {
    quantizeInto(part, q.subarray(at, at + part.length), scale.subarray(at / blockSize));
    at += part.length;
  }
  return { q, scale };
}

function quantizeInto(weights: Float32Array, q: Uint8Array, scale: Float32Array): void {
  for (let block = 0, from = 0; from < weights.length; block++, from += blockSize) {
    const to = from + blockSize;
    let largest = 0;
    for (let i = from; i < to; i++) {
      const size = Math.abs(weights[i]!);
      if (size > largest) {
        largest = size;
      }
    }
    const step = Math.fround(largest / 127);
    const inverse = step > 0 ? 1 / step : 0;
    scale[block] = step;
    for (let i = from; i < to; i++) {
      // Storing truncates; the sum is positive, so + 0.5 rounds to nearest.
      q[i] = weights[i]! * inverse + (zeroPoint + 0.5);
    }
  }
}

export function dequantizeBlocks({ q, scale }: BlockQuantized): Float32Array {
  return Float32Array.from(q, (value, i) => (value - zeroPoint) * scale[Math.floor(i / blockSize)]!);
}
