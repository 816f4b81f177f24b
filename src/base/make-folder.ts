import { mkdirSync, statSync } from 'node:fs';
import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Makes a folder with those above it; one that is there is left as it is. Not by `recursive` of Node's own functions, which
 * never end below `/proc`, where a folder that is there takes no other. Throws what the file system says.
 */
export function makeFolderSync(path: string): void {
  const missing: string[] = [];
  for (let at = path; isMissingSync(at) && !missing.includes(at); at = dirname(at)) {
    missing.unshift(at);
  }
  if (missing.length === 0 && statSync(path).isDirectory()) {
    return;
  }
  for (const folder of missing.length > 0 ? missing : [path]) {
    try {
      mkdirSync(folder);
    } catch (error) {
      if (!isThere(error) || !statSync(folder).isDirectory()) {
        throw error;
      }
    }
  }
}

/** {@link makeFolderSync} without holding up what else the process does. */
export async function makeFolder(path: string): Promise<void> {
  const missing: string[] = [];
  for (let at = path; (await isMissing(at)) && !missing.includes(at); at = dirname(at)) {
    missing.unshift(at);
  }
  if (missing.length === 0 && (await stat(path)).isDirectory()) {
    return;
  }
  for (const folder of missing.length > 0 ? missing : [path]) {
    try {
      await mkdir(folder);
    } catch (error) {
      if (!isThere(error) || !(await stat(folder)).isDirectory()) {
        throw error;
      }
    }
  }
}

function isMissingSync(path: string): boolean {
  try {
    statSync(path);
    return false;
  } catch {
    return true;
  }
}

function isMissing(path: string): Promise<boolean> {
  return stat(path).then(
    () => false,
    () => true,
  );
}

/** Another process may make it at the same time. */
function isThere(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EEXIST';
}
