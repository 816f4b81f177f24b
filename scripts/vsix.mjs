// One VSIX for each platform, each with that platform's Node and natives alone.
// usage: node scripts/vsix.mjs [linux-x64 | linux-arm64 | darwin-arm64 | win32-x64]…   (this platform without a name)
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { SetUpError, collect, lastLines, makeFolder, npm, say, step } from '../bin/commands.mjs';
import { cacheDir, nodePackages, reportFailure, setUp } from '../bin/setup.mjs';
import { bundledPackages, noticesFile, thirdPartyNotices } from './notices.mjs';
import { extensionPage, repositoryFields } from './page.mjs';
import { contentsOf, nodeFile, problemsOf } from './vsix-check.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
/** Where the packed files lie. */
export const out = join(root, 'dist-vsix');

/** Where the sources are published; absent while that is nowhere. */
const repository = process.env.SELFQ_REPOSITORY;

/** What packs a VSIX; heavy, and needed here alone. */
const vsce = '@vscode/vsce@4.1.0';

/** Files of the project, as patterns. Maps and sources stay at home. */
const ours = [
  ...['package.nls.json', 'package.nls.*.json', 'CHANGELOG.md', 'LICENSE'],
  ...['l10n/*.json', 'media/*.{svg,png}', 'media/walkthrough/*', 'data/*', 'data/*/*'],
  ...[
    'dist/*.js',
    'dist/sandbox-libraries.json',
    'dist/extension.cjs',
    'dist/forecast.cjs',
    'dist/webview/*.{js,css,ttf}',
    'bench/peers/*.py',
  ],
];

/** Native packages with what they load at run time; `{os}` and `{cpu}` are of the target. */
const natives = {
  'onnxruntime-node': ['package.json', 'LICENSE*', 'dist/*.js', 'bin/napi-v6/{os}/{cpu}/*'],
  'onnxruntime-common': ['package.json', 'LICENSE*', 'dist/cjs/*.js', 'dist/cjs/package.json'],
  'isolated-vm': ['package.json', 'LICENSE', 'isolated-vm.js', 'prebuilds/{os}-{cpu}/*'],
  'node-gyp-build': ['package.json', 'LICENSE', '*.js'],
};

/**
 * Packs and checks a VSIX for each platform: {target, file, sha256}. Nothing where this Node is too old and another one has
 * run the same command in its place.
 */
export async function pack(targets) {
  const known = Object.keys(nodePackages);
  const stranger = targets.find((target) => !known.includes(target));
  if (stranger !== undefined) {
    throw new SetUpError(`There is no platform "${stranger}".`, `Choose from ${known.join(', ')}.`);
  }
  const { node } = await setUp({ build: false });
  if (fs.globSync === undefined) {
    // This Node is older than the one that the project fetched.
    await must(node, process.argv.slice(1), root, say);
    return undefined;
  }
  await step('Building', () => must(node, [join(root, 'scripts', 'build.mjs')], root));
  const packer = await ensureVsce();
  const packed = [];
  for (const target of targets) {
    const folder = join(out, target);
    await step(`Collecting the files for ${target}`, () => stage(target, folder));
    const file = join(out, `self-questioning-${target}.vsix`);
    const options = ['--target', target, '--out', file, '--allow-missing-repository', '--no-rewrite-relative-links'];
    await step(`Packing ${target}`, () => must(node, [packer, 'package', ...options], folder));
    packed.push(await check(target, file));
  }
  return packed;
}

/** Lays out exactly what goes into the VSIX. */
async function stage(target, folder) {
  rmSync(folder, { recursive: true, force: true });
  copy(root, folder, ours);
  const page = extensionPage(readFileSync(join(root, 'docs', 'extension.md'), 'utf8'), repository);
  writeFileSync(join(folder, 'README.md'), page);
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const {
    scripts: _scripts,
    devDependencies: _dev,
    private: _private,
    dependencies,
    bin: _bin,
    engines,
    ...rest
  } = manifest;
  const direct = Object.fromEntries(Object.keys(natives).map((name) => [name, dependencies[name] ?? '*']));
  const gallery = { engines: { vscode: engines.vscode }, ...repositoryFields(repository) };
  writeJson(join(folder, 'package.json'), { ...rest, ...gallery, dependencies: direct });
  const [os, cpu] = target.split('-');
  for (const [name, patterns] of Object.entries(natives)) {
    const from = join(root, 'node_modules', name);
    const to = join(folder, 'node_modules', name);
    copy(
      from,
      to,
      patterns.map((pattern) => pattern.replace('{os}', os).replace('{cpu}', cpu)),
    );
    // Their other dependencies serve installation only.
    const { scripts: _, dependencies: __, devDependencies: ___, ...own } = readJson(join(from, 'package.json'));
    writeJson(join(to, 'package.json'), own);
  }
  await stageNode(target, folder);
  writeFileSync(join(folder, noticesFile), thirdPartyNotices(await bundledPackages(root)));
}

async function stageNode(target, folder) {
  const spec = nodePackages[target];
  const name = spec.slice(0, spec.lastIndexOf('@'));
  const home = join(cacheDir(), 'node-for-vsix', target);
  const binary = target.startsWith('win32') ? 'node.exe' : 'node';
  const source = join(home, 'node_modules', name, 'bin', binary);
  if (!existsSync(source)) {
    makeFolder(home);
    writeJson(join(home, 'package.json'), { private: true });
    const [os, cpu] = target.split('-');
    const options = ['--ignore-scripts', '--no-audit', '--no-fund', '--force', `--os=${os}`, `--cpu=${cpu}`];
    await npm(['install', '--prefix', home, ...options, spec], home);
  }
  const to = join(folder, nodeFile(target));
  mkdirSync(dirname(to), { recursive: true });
  cpSync(source, to);
  chmodSync(to, 0o755);
  for (const licence of fs.globSync('LICENSE*', { cwd: join(home, 'node_modules', name) })) {
    cpSync(join(home, 'node_modules', name, licence), join(folder, 'node', licence));
  }
}

function copy(from, to, patterns) {
  for (const file of fs.globSync(patterns, { cwd: from })) {
    if (statSync(join(from, file)).isFile()) {
      cpSync(join(from, file), join(to, file), { dereference: true });
    }
  }
}

/** Compares what was packed with what must and must not be there, and says how large it is. */
async function check(target, file) {
  const contents = await contentsOf(file);
  const problems = problemsOf(target, contents, await bundledPackages(root));
  if (problems.length > 0) {
    throw new SetUpError(`${file} is not right:\n  ${problems.join('\n  ')}`, 'Mend the lists in scripts/vsix.mjs.');
  }
  const sha256 = createHash('sha256').update(readFileSync(file)).digest('hex');
  say(`${file}: ${contents.names.length} files, ${contents.megabytes.toFixed(1)} MB, sha256 ${sha256}`);
  return { target, file, sha256 };
}

async function ensureVsce() {
  const home = join(cacheDir(), 'tools', vsce.replaceAll('/', '-'));
  const script = join(home, 'node_modules', '@vscode', 'vsce', 'vsce');
  if (!existsSync(script)) {
    makeFolder(home);
    writeJson(join(home, 'package.json'), { private: true });
    await step('Fetching vsce', () =>
      npm(['install', '--prefix', home, '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error', vsce], home),
    );
  }
  return script;
}

async function must(command, args, folder, tell) {
  const { code, output } = await collect(command, args, folder);
  tell?.(output.trim().replace(/^selfq: /, ''));
  if (code !== 0) {
    throw new SetUpError(`${args[0]} failed:\n${lastLines(output, 20)}`, 'See what it says above.');
  }
}

function readJson(path) {
  return JSON.parse(readFileSync(path, 'utf8'));
}

function writeJson(path, value) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${JSON.stringify(value, null, 2)}\n`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const targets = process.argv.slice(2);
  pack(targets.length > 0 ? targets : [`${process.platform}-${process.arch}`]).catch((error) => {
    process.exitCode = reportFailure(error);
  });
}
