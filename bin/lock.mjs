// A lock file between processes. It names its owner; the lock of an owner that has died is taken over.
import { linkSync, readFileSync, renameSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

/** Runs `work` while holding the lock at `path`; says so once when it has to wait. */
export async function withLock(path, say, work) {
  let told = false;
  while (!tryLock(path)) {
    if (!told) {
      say(`Waiting for another start that is setting things up (${path}) …`);
      told = true;
    }
    await sleep(200);
  }
  const release = () => unlinkSync(path);
  process.once('exit', release);
  try {
    return await work();
  } finally {
    process.off('exit', release);
    release();
  }
}

function tryLock(path) {
  try {
    writeFileSync(path, `${process.pid} ${hostname()}`, { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') {
      throw error;
    }
  }
  removeWhenStale(path);
  return false;
}

function removeWhenStale(path) {
  const owner = read(path);
  if (owner === undefined || (owner === '' ? isYoung(path) : isAlive(owner))) {
    return;
  }
  // Moved aside first: where somebody else took it over meanwhile, it is put back.
  const aside = `${path}.${process.pid}`;
  try {
    renameSync(path, aside);
    if (read(aside) !== owner) {
      linkSync(aside, path);
    }
    unlinkSync(aside);
  } catch {
    // Another process was faster.
  }
}

function read(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/** An empty lock is one whose owner is about to write its name, or died before it could. */
function isYoung(path) {
  try {
    return Date.now() - statSync(path).mtimeMs < 5_000;
  } catch {
    return true;
  }
}

/** Owners on other machines (a shared home) cannot be asked and count as alive. */
function isAlive(owner) {
  const [pid, host] = owner.split(' ');
  if (host !== hostname()) {
    return true;
  }
  try {
    process.kill(Number(pid), 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}
