import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { pidExists } from '../../base/processes.ts';

/**
 * Runs `work` while no other process of this machine holds the lock at `path`; waits for it otherwise. A lock whose
 * owner has died is taken over. `onWait` is called once. Aborting `signal` ends the waiting.
 */
export async function withPullLock<T>(
  path: string,
  options: { signal?: AbortSignal | undefined; onWait?: () => void },
  work: () => Promise<T>,
): Promise<T> {
  const owner = `${process.pid} ${hostname()}`;
  let told = false;
  while (!(await tryLock(path, owner))) {
    if (!told) {
      options.onWait?.();
      told = true;
    }
    await sleep(250, undefined, options.signal ? { signal: options.signal } : {});
  }
  try {
    return await work();
  } finally {
    await rm(path, { force: true });
  }
}

async function tryLock(path: string, owner: string): Promise<boolean> {
  try {
    await writeFile(path, owner, { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
      throw error;
    }
  }
  if (await isStale(path)) {
    await rm(path, { force: true });
    return tryLock(path, owner);
  }
  return false;
}

/** Owners on other machines (a shared home) cannot be asked and count as alive. */
async function isStale(path: string): Promise<boolean> {
  try {
    const [pid, host] = (await readFile(path, 'utf8')).split(' ');
    if (pid === '') {
      // Its owner is about to write its name, or died before it could.
      return Date.now() - (await stat(path)).mtimeMs > 5_000;
    }
    return host === hostname() && !pidExists(Number(pid));
  } catch {
    return false;
  }
}
