import { readFile, stat } from 'node:fs/promises';

/** Far beyond every configuration and tokenizer. */
const largestBytes = 256 * 2 ** 20;

/**
 * The text (UTF-8) of a file that may come from anywhere. Throws RangeError for what is no regular file (a device or a
 * pipe never ends) and for one larger than `limit` bytes, and the system's error when it cannot be opened.
 */
export async function readSmallFile(path: string, limit: number = largestBytes): Promise<string> {
  // Before it is opened: to open a pipe is to wait for its writer.
  const entry = await stat(path);
  if (!entry.isFile()) {
    throw new RangeError(`${path} is not a regular file`);
  }
  if (entry.size > limit) {
    throw new RangeError(`${path} has ${entry.size} bytes, more than ${limit}`);
  }
  return readFile(path, 'utf8');
}
