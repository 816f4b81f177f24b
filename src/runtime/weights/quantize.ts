import { at } from '../../base/arrays.ts';

/** Numbers that share one scale in `MatMulNBits` and in the 8-bit embedding. */
export const blockSize = 32;
/** The stored value of 0: weights are unsigned, w = (q - 128) * scale. */
export const zeroPoint = 128;

/** Numbers in 8 bit with a scale for each block of 32. */
export interface BlockQuantized {
  /** One per number, in the order of the input. */
  q: Uint8Array;
  /** One per block of 32. */
  scale: Float32Array;
}

/**
 * Symmetric 8-bit rounding in blocks of 32 along the rows, the layout of ORT's `MatMulNBits` (bits 8, default zero
 * point 128). `parts` are row-major matrices with equally long rows (a multiple of 32), stacked in order.
 * Blocks of GGUF's formats Q8_0, Q5_0, Q4_0 keep their exact numbers; otherwise the largest error of a number is half a
 * step = max|block| / 254.
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
    const step = Math.fround(largest / stepsToLargest(weights, from, largest));
    const inverse = step > 0 ? 1 / step : 0;
    scale[block] = step;
    for (let i = from; i < to; i++) {
      // Storing truncates; the sum is positive, so + 0.5 rounds to nearest.
      q[i] = weights[i]! * inverse + (zeroPoint + 0.5);
    }
  }
}

/**
 * Into how many steps to cut the largest number of a block. Formats with 5 and 4 bits hold multiples of a step of
 * which the largest number is (nearly always) the 16th or 8th: cutting it into 127 would move all of them.
 */
function stepsToLargest(weights: Float32Array, from: number, largest: number): number {
  return largest > 0 ? (coarseSteps.find((steps) => areMultiples(weights, from, steps / largest)) ?? 127) : 127;
}

const coarseSteps = [16, 15, 8, 7];

function areMultiples(weights: Float32Array, from: number, stepsPerUnit: number): boolean {
  for (let i = from; i < from + blockSize; i++) {
    const steps = weights[i]! * stepsPerUnit;
    if (Math.abs(steps - Math.round(steps)) > 1e-4) {
      return false;
    }
  }
  return true;
}

/** The numbers that the blocks stand for, in their order. */
export function dequantizeBlocks({ q, scale }: BlockQuantized): Float32Array {
  return Float32Array.from(q, (value, i) => (value - zeroPoint) * at(scale, Math.floor(i / blockSize)));
}
