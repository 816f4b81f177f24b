import { readdirSync, type Stats, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { asyncBufferFromFile } from 'hyparquet';
import { BoundaryError } from '../../base/errors.ts';
import { codeOf } from '../../base/files.ts';
import { hubFiles, hubPrefix } from './hub.ts';
import { jsonFile } from './json-file.ts';
import { parquetFile } from './parquet-file.ts';
import type { RowFile } from './row-file.ts';

const endings = /\.(?:parquet|(?:jsonl|ndjson|json)(?:\.gz)?)$/i;

/**
 * The files of an import: a file, those of a folder (by name, not of folders in it), or a data set of the hub. Throws
 * BoundaryError('usage') for what is not there, is no regular file, or has no ending that is read.
 */
export async function openSources(source: string): Promise<RowFile[]> {
  if (source.startsWith(hubPrefix)) {
    return hubFiles(source);
  }
  const entry = statOf(source);
  if (!entry.isDirectory()) {
    return [openFile(source, entry)];
  }
  const paths = readdirSync(source)
    .filter((name) => endings.test(name))
    .sort()
    .map((name) => join(source, name));
  const files = paths.map((path) => ({ path, stats: statOf(path) })).filter(({ stats }) => stats.isFile());
  if (files.length === 0) {
    throw new BoundaryError('usage', `${source} holds no file that can be imported.`, endingsRemedy);
  }
  return files.map(({ path, stats }) => openFile(path, stats));
}

const endingsRemedy = 'Files that end in .parquet, .jsonl, .ndjson, .json (the last three also with .gz) are read.';

function openFile(path: string, stats: Stats): RowFile {
  if (!stats.isFile()) {
    throw new BoundaryError('usage', `${path} is not a regular file.`, 'Give a file, or a folder of files.');
  }
  if (!endings.test(path)) {
    throw new BoundaryError('usage', `${path} has an ending that is not known.`, endingsRemedy);
  }
  return /\.parquet$/i.test(path)
    ? parquetFile(basename(path), () => asyncBufferFromFile(path))
    : jsonFile(basename(path), path, stats.size);
}

function statOf(path: string): Stats {
  try {
    return statSync(path);
  } catch (error) {
    const reason = codeOf(error) === 'ENOENT' ? 'is not there' : `cannot be opened (${codeOf(error) ?? 'unknown'})`;
    throw new BoundaryError('usage', `${path} ${reason}.`, 'Give a file, a folder of files, or hub:ORG/NAME.', {
      cause: error,
    });
  }
}
