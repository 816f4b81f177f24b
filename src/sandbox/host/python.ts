import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { makeFolderSync } from '../../base/make-folder.ts';
import { cacheDir } from '../../base/cache-dir.ts';
import { BoundaryError } from '../../base/errors.ts';
import { headerBytes } from '../wire/frames.ts';
import type { PythonKit } from '../wire/messages.ts';
import { driverSource } from '../realm/python-driver.ts';
import type { LaunchPlan } from './worker-process.ts';

/** The version that the tests run; others of the same year work as far as Pyodide keeps its own interface. */
const testedVersion = '314.0.7';
const snapshotLimitMs = 120_000;

/** Pyodide as it is installed here. */
export interface Pyodide {
  folder: string;
  version: string;
}

/**
 * Looks for Pyodide beside the other dependencies of the program (a file or URL in it), then in the cache folder. Throws BoundaryError of the boundary
 * `environment`, with the command that installs it, where there is none.
 */
export function findPyodide(cache: string = cacheDir(), program: string = import.meta.url): Pyodide {
  const prefix = join(cache, 'python');
  for (const from of [program, join(prefix, 'package.json')]) {
    try {
      const path = createRequire(from).resolve('pyodide/package.json');
      const { version } = JSON.parse(readFileSync(path, 'utf8')) as { version: string };
      return { folder: dirname(path), version };
    } catch {
      // Not there.
    }
  }
  throw new BoundaryError(
    'environment',
    'Python solutions are run by Pyodide, which is not installed.',
    `Install it (14 MB): npm install --prefix "${prefix}" --ignore-scripts pyodide@${testedVersion}`,
  );
}

/**
 * A memory snapshot of a booted interpreter, so that a program costs a fifth of a second instead of one and a half. It is
 * made once for each installation, by a worker behind the same fences, and kept in the cache folder under a hash of what
 * went into it; one that was damaged is made again. `plan`: how to start a worker with a kit.
 */
export async function pythonKit(
  { folder, version }: Pyodide,
  plan: (kit: PythonKit) => LaunchPlan,
  cache: string = cacheDir(),
): Promise<Required<PythonKit>> {
  const inputs = createHash('sha256').update(driverSource);
  for (const name of ['pyodide.asm.wasm', 'pyodide.asm.mjs', 'pyodide.mjs', 'python_stdlib.zip']) {
    inputs.update(readFileSync(join(folder, name)));
  }
  const name = `${version}-${inputs.digest('hex').slice(0, 16)}`;
  const snapshot = join(cache, 'python', `${name}.snapshot`);
  if (!isWhole(snapshot)) {
    const memory = await makeSnapshot(plan({ folder, snapshot: undefined }));
    makeFolderSync(dirname(snapshot));
    writeWhole(`${snapshot}.sha256`, Buffer.from(hashOf(memory)));
    writeWhole(snapshot, memory);
  }
  return { folder, snapshot };
}

function isWhole(path: string): boolean {
  return existsSync(path) && existsSync(`${path}.sha256`)
    ? hashOf(readFileSync(path)) === readFileSync(`${path}.sha256`, 'utf8')
    : false;
}

function hashOf(data: Buffer): string {
  return createHash('sha256').update(data).digest('hex');
}

function writeWhole(path: string, data: Buffer): void {
  const temporary = `${path}.${process.pid}`;
  writeFileSync(temporary, data);
  renameSync(temporary, path);
}

/** Throws BoundaryError of the boundary `sandbox` where the interpreter does not start. */
async function makeSnapshot(plan: LaunchPlan): Promise<Buffer> {
  const child = spawn(plan.command, plan.args, {
    stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe'],
    env: plan.env,
    cwd: plan.cwd,
    windowsHide: true,
    timeout: snapshotLimitMs,
    killSignal: 'SIGKILL',
  });
  const channel = child.stdio[3] as Readable;
  const chunks: Buffer[] = [];
  let words = '';
  channel.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.stderr?.on('data', (chunk: Buffer) => {
    words = (words + chunk.toString('latin1')).slice(-2000);
  });
  await new Promise((resolve) => {
    child.on('error', resolve);
    child.on('close', resolve);
  });
  const frame = Buffer.concat(chunks);
  const length = frame.length < headerBytes ? 0 : frame.readUInt32LE(0);
  // A message in place of the memory is short, and says what went wrong.
  if (length < 1_000_000 || frame.length !== headerBytes + length) {
    const said = frame.toString('utf8', headerBytes).slice(0, 500);
    throw new BoundaryError(
      'sandbox',
      `Python does not start: ${said || words.trim() || 'the process ended without a word'}`,
      `Install Pyodide ${testedVersion} again, or free some memory.`,
    );
  }
  return frame.subarray(headerBytes);
}
