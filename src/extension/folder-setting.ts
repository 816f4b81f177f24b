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

/** Folders for runs that are remembered: each is read and watched in every window. */
const mostRemembered = 20;

/** The folders for runs that this editor has used, the latest first, with `folder` in front. */
export function rememberFolder(known: readonly string[], folder: string): string[] {
  return [...new Set([folder, ...known])].slice(0, mostRemembered);
}
