import { open, rm, type FileHandle } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { BoundaryError } from '../../base/errors.ts';
import { isDiskFull } from '../../base/files.ts';
import type { ImportProgress, ImportReason, ImportRecord } from '../../protocol/imports.ts';
import { findImport, importsDir, isImportName, keepImport, newQuestionsFile } from '../imported.ts';
import { findBenchmark } from '../registry.ts';
import { type Format, missingColumns, readColumns } from './format.ts';
import { formats, namedFormat, recognise } from './formats.ts';
import { hubPrefix } from './hub.ts';
import type { RowFile } from './row-file.ts';
import { openSources } from './sources.ts';
import { Tally } from './tally.ts';

/** What is imported, and as what. */
export interface ImportRequest {
  /** A file, a folder of files, or `hub:ORG/NAME`. */
  source: string;
  /** Name of a format; `auto` or absent: by the columns of each file. */
  format?: string;
  /** Default: that of the file. An earlier import of this name is replaced. */
  name?: string;
  /** At most so many questions. */
  limit?: number;
  signal?: AbortSignal;
  onProgress?: (progress: ImportProgress) => void;
}

/** Most bytes of an import's questions. */
const maxBytes = 4 * 2 ** 30;

/**
 * Takes the questions of files into the folder of imports, where they are a benchmark of `name`. It is there when it is
 * complete: where none of the rows makes a question, the source cannot be read or the work is interrupted, an earlier
 * import stays. Memory does not grow with the files.
 *
 * Throws BoundaryError('usage') for a source, format or name that cannot be used and for one without questions,
 * ('interrupted') at the signal, ('environment') where the hub cannot be read or the disk is full.
 */
export async function importBenchmark(request: ImportRequest, dir: string = importsDir()): Promise<ImportRecord> {
  if (request.name !== undefined) {
    assertName(request.name);
  }
  const files = await openSources(request.source);
  const name = request.name ?? nameOf(request.source);
  assertName(name);
  const chosen = await chooseFormats(request.source, files, namedFormat(request.format));
  const out = newQuestionsFile(name, dir);
  const tally = new Tally(files.length > 1);
  for (const label of chosen.unknown) {
    tally.skip('unknown_format', label);
  }
  try {
    await write(out, chosen.read, tally, request);
    if (tally.questions === 0) {
      throw nothingTaken(request.source, tally, findImport(name, dir) !== undefined);
    }
    const record: ImportRecord = {
      name,
      domain: chosen.domain,
      formats: [...new Set(chosen.read.map(({ format }) => format.name))],
      source: request.source.startsWith(hubPrefix) ? request.source : resolve(request.source),
      file: basename(out),
      ...tally.figures(),
      time: new Date().toISOString(),
    };
    keepImport(record, dir);
    return record;
  } catch (error) {
    await rm(out, { force: true });
    throw isDiskFull(error)
      ? new BoundaryError('environment', 'The disk is full: nothing was imported.', 'Free some space, and try again.', {
          cause: error,
        })
      : error;
  }
}

function assertName(name: string): void {
  if (!isImportName(name)) {
    throw new BoundaryError(
      'usage',
      `An import cannot have the name "${name}".`,
      'Give --name with letters, digits, ".", - and _, at most 80, the first of them no ".".',
    );
  }
  if (findBenchmark(name)) {
    throw new BoundaryError('usage', `"${name}" is a shipped benchmark.`, 'Choose another name with --name.');
  }
}

/** A file and how it is read. */
interface ChosenFile {
  file: RowFile;
  format: Format;
}

/** Files that no format fits are named, and left out where another is read. */
async function chooseFormats(
  source: string,
  files: readonly RowFile[],
  named: Format | undefined,
): Promise<{ domain: string; read: ChosenFile[]; unknown: string[] }> {
  const seen = await Promise.all(files.map(async (file) => ({ file, columns: await file.columns() })));
  const read = seen.flatMap(({ file, columns }): ChosenFile[] => {
    const format = named ? (missingColumns(named, columns).length === 0 ? named : undefined) : recognise(columns);
    return format ? [{ file, format }] : [];
  });
  const [first] = read;
  if (!first) {
    throw unknownFormat(source, seen[0]?.columns ?? [], named);
  }
  const { domain } = first.format;
  const other = read.find(({ format }) => format.domain !== domain);
  if (other) {
    throw new BoundaryError(
      'usage',
      `${source} holds questions of two domains: ${first.file.label} of ${domain}, ${other.file.label} of ${other.format.domain}.`,
      `Import one of them: --format ${first.format.name} or --format ${other.format.name}.`,
    );
  }
  const labels = new Set(read.map(({ file }) => file.label));
  return { domain, read, unknown: files.map(({ label }) => label).filter((label) => !labels.has(label)) };
}

function unknownFormat(source: string, columns: readonly string[], named: Format | undefined): BoundaryError {
  const has = columns.length === 0 ? 'it has no columns' : `its columns are ${columns.slice(0, 40).join(', ')}`;
  if (named) {
    const missing = missingColumns(named, columns).join(', ');
    return new BoundaryError(
      'usage',
      `${source} is not of the format ${named.name}: it lacks ${missing}; ${has}.`,
      'Leave --format out to have the format recognised.',
    );
  }
  const known = formats.filter(({ onlyByName }) => !onlyByName);
  const words = known.map((format) => `${format.name} (${missingColumns(format, []).join(', ')})`);
  return new BoundaryError(
    'usage',
    `${source} is of no format that is known: ${has}.`,
    `Known are ${words.join('; ')}.`,
  );
}

/** Bytes of lines that are written at once. */
const batchBytes = 2 ** 20;

async function write(
  out: string,
  files: readonly ChosenFile[],
  tally: Tally,
  { limit = Infinity, signal, onProgress }: ImportRequest,
): Promise<void> {
  const handle = await open(out, 'wx');
  const lines = new LineWriter(handle);
  try {
    for (const [place, { file, format }] of files.entries()) {
      for await (const { number, row, share } of file.rows(readColumns(format))) {
        signal?.throwIfAborted();
        const taken = 'fault' in row ? row.fault : format.read(row.value, tally.rows);
        const text = tally.count(taken, file.label, number);
        if (text !== undefined) {
          await lines.write(text);
        }
        onProgress?.({ share: (place + share) / files.length, rows: tally.rows, questions: tally.questions });
        if (tally.questions >= limit) {
          break;
        }
      }
      if (tally.questions >= limit) {
        break;
      }
    }
    await lines.end();
  } catch (error) {
    throw signal?.aborted === true
      ? new BoundaryError('interrupted', 'The import was interrupted; nothing was imported.', 'Start it again.')
      : error;
  } finally {
    await handle.close();
  }
}

/** Writes lines in batches. */
class LineWriter {
  readonly #handle: FileHandle;
  #waiting: string[] = [];
  #waitingLength = 0;
  #bytes = 0;

  constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  async write(line: string): Promise<void> {
    this.#waiting.push(line, '\n');
    this.#waitingLength += line.length + 1;
    if (this.#waitingLength >= batchBytes) {
      await this.#flush();
    }
  }

  /** Waits until everything lies on the disk. */
  async end(): Promise<void> {
    await this.#flush();
    await this.#handle.sync();
  }

  async #flush(): Promise<void> {
    const bytes = Buffer.from(this.#waiting.join(''));
    this.#waiting = [];
    this.#waitingLength = 0;
    this.#bytes += bytes.length;
    if (this.#bytes > maxBytes) {
      throw new BoundaryError(
        'usage',
        `The questions have more than ${maxBytes / 2 ** 30} GB.`,
        'Take fewer of them with --limit.',
      );
    }
    await this.#handle.writeFile(bytes);
  }
}

/** A set is called like the file that it comes from, so that several can stay. */
function nameOf(source: string): string {
  const stem = source.startsWith(hubPrefix)
    ? source.slice(hubPrefix.length).split('/').slice(1).join('-')
    : basename(resolve(source))
        .replace(/\.gz$/i, '')
        .replace(/\.(?:parquet|jsonl|ndjson|json)$/i, '');
  return stem
    .replaceAll(/[^\w.-]+/g, '_')
    .replace(/^[.]+/, '')
    .slice(0, 80);
}

function nothingTaken(source: string, tally: Tally, hasEarlier: boolean): BoundaryError {
  const { rows, skipped } = tally.figures();
  const reasons = skipped.map(({ reason, count }) => `${count} ${reasonText(reason)}`);
  return new BoundaryError(
    'usage',
    `None of the ${rows} rows of ${source} makes a question${reasons.length === 0 ? '' : ` (${reasons.join(', ')})`}.`,
    hasEarlier ? 'The earlier import stays as it is.' : 'Nothing was imported.',
  );
}

function reasonText(reason: ImportReason): string {
  return reason.replaceAll('_', ' ');
}
