import { toErrorRecord } from '../base/errors.ts';
import type { ScanMessage } from '../protocol/seed.ts';
import { scan, type ScanOptions } from './scan.ts';

/**
 * The process that reads a folder: `node main.ts OPTIONS`, options as JSON. A line of standard output is one message. It
 * is a separate process because parsing blocks, takes memory, and reads what strangers may have written.
 */
const tell = (message: ScanMessage): void => {
  process.stdout.write(`${JSON.stringify(message)}\n`);
};
process.stdout.on('error', () => process.exit(1));

try {
  await scan(JSON.parse(process.argv[2] ?? '') as ScanOptions, tell);
} catch (error) {
  const { message, remedy } = toErrorRecord(error, 'environment', 'Try another folder, or --exclude what is at fault.');
  tell({ type: 'failed', message, remedy });
}
