// npm and other commands as children, progress on stderr, and failures that say what to do next. For any Node >= 18.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import { dirname, join } from 'node:path';

const { existsSync, mkdirSync, statfsSync } = fs;

/** A failure with a remedy, shown without a stack. */
export class SetUpError extends Error {
  constructor(message, remedy) {
    super(message);
    this.remedy = remedy;
  }
}

/** Runs npm; its failures are turned into what a person can do about them. */
export async function npm(args, cwd) {
  const [command, ...prefix] = npmCommand();
  // The installation must not fetch anything beside the packages themselves.
  const env = { ...process.env, ONNXRUNTIME_NODE_INSTALL: 'skip' };
  const options = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error', '--fetch-retry-maxtimeout=10000'];
  const { code, output, missing } = await collect(command, [...prefix, ...args, ...options], cwd, env);
  if (missing) {
    throw new SetUpError(
      'npm was not found.',
      'Install it beside Node (Debian: apt-get install npm) and run this again.',
    );
  }
  if (code !== 0) {
    throw npmFailure(output, cwd);
  }
}

/** npm's own script run by this Node where it can be found (Windows cannot spawn npm.cmd without a shell). */
function npmCommand() {
  const beside = dirname(process.execPath);
  const script = [
    process.env.npm_execpath ?? '',
    join(beside, 'node_modules', 'npm', 'bin', 'npm-cli.js'),
    join(beside, '..', 'lib', 'node_modules', 'npm', 'bin', 'npm-cli.js'),
  ].find((path) => path.endsWith('npm-cli.js') && existsSync(path));
  return script === undefined ? ['npm'] : [process.execPath, script];
}

function npmFailure(output, folder) {
  if (/ENOSPC|no space left/i.test(output)) {
    return diskFull(folder);
  }
  if (/ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|ERR_SOCKET_TIMEOUT|network/i.test(output)) {
    const reason = /(?:request to|getaddrinfo|connect|network) .*/.exec(output)?.[0] ?? lastLines(output, 2);
    return new SetUpError(
      `No package registry was reached: ${reason}`,
      'Check the network, the proxy and `npm config get registry`, then run this again.',
    );
  }
  if (/EACCES|EPERM|EROFS/.test(output)) {
    return new SetUpError(
      `No right to write to ${folder}.\n${lastLines(output, 4)}`,
      'Make the folder writable, or set SELFQ_HOME to a cache folder that is.',
    );
  }
  return new SetUpError(`npm failed:\n${lastLines(output, 12)}`, 'See the log that npm names, then run this again.');
}

export function diskFull(folder) {
  return new SetUpError(`The disk with ${folder} is full.`, 'Free at least 1.5 GB there and run this again.');
}

/** Whether a few megabytes can still be written. Node before 18.15 cannot tell. */
export function hasRoom(folder) {
  if (statfsSync === undefined) {
    return true;
  }
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize > 20 * 2 ** 20;
}

/** Runs a command to its end; `missing` when there is no such command. */
export function collect(command, args, cwd, env = process.env) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], windowsHide: true });
    let output = '';
    child.stdout.on('data', (chunk) => (output += chunk));
    child.stderr.on('data', (chunk) => (output += chunk));
    child.on('error', (error) => resolve({ code: -1, output: error.message, missing: error.code === 'ENOENT' }));
    child.on('close', (code) => resolve({ code, output, missing: false }));
  });
}

export function lastLines(text, count) {
  return text.trim().split('\n').slice(-count).join('\n');
}

export function makeFolder(path) {
  try {
    mkdirSync(path, { recursive: true });
  } catch (error) {
    throw new SetUpError(`${path} cannot be made: ${error.message}`, 'Set SELFQ_HOME to a folder that may be written.');
  }
}

/** Says what begins when it takes longer than a moment, and how long it took; every 15 s that it still continues. */
export async function step(title, work) {
  const started = Date.now();
  const seconds = () => Math.round((Date.now() - started) / 1000);
  const first = setTimeout(() => say(`${title} …`), 300);
  const ticker = setInterval(() => say(`${title} … ${seconds()} s`), 15_000);
  try {
    await work();
  } finally {
    clearTimeout(first);
    clearInterval(ticker);
  }
  if (seconds() >= 1) {
    say(`${title}: done in ${seconds()} s`);
  }
}

export function say(line) {
  process.stderr.write(`selfq: ${line}\n`);
}
