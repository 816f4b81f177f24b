import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { linesOf } from '../../base/lines.ts';
import { BoundaryError } from '../../base/errors.ts';
import { jsonIn } from './format.ts';
import { maxRowBytes, type RawRow, type RowFile } from './row-file.ts';

/** Rows in front of the first object, at most, in a file whose columns are asked for. */
const rowsBeforeColumns = 1000;

/** JSON objects in a file: lines (`jsonl`, `ndjson`), or an array or a sequence of objects (`json`). `size`: bytes. */
export function jsonFile(label: string, path: string, size: number): RowFile {
  const rows = (): AsyncIterable<RawRow> => readRows(path, size);
  return {
    label,
    rows,
    async columns() {
      for await (const { number, row } of rows()) {
        if ('value' in row && typeof row.value === 'object' && row.value !== null) {
          return Object.keys(row.value);
        }
        if (number >= rowsBeforeColumns) {
          break;
        }
      }
      return [];
    },
  };
}

async function* readRows(path: string, size: number): AsyncGenerator<RawRow> {
  let read = 0;
  const file = createReadStream(path).on('data', (chunk) => (read += chunk.length));
  const isPacked = path.endsWith('.gz');
  const bytes: AsyncIterable<Buffer> = isPacked ? pipeline(file, createGunzip(), () => undefined) : file;
  const texts = /\.json(?:\.gz)?$/.test(path) ? objectsOf(bytes, maxRowBytes) : linesOf(bytes, maxRowBytes);
  let number = 0;
  try {
    for await (const text of texts) {
      number += 1;
      const plain = number === 1 ? text?.replace(/^\uFEFF/, '') : text;
      if (plain?.trim() !== '') {
        yield { number, row: rowOf(plain), share: size === 0 ? 1 : Math.min(1, read / size) };
      }
    }
  } catch (error) {
    if (error instanceof Error && 'code' in error && String(error.code).startsWith('Z_')) {
      const remedy = 'It is damaged, or cut off: fetch it again.';
      throw new BoundaryError('usage', `${path} cannot be unpacked: ${error.message}.`, remedy, { cause: error });
    }
    throw error;
  } finally {
    file.destroy();
  }
}

function rowOf(text: string | undefined): RawRow['row'] {
  if (text === undefined) {
    return { fault: 'too_long' };
  }
  const value = jsonIn(text);
  return value === undefined ? { fault: 'not_json' } : { value };
}

/** Bytes of the signs by which objects are told apart. */
const [quote, backslash] = [0x22, 0x5c];
const [openBracket, openBrace, closeBracket, closeBrace] = [0x5b, 0x7b, 0x5d, 0x7d];

/**
 * The texts of the objects of an array, or of objects one after the other; undefined for one that is longer than
 * `maxBytes`. What lies between them is skipped. Throws nothing for what is no JSON: its text is none, either.
 */
export async function* objectsOf(input: AsyncIterable<Buffer>, maxBytes: number): AsyncGenerator<string | undefined> {
  let depth = 0;
  let inString = false;
  let escaped = false;
  let parts: Buffer[] = [];
  let held = 0;
  const keep = (part: Buffer): void => {
    held += part.length;
    parts = held > maxBytes ? [] : [...parts, part];
  };
  const finish = (): string | undefined => {
    const text = held > maxBytes ? undefined : Buffer.concat(parts).toString('utf8');
    [parts, held] = [[], 0];
    return text;
  };
  for await (const chunk of input) {
    let start = 0;
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at];
      if (depth === 0) {
        // An array around the objects counts for nothing.
        if (byte === openBrace) {
          depth = 1;
          start = at;
        }
      } else if (inString) {
        inString = escaped || byte !== quote;
        escaped = !escaped && byte === backslash;
      } else if (byte === quote) {
        inString = true;
      } else if (byte === openBrace || byte === openBracket) {
        depth += 1;
      } else if (byte === closeBrace || byte === closeBracket) {
        depth -= 1;
        if (depth === 0) {
          keep(chunk.subarray(start, at + 1));
          yield finish();
        }
      }
    }
    if (depth > 0) {
      keep(chunk.subarray(start));
    }
  }
  if (held > 0) {
    yield finish();
  }
}
