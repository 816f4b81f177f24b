import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BoundaryError } from '../../src/base/errors.ts';
import { peersDir } from './folder.ts';

/** Versions that the figures in docs/performance.md were made with. */
const llamaVersion = '3.22.1';
/** node-llama-cpp's binaries; its packages for graphics cards are large and of no use here. */
const llamaBinaries: Readonly<Record<string, string>> = {
  'linux-x64': 'linux-x64',
  'linux-arm64': 'linux-arm64',
  'darwin-arm64': 'mac-arm64-metal',
  'win32-x64': 'win-x64',
};
const pythonPackages = [
  'torch==2.15.0',
  'transformers==5.23.0',
  'peft==0.21.2',
  'trl==1.16.0',
  'accelerate',
  'datasets',
];

/** llama.cpp's HTTP server as a library with binaries. */
const llamaServer = 'xllamacpp==2026.10.11549';

const alone = 'or measure this program alone: add `--alone`.';

/** Folder in which node-llama-cpp is installed. Throws BoundaryError('environment') that says how to install it. */
export async function llamaCppFolder(install: boolean): Promise<string> {
  const folder = join(peersDir(), 'node');
  if (existsSync(join(folder, 'node_modules', 'node-llama-cpp'))) {
    return folder;
  }
  if (!install) {
    throw missing('node-llama-cpp (llama.cpp)', '0.2 GB');
  }
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'package.json'), '{ "name": "peers", "private": true }\n');
  const platform = `${process.platform}-${process.arch}`;
  const packages = ['node-llama-cpp', `@node-llama-cpp/${llamaBinaries[platform] ?? platform}`];
  const options = ['--ignore-scripts', '--omit=optional', '--no-audit', '--no-fund', '--loglevel=error'];
  await run('npm', ['install', ...options, ...packages.map((name) => `${name}@${llamaVersion}`)], folder, 'npm');
  return folder;
}

/**
 * A Python that has PyTorch, transformers, PEFT and TRL: the one given, else the one of the cache folder.
 * Throws BoundaryError('environment') that says how to install them.
 */
export async function peerPython(given: string | undefined, install: boolean): Promise<string> {
  if (given !== undefined) {
    const { code, output } = await collect(given, ['-c', 'import torch, transformers, peft, trl']);
    if (code !== 0) {
      throw new BoundaryError(
        'environment',
        `${given} cannot import torch, transformers, peft and trl: ${output.trim().split('\n').at(-1) ?? ''}`,
        `Install them there, leave \`--python\` out and use \`--install-peers\`, ${alone}`,
      );
    }
    return given;
  }
  const { folder, python } = environmentAt('python');
  if (!install) {
    if (!existsSync(python)) {
      throw missing('PyTorch, transformers, PEFT and TRL', '6 GB');
    }
    return python;
  }
  const { bavail, bsize } = await statfs(join(peersDir(), '..'));
  if (bavail * bsize < 8e9) {
    throw new BoundaryError(
      'environment',
      'The disk is too full: PyTorch with its libraries takes about 6 GB.',
      `Free some, ${alone}`,
    );
  }
  await installPython(folder, python, pythonPackages);
  return python;
}

/** A Python with llama.cpp's server (xllamacpp). Throws BoundaryError('environment') that says how to install it. */
export async function llamaServerPython(install: boolean): Promise<string> {
  const { folder, python } = environmentAt('llama-server');
  if (existsSync(python)) {
    return python;
  }
  if (!install) {
    throw missing("xllamacpp (llama.cpp's server)", '0.1 GB');
  }
  await installPython(folder, python, [llamaServer]);
  return python;
}

function environmentAt(name: string): { folder: string; python: string } {
  const folder = join(peersDir(), name);
  const python = process.platform === 'win32' ? join(folder, 'Scripts', 'python.exe') : join(folder, 'bin', 'python');
  return { folder, python };
}

async function installPython(folder: string, python: string, packages: readonly string[]): Promise<void> {
  await mkdir(peersDir(), { recursive: true });
  await run(await findPython(), ['-m', 'venv', folder], undefined, 'Python');
  const args = ['-m', 'pip', 'install', '--no-input', '--disable-pip-version-check', ...packages];
  await run(python, args, undefined, 'pip');
}

async function findPython(): Promise<string> {
  for (const command of ['python3', 'python', 'py']) {
    const { code } = await collect(command, ['-c', 'import sys, venv; sys.exit(sys.version_info < (3, 10))']);
    if (code === 0) {
      return command;
    }
  }
  throw new BoundaryError(
    'environment',
    'No Python 3.10 or newer with venv was found; the peers of this benchmark are written in Python.',
    `Install it (Debian: apt-get install python3-venv), give one with \`--python PATH\`, ${alone}`,
  );
}

/** Whether llama-cpp-python is installed there; it is built from source, so nothing here installs it. */
export async function hasLlamaCppPython(python: string): Promise<boolean> {
  return (await collect(python, ['-c', 'import llama_cpp, numpy'])).code === 0;
}

function missing(what: string, size: string): BoundaryError {
  return new BoundaryError(
    'environment',
    `${what} to compare with is not installed.`,
    `Install it into the cache folder (${size}): add \`--install-peers\`; ${alone}`,
  );
}

/** Progress goes to standard error. Throws BoundaryError('environment') with what the command said last. */
async function run(command: string, args: readonly string[], cwd: string | undefined, name: string): Promise<void> {
  process.stderr.write(`Installing with ${name}: ${args.filter((arg) => !arg.startsWith('-')).join(' ')} …\n`);
  const { code, output } = await collect(command, args, cwd);
  if (code === 0) {
    return;
  }
  const words = output.trim().split('\n').slice(-4).join('\n');
  const offline = /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|No matching distribution|NewConnectionError/.test(output);
  throw new BoundaryError(
    'environment',
    offline ? `${name} reached no package registry: ${words}` : `${name} failed: ${words || `exit code ${code}`}`,
    offline ? `Check the network and try again, ${alone}` : `Mend what it names and try again, ${alone}`,
  );
}

function collect(command: string, args: readonly string[], cwd?: string): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    // npm is a script on Windows, which only a shell starts.
    const shell = process.platform === 'win32' && command === 'npm';
    const child = spawn(command, args, { cwd, shell, stdio: ['ignore', 'pipe', 'pipe'], windowsHide: true });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
    }
    child.on('error', (error) => resolve({ code: -1, output: error.message }));
    child.on('close', (code) => resolve({ code: code ?? -1, output }));
  });
}
