/** A matrix B [inner, outer] in 8 bit with one scale for each column: `Int8Weights` of onnx/operators/int8-matrix.ts. */
export interface ColumnQuantized {
  /** [inner, outer], -127 to 127 */
  values: Int8Array;
  /** [outer] */
  scales: Float32Array;
}

/** Blocks of this width spread an outlier over enough numbers, and their product still costs little. */
const widestRotation = 128;

/** The width of the blocks that are rotated along a dimension of `size`: a power of two that divides it, at most 128. */
export function rotationWidth(size: number): number {
  let width = 1;
  while (width < widestRotation && size % (2 * width) === 0) {
    width *= 2;
  }
  return width;
}

/**
 * W [rows, columns] as the right side of x W^T: its rows are rotated in blocks of `width` (orthonormal Walsh-Hadamard
 * transform), rounded to 8 bit by their largest number, and written as columns.
 */
export function quantizeForward(weights: Float32Array, rows: number, columns: number, width: number): ColumnQuantized {
  const values = new Int8Array(rows * columns);
  const scales = new Float32Array(rows);
  // As many rows at a time as make the transposed writes fill whole cache lines.
  const chunk = 64;
  const rotated = new Float32Array(chunk * columns);
  for (let first = 0; first < rows; first += chunk) {
    const count = Math.min(chunk, rows - first);
    const part = rotated.subarray(0, count * columns);
    part.set(weights.subarray(first * columns, (first + count) * columns));
    rotateAlongRows(part, width);
    for (let row = 0; row < count; row++) {
      const scale = largest(part.subarray(row * columns, (row + 1) * columns)) / 127;
      scales[first + row] = scale;
      const inverse = scale > 0 ? 1 / scale : 0;
      for (let column = 0; column < columns; column++) {
        part[row * columns + column]! *= inverse;
      }
    }
    for (let column = 0; column < columns; column++) {
      const target = column * rows + first;
      for (let row = 0; row < count; row++) {
        values[target + row] = Math.round(part[row * columns + column]!);
      }
    }
  }
  return { values, scales };
}

/** W [rows, columns] as the right side of gradient W: its columns are rounded. */
export function quantizeBackward(weights: Float32Array, rows: number, columns: number): ColumnQuantized {
  const sizes = new Float32Array(columns);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      sizes[column] = Math.max(sizes[column]!, Math.abs(weights[row * columns + column]!));
    }
  }
  const inverse = sizes.map((size) => (size > 0 ? 127 / size : 0));
  const values = new Int8Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const at = row * columns + column;
      values[at] = Math.round(weights[at]! * inverse[column]!);
    }
  }
  return { values, scales: sizes.map((size) => size / 127) };
}

function largest(numbers: Float32Array): number {
  let size = 0;
  for (let i = 0; i < numbers.length; i++) {
    size = Math.max(size, Math.abs(numbers[i]!));
  }
  return size;
}

/** The transform of each run of `width` numbers, in place. Rows are made of whole runs. */
function rotateAlongRows(numbers: Float32Array, width: number): void {
  const scale = 1 / Math.sqrt(width);
  for (let half = 1; half < width; half *= 2) {
    const factor = 2 * half === width ? scale : 1;
    for (let start = 0; start < numbers.length; start += 2 * half) {
      for (let i = start; i < start + half; i++) {
        const a = numbers[i]!;
        const b = numbers[i + half]!;
        numbers[i] = (a + b) * factor;
        numbers[i + half] = (a - b) * factor;
      }
    }
  }
}
