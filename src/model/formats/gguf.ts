import { open, type FileHandle } from 'node:fs/promises';
import { assertRegularFile } from './regular-file.ts';
import { BoundaryError } from '../../base/errors.ts';
import { blockFormats, byteLength, type TensorType } from './dequantize.ts';
import { elementsOf } from '../layout.ts';

/** A value of the metadata. */
export type GgufValue = number | bigint | boolean | string | readonly GgufValue[];

/** One row of the tensor table. */
export interface GgufTensor {
  name: string;
  /** Row-major, slowest axis first (the file stores the fastest first): a matrix is [out, in]. */
  shape: readonly number[];
  /** Its format by ggml's name; `type 39` for what this reader does not know. */
  type: string;
  /** Bytes from the start of the file. */
  offset: number;
}

/** What stands before the tensors. */
export interface GgufHeader {
  version: number;
  metadata: ReadonlyMap<string, GgufValue>;
  tensors: ReadonlyMap<string, GgufTensor>;
}

/** ggml's numbers for tensor formats (those it names; readable ones are the keys of `blockFormats`). */
const typeNames: Readonly<Record<number, string>> = {
  0: 'F32', 1: 'F16', 2: 'Q4_0', 3: 'Q4_1', 6: 'Q5_0', 7: 'Q5_1', 8: 'Q8_0', 9: 'Q8_1', 10: 'Q2_K', 11: 'Q3_K',
  12: 'Q4_K', 13: 'Q5_K', 14: 'Q6_K', 15: 'Q8_K', 16: 'IQ2_XXS', 17: 'IQ2_XS', 18: 'IQ3_XXS', 19: 'IQ1_S',
  20: 'IQ4_NL', 21: 'IQ3_S', 22: 'IQ2_S', 23: 'IQ4_XS', 24: 'I8', 25: 'I16', 26: 'I32', 27: 'I64', 28: 'F64',
  29: 'IQ1_M', 30: 'BF16', 34: 'TQ1_0', 35: 'TQ2_0', 39: 'MXFP4',
}; // prettier-ignore

/** Whether tensors of this type can be dequantised. */
export function isReadable(type: string): type is TensorType {
  return Object.hasOwn(blockFormats, type);
}

/** The header ends beyond the bytes that were read: read more, or the file is torn. */
class Truncated extends Error {}

/** What stands in the file makes no sense. */
class Malformed extends Error {}

const firstRead = 16 * 2 ** 20;
/** Ten times the largest vocabulary in use. */
const largestHeader = 128 * 2 ** 20;
/** Values of all arrays together: bounds the memory of a header, whose entries may have a single byte. */
const largestEntries = 8 * 2 ** 20;
/** Arrays in arrays are not used by any known key. */
const deepestArray = 4;

/**
 * Reads the header (metadata and the tensor table) of a GGUF file, version 2 or 3, without its tensors.
 * Throws BoundaryError('model') for a file of another kind, a torn or damaged one, or another version.
 */
export async function readGgufHeader(path: string): Promise<GgufHeader> {
  await assertRegularFile(path);
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const header = await parseGrowing(file, size);
    checkExtent(header, size);
    return header;
  } catch (error) {
    if (error instanceof Truncated || error instanceof Malformed) {
      throw new BoundaryError('model', `${path} ${error.message}.`, remedyOf(error));
    }
    throw error;
  } finally {
    await file.close();
  }
}

function remedyOf(error: Truncated | Malformed): string {
  return error instanceof Truncated
    ? 'The download was probably cut short: delete the file and fetch it again (`selfq models pull NAME`).'
    : 'Give a GGUF file of version 2 or 3 or a folder with safetensors; `selfq models list` names models that work.';
}

/** The header's length is not known beforehand: parse what is there, twice as much whenever it does not suffice. */
async function parseGrowing(file: FileHandle, size: number): Promise<GgufHeader> {
  for (let length = Math.min(firstRead, size); ; length = Math.min(length * 2, size)) {
    const bytes = Buffer.alloc(length);
    await file.read(bytes, 0, length, 0);
    try {
      return parseHeader(bytes, size);
    } catch (error) {
      if (!(error instanceof Truncated)) {
        throw error;
      }
      if (length === size) {
        throw new Truncated(`is torn: it ends after ${size} bytes, inside its header`);
      }
      if (length > largestHeader) {
        throw new Malformed('is damaged: its header does not end');
      }
    }
  }
}

function parseHeader(bytes: Buffer, fileSize: number): GgufHeader {
  const reader = new Reader(bytes, fileSize);
  const magic = bytes.toString('latin1', 0, 4);
  if (magic !== 'GGUF') {
    throw new Malformed(bytes.length === 0 ? 'is empty' : `is no GGUF file: it starts with ${JSON.stringify(magic)}`);
  }
  reader.skip(4);
  const version = reader.uint32();
  if (version !== 2 && version !== 3) {
    const bigEndian = version > 0xffff ? ' (probably a big-endian file)' : '';
    throw new Malformed(`is GGUF version ${version}${bigEndian}; versions 2 and 3 can be read`);
  }
  const tensorCount = reader.count();
  const metadataCount = reader.count();
  const metadata = new Map<string, GgufValue>();
  for (let i = 0; i < metadataCount; i++) {
    const key = reader.string();
    if (metadata.has(key)) {
      throw new Malformed(`is damaged: it has the key ${quote(key)} twice`);
    }
    metadata.set(key, reader.value(reader.uint32()));
  }
  const table = new Map<string, GgufTensor>();
  for (let i = 0; i < tensorCount; i++) {
    const tensor = reader.tensor();
    if (table.has(tensor.name)) {
      throw new Malformed(`is damaged: it has the tensor ${quote(tensor.name)} twice`);
    }
    table.set(tensor.name, tensor);
  }
  const alignment = metadata.get('general.alignment') ?? 32;
  if (typeof alignment !== 'number' || !Number.isInteger(alignment) || alignment < 1) {
    throw new Malformed('is damaged: general.alignment is not a positive whole number');
  }
  const dataStart = Math.ceil(reader.position / alignment) * alignment;
  const tensors = new Map<string, GgufTensor>();
  for (const [name, tensor] of table) {
    tensors.set(name, { ...tensor, offset: tensor.offset + dataStart });
  }
  return { version, metadata, tensors };
}

function quote(name: string): string {
  return JSON.stringify(name.slice(0, 80));
}

/** Every tensor of known size must lie within the file. */
function checkExtent(header: GgufHeader, fileSize: number): void {
  for (const tensor of header.tensors.values()) {
    if (!isReadable(tensor.type)) {
      continue;
    }
    const elements = elementsOf(tensor.shape);
    if (elements % blockFormats[tensor.type].elements !== 0) {
      throw new Malformed(`is damaged: ${tensor.name} has ${elements} elements, not whole blocks of ${tensor.type}`);
    }
    const missing = tensor.offset + byteLength(tensor.type, elements) - fileSize;
    if (missing > 0) {
      throw new Truncated(
        `is torn: it ends after ${fileSize} bytes, ${missing} bytes before the end of ${tensor.name}`,
      );
    }
  }
}

/** Cursor over the little-endian header. Counts are checked against the file's size before anything is allocated. */
class Reader {
  position = 0;
  #entries = 0;
  #depth = 0;
  readonly #bytes: Buffer;
  readonly #fileSize: number;

  constructor(bytes: Buffer, fileSize: number) {
    this.#bytes = bytes;
    this.#fileSize = fileSize;
  }

  /** Moves on by `length` bytes and returns where they start. */
  skip(length: number): number {
    const at = this.position;
    if (at + length > this.#bytes.length) {
      throw new Truncated();
    }
    this.position = at + length;
    return at;
  }

  uint32(): number {
    return this.#bytes.readUInt32LE(this.skip(4));
  }

  /** A 64-bit number of things of at least one byte each. */
  count(): number {
    const value = this.#bytes.readBigUInt64LE(this.skip(8));
    if (value > BigInt(this.#fileSize)) {
      throw new Malformed(
        `is damaged: byte ${this.position - 8} announces ${value} entries in ${this.#fileSize} bytes`,
      );
    }
    return Number(value);
  }

  string(): string {
    const length = this.count();
    const at = this.skip(length);
    return this.#bytes.toString('utf8', at, at + length);
  }

  tensor(): GgufTensor {
    const name = this.string();
    const dimensions = this.uint32();
    if (dimensions > 8) {
      throw new Malformed(`is damaged: tensor ${quote(name)} has ${dimensions} dimensions`);
    }
    const shape = Array.from({ length: dimensions }, () => this.count()).reverse();
    const type = this.uint32();
    const offset = Number(this.#bytes.readBigUInt64LE(this.skip(8)));
    return { name, shape, type: typeNames[type] ?? `type ${type}`, offset };
  }

  value(type: number): GgufValue {
    const bytes = this.#bytes;
    switch (type) {
      case 0:
        return bytes.readUInt8(this.skip(1));
      case 1:
        return bytes.readInt8(this.skip(1));
      case 2:
        return bytes.readUInt16LE(this.skip(2));
      case 3:
        return bytes.readInt16LE(this.skip(2));
      case 4:
        return bytes.readUInt32LE(this.skip(4));
      case 5:
        return bytes.readInt32LE(this.skip(4));
      case 6:
        return bytes.readFloatLE(this.skip(4));
      case 7:
        return bytes.readUInt8(this.skip(1)) !== 0;
      case 8:
        return this.string();
      case 9:
        return this.array();
      case 10:
        return narrow(bytes.readBigUInt64LE(this.skip(8)));
      case 11:
        return narrow(bytes.readBigInt64LE(this.skip(8)));
      case 12:
        return bytes.readDoubleLE(this.skip(8));
      default:
        throw new Malformed(`is damaged: byte ${this.position - 4} names the unknown value type ${type}`);
    }
  }

  array(): GgufValue[] {
    const type = this.uint32();
    const length = this.count();
    this.#entries += length;
    this.#depth++;
    if (this.#entries > largestEntries || this.#depth > deepestArray) {
      throw new Malformed(`is damaged: its metadata hold an array of ${length} values, more than any model has`);
    }
    const values: GgufValue[] = [];
    for (let i = 0; i < length; i++) {
      values.push(this.value(type));
    }
    this.#depth--;
    return values;
  }
}

function narrow(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
