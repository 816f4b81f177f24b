import { spawn, type ChildProcess } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder } from '../../base/make-folder.ts';
import { SourceError } from './sources.ts';

/** Downloads one wheel into `dir` and returns its path. Aborting kills it. Throws SourceError. */
export type WheelDownloader = (
  wheel: { package: string; version: string },
  dir: string,
  signal?: AbortSignal,
) => Promise<string>;

/** The ways in which a machine may offer pip, most telling first. */
const candidates: readonly (readonly [string, ...string[]])[] = [
  ['python3', '-m', 'pip'],
  ['python', '-m', 'pip'],
  ['py', '-m', 'pip'],
  ['pip3'],
  ['pip'],
];

/** The first pip that answers. Throws SourceError when there is none. */
export async function findPip(signal?: AbortSignal): Promise<WheelDownloader> {
  for (const [command, ...prefix] of candidates) {
    const { code } = await collect(command, [...prefix, '--version'], {}, signal);
    if (code === 0) {
      return (wheel, dir, stop) => download([command, ...prefix], wheel, dir, stop);
    }
  }
  throw new SourceError('no pip was found (Debian: apt-get install python3-pip)');
}

async function download(
  pip: readonly [string, ...string[]],
  wheel: { package: string; version: string },
  dir: string,
  signal?: AbortSignal,
): Promise<string> {
  // pip writes to the temporary folder first; a folder of ours makes its progress visible and its leftovers removable.
  const temporary = join(dir, 'tmp');
  await makeFolder(temporary);
  const [command, ...prefix] = pip;
  const options = ['--no-deps', '--only-binary=:all:', '--no-cache-dir', '--no-input', '--disable-pip-version-check'];
  const { code, output } = await collect(
    command,
    [...prefix, 'download', ...options, '--dest', dir, `${wheel.package}==${wheel.version}`],
    { TMPDIR: temporary, TEMP: temporary, TMP: temporary },
    signal,
  );
  signal?.throwIfAborted();
  if (/No space left on device/i.test(output)) {
    throw new Error('No space left on device');
  }
  if (code !== 0) {
    const told = output.split('\n').filter((line) => /error/i.test(line));
    throw new SourceError(
      `pip could not fetch ${wheel.package} (${(told.at(-1) ?? output).trim() || `exit code ${code}`})`,
    );
  }
  const path = await findWheel(wheel, dir);
  if (path === undefined) {
    throw new SourceError(`pip left no wheel of ${wheel.package} in ${dir}`);
  }
  return path;
}

/** The wheel file of a package in `dir`, if it is there; pip moves it there only when it is whole. */
export async function findWheel(wheel: { package: string; version: string }, dir: string): Promise<string | undefined> {
  const start = `${wheel.package.replaceAll('-', '_')}-${wheel.version}-`;
  const names = await readdir(dir).catch(() => []);
  const name = names.find((candidate) => candidate.startsWith(start) && candidate.endsWith('.whl'));
  return name === undefined ? undefined : join(dir, name);
}

async function collect(
  command: string,
  args: readonly string[],
  env: Record<string, string>,
  signal?: AbortSignal,
): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      windowsHide: true,
      detached: process.platform !== 'win32',
    });
    const stop = (): void => killGroup(child);
    signal?.addEventListener('abort', stop, { once: true });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.on('error', (error) => resolve({ code: -1, output: error.message }));
    child.on('close', (code) => {
      signal?.removeEventListener('abort', stop);
      resolve({ code: code ?? -1, output });
    });
  });
}

/** `python3` may be a shell script around Python, so its whole group is ended. */
function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) {
    return;
  }
  try {
    process.kill(process.platform === 'win32' ? child.pid : -child.pid, 'SIGTERM');
  } catch {
    // It has already ended.
  }
}
