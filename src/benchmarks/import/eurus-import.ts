import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { once } from 'node:events';
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib';
import {
  type AsyncBuffer,
  type Compressors,
  asyncBufferFromFile,
  asyncBufferFromUrl,
  cachedAsyncBuffer,
  parquetMetadataAsync,
  parquetReadObjects,
} from 'hyparquet';
import * as z from 'zod';
import { BoundaryError } from '../../base/errors.ts';
import { hubUrl } from '../../base/hub-url.ts';
import { eurusColumns, eurusProblem } from './eurus-rows.ts';
import { unpackLz4Block, unpackLz4Hadoop } from './lz4.ts';

/** Snappy is hyparquet's own; Node brings the others, apart from LZ4. */
const compressors: Compressors = {
  LZ4: unpackLz4Hadoop,
  LZ4_RAW: unpackLz4Block,
  GZIP: (input) => gunzipSync(input),
  BROTLI: (input) => brotliDecompressSync(input),
  ZSTD: (input) => zstdDecompressSync(input),
};

/** The data set on the Hugging Face hub; its files are read in ranges, so that only the needed columns travel. */
const hubDataset = 'PRIME-RL/Eurus-2-RL-Data';

interface ImportProgress {
  rows: number;
  totalRows: number;
  problems: number;
}

/**
 * Writes the Codeforces problems of parquet files (a path, or `hub` for the data set itself) to `out` as JSON lines,
 * at most `limit`. The file appears when it is complete and holds a problem. Returns the number of problems.
 */
export async function importEurus(
  source: string,
  out: string,
  limit: number,
  onProgress: (progress: ImportProgress) => void,
): Promise<number> {
  const partial = `${out}.partial`;
  const stream = createWriteStream(partial);
  let problems = 0;
  try {
    for (const file of await openSources(source)) {
      problems += await importFile(file, limit - problems, stream, onProgress);
    }
    stream.end();
    await once(stream, 'finish');
    // A file without problems must not take the place of an earlier import.
    await (problems > 0 ? rename(partial, out) : rm(partial, { force: true }));
    return problems;
  } catch (error) {
    stream.destroy();
    await rm(partial, { force: true });
    throw error;
  }
}

/** One row group at a time: that is what lies in memory. */
async function importFile(
  file: AsyncBuffer,
  limit: number,
  stream: NodeJS.WritableStream,
  onProgress: (progress: ImportProgress) => void,
): Promise<number> {
  const metadata = await parquetMetadataAsync(file);
  const totalRows = Number(metadata.num_rows);
  let problems = 0;
  let rowStart = 0;
  for (const group of metadata.row_groups) {
    const rowEnd = rowStart + Number(group.num_rows);
    const rows = await parquetReadObjects({ file, metadata, columns: eurusColumns, rowStart, rowEnd, compressors });
    for (const [index, row] of rows.entries()) {
      const problem = problems < limit ? eurusProblem(row, rowStart + index) : undefined;
      if (problem) {
        stream.write(`${JSON.stringify(problem)}\n`);
        problems++;
      }
    }
    rowStart = rowEnd;
    onProgress({ rows: rowStart, totalRows, problems });
    if (problems >= limit) {
      break;
    }
  }
  return problems;
}

async function openSources(source: string): Promise<AsyncBuffer[]> {
  if (source !== 'hub') {
    return [await asyncBufferFromFile(source)];
  }
  const hub = hubUrl();
  const path = `/api/datasets/${hubDataset}/parquet/default/train`;
  try {
    const listing = await fetch(`${hub}${path}`);
    if (!listing.ok) {
      throw new Error(`it answered ${listing.status}`);
    }
    const urls = z.array(z.string()).parse(await listing.json());
    return await Promise.all(urls.map(async (url) => cachedAsyncBuffer(await asyncBufferFromUrl({ url }))));
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : undefined;
    const reason = cause ?? (error instanceof Error ? error.message : String(error));
    throw new BoundaryError(
      'environment',
      `The hub at ${hub} cannot be read: ${reason}.`,
      'Set HF_ENDPOINT to a mirror or HTTPS_PROXY to a proxy, or import a parquet file that you have.',
      { cause: error },
    );
  }
}
