import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { FileCounts, ScanMessage, SkippedFileReason } from '../protocol/seed.ts';
import { readUntrusted } from '../base/untrusted-file.ts';
import { maximumFileBytes, skippedByName, skippedByText } from './file-rules.ts';
import { functionsOf } from './functions.ts';
import { globMatcher } from './glob.ts';
import { listFiles } from './list-files.ts';

/** What is searched, and how long at most. */
export interface ScanOptions {
  /** Absolute path. */
  folder: string;
  /** Patterns (glob.ts) of files, and of functions as `FILE#NAME`, that are not wanted. */
  exclude: readonly string[];
  seconds: number;
}

/** Most files of a folder that are looked at. */
const mostFiles = 1_000_000;

/** Milliseconds between two messages of progress. */
const progressMs = 200;

/**
 * Reads the source files of a folder and tells of their functions. Files are taken in the order of a hash of their paths:
 * where time runs out, what was read is a fair sample. Nothing of the folder is run. Throws as `listFiles`.
 */
export async function scan({ folder, exclude, seconds }: ScanOptions, tell: (message: ScanMessage) => void) {
  const deadline = performance.now() + 1000 * seconds;
  const listing = await listFiles(folder, { deadline, most: mostFiles });
  const counts: FileCounts = { listed: listing.files.length, read: 0, skipped: {}, byGit: listing.byGit };
  const skip = (reason: SkippedFileReason, count = 1): void => {
    counts.skipped[reason] = (counts.skipped[reason] ?? 0) + count;
  };
  const isExcluded = globMatcher(exclude.filter((pattern) => !pattern.includes('#')));
  const isExcludedFunction = globMatcher(exclude.filter((pattern) => pattern.includes('#')));
  const wanted = listing.files.filter((path) => {
    const reason = isExcluded(path) ? 'excluded' : skippedByName(path);
    return reason ? skip(reason) : true;
  });
  let functions = 0;
  let toldAt = -Infinity;
  for (const [index, path] of inFairOrder(wanted).entries()) {
    if (performance.now() > deadline) {
      skip('out_of_time', wanted.length - index);
      break;
    }
    if (performance.now() - toldAt > progressMs) {
      toldAt = performance.now();
      tell({ type: 'progress', done: index, total: wanted.length, functions });
    }
    const text = readSource(join(folder, path));
    const reason = typeof text === 'string' ? skippedByText(text) : text.reason;
    if (typeof text !== 'string' || reason) {
      skip(reason ?? 'unreadable');
      continue;
    }
    counts.read += 1;
    const { candidates, rejected } = functionsOf(path, text);
    functions += candidates.length + rejected.length;
    rejected.forEach((row) => tell({ type: 'rejected', rejected: row }));
    for (const candidate of candidates) {
      const { file, line, name } = candidate;
      tell(
        isExcludedFunction(`${file}#${name}`)
          ? {
              type: 'rejected',
              rejected: { ...{ file, line, name }, reason: 'excluded', detail: 'A pattern names it.' },
            }
          : { type: 'candidate', candidate },
      );
    }
  }
  if (!listing.isWhole) {
    skip('out_of_time');
  }
  tell({ type: 'end', files: counts });
}

function inFairOrder(paths: readonly string[]): string[] {
  const ranked = paths.map((path) => ({ path, rank: createHash('sha1').update(path).digest('hex') }));
  return ranked.sort((a, b) => (a.rank < b.rank ? -1 : 1)).map(({ path }) => path);
}

function readSource(path: string): string | { reason: SkippedFileReason } {
  try {
    return readUntrusted(path, maximumFileBytes);
  } catch (error) {
    const isTooLarge = error instanceof Error && error.message.includes('more than');
    return { reason: isTooLarge ? 'too_large' : 'unreadable' };
  }
}
