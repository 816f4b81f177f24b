import { randomBytes } from 'node:crypto';
import { accessSync, constants, lstatSync, readdirSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';

const onWindows = process.platform === 'win32';
const pipes = '\\\\.\\pipe\\';
const socketName = onWindows ? /^selfq-[0-9a-f]{16}$/ : /^selfq-[0-9a-f]{16}\.sock$/;

/** Where control sockets are looked for. The first serves windows and terminals whose TMPDIR differs. */
const folders = ['/tmp', tmpdir()];

/**
 * A fresh address for the control socket: a named pipe on Windows, else a socket in the temporary folder, because the
 * path of a socket may have about 100 bytes and a run folder may lie deep.
 */
export function newSocketPath(): string {
  const name = `selfq-${randomBytes(8).toString('hex')}`;
  return onWindows ? pipes + name : join(folders.find(isWritable) ?? '/tmp', `${name}.sock`);
}

/**
 * Whether an address, which comes from a file that anybody may have written, is one that this program makes: by name and
 * place, and on other systems than Windows a socket of this user.
 */
export function isOwnSocket(path: string): boolean {
  if (onWindows) {
    return path.startsWith(pipes) && socketName.test(path.slice(pipes.length));
  }
  if (!folders.includes(dirname(path)) || !socketName.test(basename(path))) {
    return false;
  }
  const found = lstatSync(path, { throwIfNoEntry: false });
  return found?.isSocket() === true && found.uid === process.getuid?.();
}

/** Removes the socket that a killed engine left; nothing that is not {@link isOwnSocket}. */
export function removeSocket(path: string): void {
  if (!onWindows && isOwnSocket(path)) {
    rmSync(path, { force: true });
  }
}

/** An engine that is just starting may not listen yet, milliseconds. */
const youngMs = 60_000;
const mostLookedAt = 50;

/** Removes sockets of killed engines that nobody continued. */
export async function removeDeadSockets(): Promise<void> {
  if (onWindows) {
    return;
  }
  const old = [...new Set(folders)]
    .flatMap((folder) => namesIn(folder).map((name) => join(folder, name)))
    .filter((path) => socketName.test(basename(path)) && isOwnSocket(path) && ageMs(path) > youngMs);
  const dead = await Promise.all(
    old.slice(0, mostLookedAt).map(async (path) => ((await isRefused(path)) ? [path] : [])),
  );
  dead.flat().forEach(removeSocket);
}

/** True where no process listens any longer. */
function isRefused(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.setTimeout(1_000, () => socket.destroy());
    socket.once('connect', () => socket.destroy());
    let refused = false;
    socket.once('error', (error) => (refused = 'code' in error && error.code === 'ECONNREFUSED'));
    socket.once('close', () => resolve(refused));
  });
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function ageMs(path: string): number {
  return Date.now() - (lstatSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    return Buffer.byteLength(folder) < 64;
  } catch {
    return false;
  }
}
