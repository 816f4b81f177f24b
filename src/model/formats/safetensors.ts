import { open, rename, rm, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';
import * as z from 'zod';
import { isDiskFull, syncFolder } from '../../base/files.ts';
import { BoundaryError } from '../../base/errors.ts';
import { blockFormats, dequantize } from './dequantize.ts';
import { elementsOf } from '../layout.ts';
import { findDuplicateKey } from './json-keys.ts';
import { assertRegularFile } from './regular-file.ts';

/** Stored number formats that can be read; all become fp32. */
const readableTypes = ['F32', 'F16', 'BF16'] as const;
/** A stored number format that can be read. */
export type SafeTensorType = (typeof readableTypes)[number];

/** A tensor with its data. */
export interface SafeTensor {
  /** As stored; `data` is fp32 whatever it is. */
  dtype: SafeTensorType;
  shape: readonly number[];
  /** Row-major. */
  data: Float32Array;
}

/** Where a tensor lies in its file. */
export interface SafeTensorEntry {
  dtype: string;
  shape: readonly number[];
  /** Bytes from the start of the file: first, and one past the last. */
  begin: number;
  end: number;
}

/** What stands before the tensors. */
export interface SafetensorsHeader {
  tensors: ReadonlyMap<string, SafeTensorEntry>;
  metadata: Readonly<Record<string, string>>;
}

const Entry = z.object({
  dtype: z.string(),
  shape: z.array(z.number().int().min(0)),
  data_offsets: z.tuple([z.number().int().min(0), z.number().int().min(0)]),
});
const Header = z.object({ __metadata__: z.record(z.string(), z.string()).optional() }).catchall(Entry);

/** As the Python library has it, bytes. */
const largestHeader = 100e6;
/** Key of the checksum that this program writes into the metadata: crc32 of all tensors, in the order of the header. */
const checksumKey = 'crc32';

const refetch = 'The file was damaged or its download cut short: fetch it again, or go back to an earlier checkpoint.';

function torn(path: string, problem: string): BoundaryError {
  return new BoundaryError('model', `${path} ${problem}.`, refetch);
}

/** Reads and checks the header of a safetensors file. Throws BoundaryError('model') when it is torn or damaged. */
export async function readSafetensorsHeader(path: string): Promise<SafetensorsHeader> {
  await assertRegularFile(path);
  const file = await open(path, 'r');
  try {
    return await readHeader(path, file);
  } finally {
    await file.close();
  }
}

async function readHeader(path: string, file: FileHandle): Promise<SafetensorsHeader> {
  const { size } = await file.stat();
  const prefix = Buffer.alloc(8);
  await file.read(prefix, 0, 8, 0);
  const length = Number(prefix.readBigUInt64LE());
  if (size < 8 || length > size - 8) {
    throw torn(path, `is no whole safetensors file: its header of ${length} bytes does not fit its ${size} bytes`);
  }
  if (length > largestHeader) {
    throw torn(path, `is damaged: its header has ${length} bytes, more than ${largestHeader}`);
  }
  const text = Buffer.alloc(length);
  await file.read(text, 0, length, 8);
  const header = parseHeader(path, text.toString('utf8'));
  const tensors = new Map<string, SafeTensorEntry>();
  for (const [name, { dtype, shape, data_offsets: range }] of header.entries) {
    const entry = { dtype, shape, begin: 8 + length + range[0], end: 8 + length + range[1] };
    if (entry.end > size) {
      throw torn(path, `is torn: it ends after ${size} bytes, ${entry.end - size} bytes before the end of ${name}`);
    }
    if (isReadable(dtype) && entry.end - entry.begin !== elementsOf(shape) * blockFormats[dtype].bytes) {
      throw torn(path, `is damaged: the range of ${name} does not fit its shape [${shape.join(', ')}]`);
    }
    tensors.set(name, entry);
  }
  assertContiguous(path, tensors, 8 + length, size);
  return { tensors, metadata: header.metadata };
}

/** Tensors follow each other without gaps or overlaps from the header to the end, as the Python library demands. */
function assertContiguous(
  path: string,
  tensors: ReadonlyMap<string, SafeTensorEntry>,
  start: number,
  size: number,
): void {
  let end = start;
  for (const [name, entry] of [...tensors].sort(([, a], [, b]) => a.begin - b.begin || a.end - b.end)) {
    if (entry.begin !== end || entry.end < end) {
      throw torn(path, `is damaged: ${name} does not begin where the tensor before it ends`);
    }
    ({ end } = entry);
  }
  if (end !== size) {
    throw torn(path, `is damaged: ${size - end} bytes follow its last tensor`);
  }
}

function parseHeader(
  path: string,
  text: string,
): { metadata: Record<string, string>; entries: [string, z.infer<typeof Entry>][] } {
  try {
    const { __metadata__: metadata = {}, ...entries } = Header.parse(JSON.parse(text));
    const twice = findDuplicateKey(text);
    if (twice !== undefined) {
      throw torn(path, `is damaged: its header has ${JSON.stringify(twice.slice(0, 80))} twice`);
    }
    return { metadata, entries: Object.entries(entries) };
  } catch (error) {
    if (error instanceof BoundaryError) {
      throw error;
    }
    throw new BoundaryError('model', `${path} is no safetensors file: its header cannot be read.`, refetch, {
      cause: error,
    });
  }
}

function isReadable(dtype: string): dtype is SafeTensorType {
  return readableTypes.some((type) => type === dtype);
}

/** Bytes read at a time: bounds the raw copy beside the fp32 result. */
const chunkBytes = 8 * 2 ** 20;

/** Reads one tensor of an open file as fp32. Throws BoundaryError('model') for other number formats. */
export async function readSafeTensor(
  path: string,
  file: FileHandle,
  name: string,
  entry: SafeTensorEntry,
): Promise<SafeTensor> {
  const { dtype, shape, begin, end } = entry;
  if (!isReadable(dtype)) {
    const known = readableTypes.join(', ');
    throw new BoundaryError(
      'model',
      `${path} stores ${name} as ${dtype}, which cannot be read (readable: ${known}).`,
      'Use a copy of the model that is stored in one of these formats, or a GGUF file.',
    );
  }
  const data = new Float32Array(elementsOf(shape));
  const buffer = Buffer.allocUnsafe(Math.min(chunkBytes, end - begin));
  for (let at = begin; at < end; at += chunkBytes) {
    const length = Math.min(chunkBytes, end - at);
    const { bytesRead } = await file.read(buffer, 0, length, at);
    if (bytesRead < length) {
      throw torn(path, `is torn: it ends inside ${name}`);
    }
    dequantize(dtype, buffer.subarray(0, length), data.subarray((at - begin) / blockFormats[dtype].bytes));
  }
  return { dtype, shape, data };
}

/**
 * Reads a whole safetensors file (F32, F16, BF16) as fp32, in the order of its header. Throws BoundaryError('model') when
 * it is torn or damaged; where {@link writeSafetensors} wrote a checksum, also when a number was changed.
 */
export async function readSafetensors(path: string): Promise<Map<string, SafeTensor>> {
  await assertRegularFile(path);
  const file = await open(path, 'r');
  try {
    const tensors = new Map<string, SafeTensor>();
    const header = await readHeader(path, file);
    for (const [name, entry] of header.tensors) {
      tensors.set(name, await readSafeTensor(path, file, name, entry));
    }
    assertChecksum(path, header.metadata[checksumKey], tensors);
    return tensors;
  } finally {
    await file.close();
  }
}

/**
 * Writes fp32 tensors as a safetensors file, atomically: a reader sees the old file or the new one, also after a
 * power cut. `metadata` is added to `{format: 'pt'}`, which the Python libraries ask for; with
 * `checksum` also that of the tensors, which {@link readSafetensors} compares.
 * Throws BoundaryError('environment') when the disk is full.
 */
export async function writeSafetensors(
  path: string,
  tensors: ReadonlyMap<string, { shape: readonly number[]; data: Float32Array }>,
  metadata: Readonly<Record<string, string>> = {},
  { checksum = false }: { checksum?: boolean } = {},
): Promise<void> {
  const sum = checksum ? { [checksumKey]: checksumOf([...tensors.values()].map(({ data }) => data)) } : {};
  const header = encodeHeader(tensors, { ...metadata, ...sum });
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    const file = await open(temporary, 'w');
    try {
      await writeWhole(file, header);
      for (const { data } of tensors.values()) {
        await writeWhole(file, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
      }
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw diskFault(path, error);
  }
  syncFolder(dirname(path));
}

function assertChecksum(path: string, expected: string | undefined, tensors: ReadonlyMap<string, SafeTensor>): void {
  if (expected === undefined) {
    return;
  }
  const actual = checksumOf([...tensors.values()].map(({ data }) => data));
  if (actual !== expected) {
    throw torn(path, `is damaged: the checksum of its tensors is ${actual} instead of ${expected.slice(0, 80)}`);
  }
}

function checksumOf(parts: readonly Float32Array[]): string {
  const sum = parts.reduce((value, { buffer, byteOffset, byteLength }) => {
    return crc32(new Uint8Array(buffer, byteOffset, byteLength), value);
  }, 0);
  return sum.toString(16).padStart(8, '0');
}

function encodeHeader(
  tensors: ReadonlyMap<string, { shape: readonly number[]; data: Float32Array }>,
  metadata: Readonly<Record<string, string>>,
): Buffer {
  const shapes = new Map<string, { type: SafeTensorType; shape: readonly number[] }>();
  for (const [name, { shape, data }] of tensors) {
    if (elementsOf(shape) !== data.length) {
      throw new RangeError(`${name}: ${data.length} numbers do not fill the shape [${shape.join(', ')}]`);
    }
    shapes.set(name, { type: 'F32', shape });
  }
  return safetensorsHeader(shapes, metadata);
}

/** The start of a safetensors file whose tensors follow each other in the order of `tensors`. */
export function safetensorsHeader(
  tensors: ReadonlyMap<string, { type: SafeTensorType; shape: readonly number[] }>,
  metadata: Readonly<Record<string, string>> = {},
): Buffer {
  const entries: Record<string, unknown> = { __metadata__: { format: 'pt', ...metadata } };
  let offset = 0;
  for (const [name, { type, shape }] of tensors) {
    const end = offset + elementsOf(shape) * blockFormats[type].bytes;
    entries[name] = { dtype: type, shape, data_offsets: [offset, end] };
    offset = end;
  }
  const text = Buffer.from(JSON.stringify(entries));
  // Spaces up to a multiple of 8, so that the tensors that follow are aligned.
  const padded = Buffer.alloc(Math.ceil(text.length / 8) * 8, ' ');
  text.copy(padded);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(padded.length));
  return Buffer.concat([length, padded]);
}

/** `write` may write less than it was given. */
async function writeWhole(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    const { bytesWritten } = await file.write(bytes, at, Math.min(bytes.length - at, 2 ** 30));
    at += bytesWritten;
  }
}

function diskFault(path: string, error: unknown): unknown {
  if (!isDiskFull(error)) {
    return error;
  }
  return new BoundaryError(
    'environment',
    `The disk is full: ${path} could not be written.`,
    'Free some space and continue with `selfq resume DIR`; what was written before is whole.',
    { cause: error },
  );
}
