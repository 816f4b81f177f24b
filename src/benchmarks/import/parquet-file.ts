import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib';
import {
  type AsyncBuffer,
  type Compressors,
  type FileMetaData,
  parquetMetadataAsync,
  parquetReadObjects,
  parquetSchema,
  snappyUncompress,
} from 'hyparquet';
import { BoundaryError } from '../../base/errors.ts';
import { unpackLz4Block, unpackLz4Hadoop } from './lz4.ts';
import { maxRowBytes, type RawRow, type RowFile } from './row-file.ts';

/** Largest page of a column, unpacked, bytes: writers keep to about one megabyte. */
const maxPageBytes = 256 * 2 ** 20;
/** A part of a file that is decoded at once should not be larger, unpacked, bytes. */
const partBytes = 64 * 2 ** 20;
/** Largest row group that is decoded, of the wanted columns, unpacked, bytes. */
const maxGroupBytes = 2 ** 30;
/** Most rows that a file may claim. */
const maxRows = 50_000_000;
/** Most rows of a part. */
const partRows = 20_000;

/** Each with a limit, because a page of a few bytes can claim to be of any size. */
const compressors: Compressors = {
  SNAPPY: bounded((input, length) => {
    const output = new Uint8Array(length);
    snappyUncompress(input, output);
    return output;
  }),
  GZIP: bounded((input, maxOutputLength) => gunzipSync(input, { maxOutputLength })),
  BROTLI: bounded((input, maxOutputLength) => brotliDecompressSync(input, { maxOutputLength })),
  ZSTD: bounded((input, maxOutputLength) => zstdDecompressSync(input, { maxOutputLength })),
  LZ4: bounded(unpackLz4Hadoop, 0),
  LZ4_RAW: bounded(unpackLz4Block, 0),
};

type Unpack = NonNullable<Compressors['GZIP']>;

/** `least`: the smallest size that `unpack` is asked for; a limit of 0 is none to zlib. */
function bounded(unpack: Unpack, least = 1): Unpack {
  return (input, length) => {
    if (length > maxPageBytes) {
      throw new RangeError(`a page has ${length} bytes, more than ${maxPageBytes}`);
    }
    return unpack(input, Math.max(least, length));
  };
}

/** A parquet file, read part by part of its row groups. */
export function parquetFile(label: string, open: () => Promise<AsyncBuffer>): RowFile {
  let opened: Promise<{ file: AsyncBuffer; metadata: FileMetaData }> | undefined;
  const start = (): NonNullable<typeof opened> =>
    (opened ??= readable(label, async () => {
      const file = await open();
      return { file, metadata: await parquetMetadataAsync(file) };
    }));
  return {
    label,
    columns: async () => columnsOf((await start()).metadata),
    async *rows(wanted) {
      const { file, metadata } = await start();
      const present = columnsOf(metadata);
      const columns = wanted.filter((name) => present.includes(name));
      const total = metadata.row_groups.reduce((sum, group) => sum + Number(group.num_rows), 0);
      if (total > maxRows) {
        throw unreadable(label, `it claims to have ${total} rows`);
      }
      for (const [rowStart, rowEnd] of partsOf(label, metadata, columns)) {
        const read = { file, metadata, columns, rowStart, rowEnd, compressors, useOffsetIndex: true };
        const rows: unknown[] = await readable(label, () => parquetReadObjects(read));
        for (const [index, value] of rows.entries()) {
          yield { number: rowStart + index + 1, row: rowOf(value), share: (rowStart + index + 1) / total };
        }
      }
    },
  };
}

function columnsOf(metadata: FileMetaData): string[] {
  return parquetSchema(metadata).children.map(({ element }) => element.name);
}

/** Ranges of rows, none of which spans two row groups. Throws BoundaryError('usage') for a row group beyond all bounds. */
function partsOf(label: string, { row_groups: groups }: FileMetaData, columns: readonly string[]): [number, number][] {
  let first = 0;
  return groups.flatMap((group): [number, number][] => {
    const rows = Number(group.num_rows);
    const bytes = group.columns
      .map(({ meta_data: column }) => column)
      .filter((column) => column !== undefined && columns.includes(column.path_in_schema[0] ?? ''))
      .reduce((sum, column) => sum + Number(column?.total_uncompressed_size ?? 0), 0);
    if (bytes > maxGroupBytes) {
      throw unreadable(
        label,
        `a row group has ${Math.round(bytes / 2 ** 20)} MB, more than ${maxGroupBytes / 2 ** 20}`,
      );
    }
    const parts = Math.max(1, Math.ceil(bytes / partBytes), Math.ceil(rows / partRows));
    const size = Math.ceil(rows / parts);
    const start = first;
    first += rows;
    return Array.from({ length: size === 0 ? 0 : Math.ceil(rows / size) }, (_, part) => [
      start + part * size,
      start + Math.min(rows, (part + 1) * size),
    ]);
  });
}

function rowOf(value: unknown): RawRow['row'] {
  return lengthOf(value) > maxRowBytes ? { fault: 'too_long' } : { value };
}

/** Characters of all texts in a value. */
function lengthOf(value: unknown): number {
  if (typeof value === 'string') {
    return value.length;
  }
  if (typeof value !== 'object' || value === null) {
    return 0;
  }
  return Object.values(value).reduce<number>((sum, member) => sum + lengthOf(member), 0);
}

async function readable<T>(label: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof BoundaryError) {
      throw error;
    }
    throw unreadable(label, error instanceof Error ? error.message : String(error), error);
  }
}

function unreadable(label: string, reason: string, cause?: unknown): BoundaryError {
  return new BoundaryError(
    'usage',
    `${label} cannot be read as parquet: ${reason}.`,
    'Fetch it again where it is damaged or cut off; write it again with smaller row groups where it is too large.',
    { cause },
  );
}
