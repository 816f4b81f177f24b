import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import * as z from 'zod';
import { makeFolder } from './make-folder.ts';

const HashRecord = z.object({ size: z.number(), mtimeMs: z.number(), sha256: z.string().length(64) });
const HashTable = z.record(z.string(), HashRecord);
type HashTable = z.infer<typeof HashTable>;

const tableName = 'file-hashes.json';

/**
 * sha256 of a file, hex. With `cacheDir`, remembered there by path, size and modification time, since hashing half a
 * gigabyte takes a second. The memory is a convenience: one that cannot be read or written is done without.
 */
export async function fileHash(path: string, cacheDir?: string): Promise<string> {
  const key = resolve(path);
  const { size, mtimeMs } = await stat(key);
  if (cacheDir === undefined) {
    return hashContents(key);
  }
  const known = (await readTable(cacheDir))[key];
  if (known !== undefined && known.size === size && known.mtimeMs === mtimeMs) {
    return known.sha256;
  }
  const sha256 = await hashContents(key);
  await remember(cacheDir, key, { size, mtimeMs, sha256 });
  return sha256;
}

async function hashContents(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 2 ** 20 })) {
    hash.update(chunk as Buffer);
  }
  return hash.digest('hex');
}

async function readTable(cacheDir: string): Promise<HashTable> {
  try {
    return HashTable.parse(JSON.parse(await readFile(join(cacheDir, tableName), 'utf8')));
  } catch {
    return {};
  }
}

/** Whole-file replacement, so that a concurrent reader sees one table or the other, never half of one. */
async function remember(cacheDir: string, key: string, record: HashTable[string]): Promise<void> {
  const target = join(cacheDir, tableName);
  const temporary = `${target}.${process.pid}`;
  try {
    await makeFolder(cacheDir);
    const table = { ...(await readTable(cacheDir)), [key]: record };
    await writeFile(temporary, JSON.stringify(table, null, 2));
    await rename(temporary, target);
  } catch {
    // Without the memory the next open hashes again, which is slow but right.
  }
}
