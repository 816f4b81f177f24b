import { spawn } from 'node:child_process';
import { statSync } from 'node:fs';
import { BoundaryError } from '../base/errors.ts';
import { entryPath } from '../base/entries.ts';
import { linesOf } from '../base/lines.ts';
import { ScanMessage } from '../protocol/seed.ts';
import type { ScanOptions } from './scan.ts';

/** Longest message, bytes: a function's source is short. */
const maxLineBytes = 1 << 20;
/** Heap of the process, megabytes: one file is parsed at a time. */
const heapMb = 1024;
/** How much longer than its own limit the process may take, milliseconds. */
const graceMs = 30_000;

/**
 * Reads a folder in a separate process and tells what it finds, in order. Throws BoundaryError('usage') where it is no
 * folder, BoundaryError('environment') where it cannot be read, and BoundaryError('interrupted') when `signal` aborts.
 */
export async function* scanFolder(options: ScanOptions, signal?: AbortSignal): AsyncGenerator<ScanMessage> {
  if (!statSync(options.folder, { throwIfNoEntry: false })?.isDirectory()) {
    throw new BoundaryError('usage', `${options.folder} is not a folder.`, 'Give a folder with --set workspace=DIR.');
  }
  const child = spawn(
    process.execPath,
    [`--max-old-space-size=${heapMb}`, entryPath('workspace'), JSON.stringify(options)],
    { stdio: ['ignore', 'pipe', 'inherit'], windowsHide: true },
  );
  const end = (): void => {
    child.kill('SIGKILL');
  };
  const timer = setTimeout(end, 1000 * options.seconds + graceMs);
  signal?.addEventListener('abort', end);
  let isWhole = false;
  try {
    for await (const line of linesOf(child.stdout, maxLineBytes)) {
      const message = ScanMessage.parse(JSON.parse(line ?? ''));
      if (message.type === 'failed') {
        throw new BoundaryError('environment', message.message, message.remedy);
      }
      isWhole ||= message.type === 'end';
      yield message;
    }
    if (signal?.aborted) {
      throw new BoundaryError('interrupted', 'The search was cancelled.', '');
    }
    if (!isWhole) {
      throw new BoundaryError(
        'environment',
        `The process that reads ${options.folder} ended early.`,
        'Name what may be too much for it with --exclude.',
      );
    }
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', end);
    end();
  }
}
