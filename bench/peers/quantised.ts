import { existsSync } from 'node:fs';
import { open, rename, type FileHandle } from 'node:fs/promises';
import { byteLength, dequantize } from '../../src/model/formats/dequantize.ts';
import { aligned, padded, tensorInfo, text } from '../../src/model/formats/gguf-bytes.ts';
import { isReadable, readGgufHeader, type GgufTensor } from '../../src/model/formats/gguf.ts';
import { elementsOf } from '../../src/model/layout.ts';

/** Formats of llama.cpp that are quick on processors; the model's own file is one more candidate. */
export const llamaQuantisations = ['Q4_0', 'Q8_0'] as const;
export type LlamaQuantisation = (typeof llamaQuantisations)[number];

const blockElements = 32;
/** ggml's numbers, and bytes of a block. */
const formats = { F32: { number: 0, bytes: 128 }, Q4_0: { number: 2, bytes: 18 }, Q8_0: { number: 8, bytes: 34 } };
type Format = keyof typeof formats;

/**
 * Writes a copy of the GGUF file at `path` with its matrices in another format; the head in Q8_0, since a Q4_0 head
 * loses too much. Metadata are copied byte by byte. Does nothing where `out` exists.
 */
export async function writeQuantised(path: string, out: string, format: LlamaQuantisation): Promise<void> {
  if (existsSync(out)) {
    return;
  }
  const tensors = [...(await readGgufHeader(path)).tensors.values()];
  const headName = tensors.some(({ name }) => name === 'output.weight') ? 'output.weight' : 'token_embd.weight';
  const formatOf = ({ name, shape }: GgufTensor): Format =>
    shape.length === 1 ? 'F32' : name === headName ? 'Q8_0' : format;
  const temporary = `${out}.tmp`;
  const [source, target] = [await open(path, 'r'), await open(temporary, 'w')];
  try {
    await target.write(await headerOf(source, tensors, formatOf));
    for (const tensor of tensors) {
      const bytes = encode(await readValues(source, tensor), formatOf(tensor));
      await target.write(padded(bytes));
    }
  } finally {
    await Promise.all([source.close(), target.close()]);
  }
  await rename(temporary, out);
}

/** Metadata as they are, and a new table of tensors. */
async function headerOf(
  source: FileHandle,
  tensors: readonly GgufTensor[],
  formatOf: (tensor: GgufTensor) => Format,
): Promise<Buffer> {
  const whole = Buffer.alloc(Math.min(...tensors.map(({ offset }) => offset)));
  await source.read(whole, 0, whole.length, 0);
  // The table starts with its first tensor's name; names of tensors do not occur in metadata together with their length.
  const metadata = whole.subarray(0, whole.lastIndexOf(text(tensors[0]!.name)));
  let offset = 0;
  const table = tensors.map((tensor) => {
    const { name, shape } = tensor;
    const { number, bytes } = formats[formatOf(tensor)];
    const info = tensorInfo(name, shape, number, offset);
    offset += aligned((elementsOf(shape) / blockElements) * bytes);
    return info;
  });
  return padded(Buffer.concat([metadata, ...table]));
}

async function readValues(source: FileHandle, { name, type, shape, offset }: GgufTensor): Promise<Float32Array> {
  if (!isReadable(type)) {
    throw new TypeError(`${name} is stored as ${type}`);
  }
  const values = new Float32Array(elementsOf(shape));
  const bytes = Buffer.alloc(byteLength(type, values.length));
  await source.read(bytes, 0, bytes.length, offset);
  dequantize(type, bytes, values);
  return values;
}

/** ggml's blocks of 32: a half-precision scale, then 8-bit numbers, or 4-bit ones with an offset of 8. */
function encode(values: Float32Array, format: Format): Buffer {
  if (format === 'F32') {
    return Buffer.from(values.buffer);
  }
  const size = formats[format].bytes;
  const result = Buffer.alloc((values.length / blockElements) * size);
  for (let block = 0; block < values.length / blockElements; block++) {
    const from = block * blockElements;
    const to = block * size;
    let extreme = 0;
    for (let i = 0; i < blockElements; i++) {
      const value = values[from + i]!;
      extreme = Math.abs(value) > Math.abs(extreme) ? value : extreme;
    }
    const scale = format === 'Q8_0' ? Math.abs(extreme) / 127 : extreme / -8;
    const inverse = scale === 0 ? 0 : 1 / scale;
    result.writeUInt16LE(toHalf(scale), to);
    for (let i = 0; i < blockElements; i++) {
      const scaled = values[from + i]! * inverse;
      if (format === 'Q8_0') {
        result.writeInt8(Math.round(scaled), to + 2 + i);
      } else {
        const nibble = Math.min(15, Math.max(0, Math.round(scaled) + 8));
        const at = to + 2 + (i % 16);
        result[at] = result[at]! | (nibble << (i < 16 ? 0 : 4));
      }
    }
  }
  return result;
}

const converter = new DataView(new ArrayBuffer(4));

/** Bits of the nearest half-precision number; the scales of weights are well below its largest. */
function toHalf(value: number): number {
  converter.setFloat32(0, value);
  const bits = converter.getUint32(0);
  const exponent = ((bits >>> 23) & 0xff) - 112;
  if (exponent <= 0) {
    return ((bits >>> 16) & 0x8000) | Math.round(Math.abs(value) * 2 ** 24);
  }
  // Adding half of the last place carries into the exponent where it must.
  const magnitude = ((exponent << 10) | ((bits >>> 13) & 0x3ff)) + ((bits >>> 12) & 1);
  return ((bits >>> 16) & 0x8000) | magnitude;
}
