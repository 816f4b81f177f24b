import { homedir } from 'node:os';
import { isAbsolute } from 'node:path';

/**
 * The folder that a setting names, with `~` for the home folder; undefined for an empty setting and for a relative path,
 * which would mean another folder in each window.
 */
export function absoluteFolder(value: string): string | undefined {
  const path = value.trim().replace(/^~(?=$|[\\/])/, homedir());
  return isAbsolute(path) ? path : undefined;
}
