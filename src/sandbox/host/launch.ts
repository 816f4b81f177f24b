import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, realpathSync, rmdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { BoundaryError } from '../../base/errors.ts';
import { pidExists } from '../../base/processes.ts';
import { interpreterThread, type PythonKit } from '../wire/messages.ts';
import type { LaunchPlan } from './worker-process.ts';

/** Which fences around a worker this platform has, beyond the isolate and Node's permission model. */
export interface Fences {
  /** Workers see no network at all (a separate namespace, through unshare). */
  network: boolean;
  /** The kernel refuses data beyond a limit (RLIMIT_DATA). */
  dataLimit: boolean;
  /** The pool reads CPU time and memory of a worker from outside (/proc). Without it, only wall time is watched. */
  vitals: boolean;
}

/** Node itself reserves about 1.7 GB of data at start; what is left is for the largest isolate and its results. KiB. */
const dataLimitKb = 3 * 1024 * 1024;

/** Finds out once, by trying. */
export async function probeFences(): Promise<Fences> {
  if (process.platform !== 'linux') {
    return { network: false, dataLimit: false, vitals: false };
  }
  const [network, dataLimit] = await Promise.all([
    succeeds('exec unshare -rn -- true'),
    succeeds(`ulimit -c 0 && ulimit -d ${dataLimitKb}`),
  ]);
  return { network, dataLimit, vitals: true };
}

/** The fences in words, those that there are and those that there are not. */
export function describeFences({ network, dataLimit, vitals }: Fences): { active: string[]; missing: string[] } {
  const rows: [boolean, string, string][] = [
    [true, "Node's permission flags (no files, processes or inspector)", ''],
    [true, 'an empty environment and working folder', ''],
    [network, 'no network (namespace)', 'a namespace without network (unshare -rn)'],
    [dataLimit, `at most ${((dataLimitKb * 1024) / 1e9).toFixed(1)} GB of memory`, 'a limit of memory (ulimit -d)'],
    [vitals, 'CPU time and memory watched from outside', "a look at a worker's CPU time and memory (/proc)"],
  ];
  return {
    active: rows.flatMap(([has, name]) => (has ? [name] : [])),
    missing: rows.flatMap(([has, , name]) => (has ? [] : [name])),
  };
}

function succeeds(script: string): Promise<boolean> {
  return new Promise((resolve) => {
    execFile('/bin/sh', ['-c', script], { timeout: 5000, env: { PATH: process.env['PATH'] } }, (error) => {
      resolve(error === null);
    });
  });
}

/** How a worker is started, with every fence that there is. The permission model is a second fence behind the isolate. */
export function launchPlan(options: {
  nodePath: string;
  workerPath: string;
  cwd: string;
  fences: Fences;
  python?: PythonKit;
}): LaunchPlan {
  const { nodePath, cwd, fences } = options;
  const { command, args } = fencedCommand(nodePath, nodeArguments(options.workerPath, options.python), fences);
  // The shell has to find unshare.
  const path = command === nodePath ? {} : { PATH: process.env['PATH'] ?? '/usr/bin:/bin' };
  const thread = options.python === undefined ? {} : { thread: interpreterThread };
  return { command, args, env: { ...allowedEnvironment(), ...path }, cwd, ...thread };
}

/** `command args…` behind the fences of the platform; as it is where there are none. */
export function fencedCommand(
  command: string,
  args: readonly string[],
  fences: Fences,
): { command: string; args: readonly string[] } {
  if (!fences.network && !fences.dataLimit) {
    return { command, args };
  }
  const steps = [
    ...(fences.dataLimit ? ['ulimit -c 0', `ulimit -d ${dataLimitKb}`] : []),
    `exec ${fences.network ? 'unshare -rn -- ' : ''}"$0" "$@"`,
  ];
  return { command: '/bin/sh', args: ['-c', steps.join('; '), command, ...args] };
}

const javascriptFlags = [
  // Boot scripts come whole out of V8's code cache, instead of function by function as they are called. Of Pyodide's
  // script, a megabyte, a program needs little.
  '--no-lazy',
  // Room for new objects, MiB: what the contexts of a small program leave behind need not be collected before the isolate
  // goes. isolated-vm gives half a MiB.
  '--min-semi-space-size=4',
  '--max-semi-space-size=4',
];

/**
 * Real paths only: where node_modules or the folder of the program is a link, Node would ask for leave to read along the
 * link. So the worker is told where isolated-vm lies instead of looking for it.
 */
function nodeArguments(path: string, python?: PythonKit): string[] {
  const workerPath = realpathSync(path);
  const { resolve } = createRequire(workerPath);
  const nativePath = resolve('isolated-vm');
  // node-gyp-build looks at /etc/alpine-release to tell musl from glibc.
  const readable = [
    // Run from source, the worker consists of the rooms beside its own, too, and its libraries lie in the build.
    ...(workerPath.endsWith('.ts') ? [dirname(dirname(workerPath)), librariesFor(workerPath)] : [dirname(workerPath)]),
    dirname(resolve('isolated-vm/package.json')),
    dirname(createRequire(nativePath).resolve('node-gyp-build/package.json')),
    '/etc/alpine-release',
  ];
  const kit =
    python === undefined
      ? []
      : [python.folder, python.snapshot].flatMap((file) => (file === undefined ? [] : [realpathSync(file)]));
  return [
    '--no-node-snapshot',
    '--no-warnings',
    '--permission',
    '--allow-addons',
    '--allow-worker',
    ...[...readable, ...kit].map((folder) => `--allow-fs-read=${folder}`),
    // A pattern that backtracks without end goes over to the linear-time engine.
    '--enable-experimental-regexp-engine-on-excessive-backtracks',
    '--random-seed=1',
    // Cheaper isolates. Hash seeds protect one program from another's keys, and here each has a separate isolate.
    '--no-rehash-snapshot',
    ...(python === undefined ? javascriptFlags : []),
    workerPath,
    nativePath,
    ...kit,
  ];
}

/**
 * What the build made of packages for isolates. Throws BoundaryError where a worker that runs from source finds none.
 */
function librariesFor(workerPath: string): string {
  const path = join(dirname(workerPath), '../../../dist/sandbox-libraries.json');
  if (!existsSync(path)) {
    const remedy = 'Run `node scripts/build.mjs`.';
    throw new BoundaryError('environment', 'The libraries of the sandbox are not built.', remedy);
  }
  return path;
}

/** A worker inherits nothing but what Windows needs to start a process at all. */
function allowedEnvironment(): Record<string, string> {
  const names = process.platform === 'win32' ? ['SystemRoot', 'windir', 'TEMP', 'TMP'] : [];
  return Object.fromEntries(
    names.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  );
}

const folderPrefix = 'selfq-sandbox-';

/** An empty working folder for the workers of this process; those of processes that were killed are cleared away. */
export function makeWorkingFolder(): string {
  try {
    for (const name of readdirSync(tmpdir())) {
      const owner = name.startsWith(folderPrefix) ? Number(name.slice(folderPrefix.length).split('-')[0]) : NaN;
      if (Number.isInteger(owner) && !pidExists(owner)) {
        removeWorkingFolder(join(tmpdir(), name));
      }
    }
    return mkdtempSync(join(tmpdir(), `${folderPrefix}${process.pid}-`));
  } catch (error) {
    throw new BoundaryError(
      'environment',
      `The folder for temporary files, ${tmpdir()}, cannot be used: ${error instanceof Error ? error.message : String(error)}.`,
      'Let TMPDIR (on Windows TEMP) name a folder that is there and that you may write to.',
      { cause: error },
    );
  }
}

/** Only ever an empty folder, so that nothing else can go with it. */
export function removeWorkingFolder(path: string): void {
  try {
    rmdirSync(path);
  } catch {
    // Another process was faster.
  }
}
