// One VSIX for each platform, each with that platform's Node and natives alone.
// usage: node scripts/vsix.mjs [linux-x64 | linux-arm64 | darwin-arm64 | win32-x64]…   (this platform without a name)
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import yauzl from 'yauzl';
import { SetUpError, collect, lastLines, makeFolder, npm, say, step } from '../bin/commands.mjs';
import { cacheDir, nodePackages, reportFailure, setUp } from '../bin/setup.mjs';
import { bundledPackages, noticesFile, thirdPartyNotices } from './notices.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const out = join(root, 'dist-vsix');

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

/** Must be there, or the main job cannot run. */
const required = (target) => [
  noticesFile,
  ...['package.json', 'package.nls.json', 'package.nls.ja.json', 'l10n/bundle.l10n.ja.json', 'media/icon.png'],
  ...[
    'dist/extension.cjs',
    'dist/cli.js',
    'dist/engine.js',
    'dist/runtime.js',
    'dist/sandbox-worker.js',
    'dist/workspace.js',
  ],
  'dist/sandbox-libraries.json',
  ...['dist/webview/dashboard.js', 'dist/webview/problem.js', 'dist/webview/style.css'],
  ...[
    'dist/webview/codicon.ttf',
    'data/coding/problems.jsonl',
    'data/functions/problems.jsonl',
    'data/codeforces-style/problems.jsonl',
    'data/multiplication.csv',
    'data/mixed-arithmetic.csv',
    'data/linear-equations.jsonl',
    'data/linear-equations-400.jsonl',
    'data/domain-template/domain.ts',
    nodeFile(target),
  ],
  `node_modules/onnxruntime-node/bin/napi-v6/${target.replace('-', '/')}/onnxruntime_binding.node`,
  'node_modules/onnxruntime-node/dist/index.js',
  'node_modules/onnxruntime-common/dist/cjs/index.js',
  'node_modules/node-gyp-build/index.js',
];

/** Largest VSIX, megabytes: Node is about 45 of it packed, onnxruntime about 20. */
const largestMegabytes = 120;

const nodeFile = (target) => (target.startsWith('win32') ? 'node/node.exe' : 'node/node');

async function main() {
  const targets = process.argv.slice(2);
  const known = Object.keys(nodePackages);
  const stranger = targets.find((target) => !known.includes(target));
  if (stranger !== undefined) {
    throw new SetUpError(`There is no platform "${stranger}".`, `Choose from ${known.join(', ')}.`);
  }
  const { node } = await setUp({ build: false });
  if (fs.globSync === undefined) {
    // This Node is older than the one that the project fetched.
    return must(node, process.argv.slice(1), root, say);
  }
  await step('Building', () => must(node, [join(root, 'scripts', 'build.mjs')], root));
  const packer = await ensureVsce();
  for (const target of targets.length > 0 ? targets : [`${process.platform}-${process.arch}`]) {
    const folder = join(out, target);
    await step(`Collecting the files for ${target}`, () => stage(target, folder));
    const file = join(out, `self-questioning-${target}.vsix`);
    const options = ['--target', target, '--out', file, '--allow-missing-repository', '--no-rewrite-relative-links'];
    await step(`Packing ${target}`, () => must(node, [packer, 'package', ...options], folder));
    await check(target, file);
  }
}

/** Lays out exactly what goes into the VSIX. */
async function stage(target, folder) {
  rmSync(folder, { recursive: true, force: true });
  copy(root, folder, ours);
  // The page of the extension: what a person does in the editor, without links into the repository.
  cpSync(join(root, 'docs', 'extension.md'), join(folder, 'README.md'));
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
  const page = { engines: { vscode: engines.vscode }, pricing: 'Free', qna: false };
  writeJson(join(folder, 'package.json'), { ...rest, ...page, dependencies: direct });
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
  const names = (await namesIn(file)).filter((name) => name.startsWith('extension/')).map((name) => name.slice(10));
  const missing = required(target).filter((name) => !names.some((found) => found.toLowerCase() === name.toLowerCase()));
  const [os, cpu] = target.split('-');
  const abi = names.filter((name) => name.startsWith(`node_modules/isolated-vm/prebuilds/${target}/`));
  const foreign = names.filter(
    (name) =>
      // What `selfq domain init` copies is source that belongs there.
      (/\.(?:map|ts|gguf)$/.test(name) && !name.startsWith('data/domain-template/')) ||
      (name.includes('/prebuilds/') && !name.includes(`/prebuilds/${target}/`)) ||
      (name.includes('/napi-v6/') && !name.includes(`/napi-v6/${os}/${cpu}/`)),
  );
  const megabytes = statSync(file).size / 1e6;
  const problems = [
    ...missing.map((name) => `${name} is missing`),
    ...(abi.length === 0 ? [`isolated-vm has no binary for ${target}`] : []),
    ...foreign.map((name) => `${name} does not belong there`),
    ...(megabytes > largestMegabytes ? [`${megabytes.toFixed(0)} MB are more than ${largestMegabytes}`] : []),
  ];
  if (problems.length > 0) {
    throw new SetUpError(`${file} is not right:\n  ${problems.join('\n  ')}`, 'Mend the lists in scripts/vsix.mjs.');
  }
  const sha256 = createHash('sha256').update(readFileSync(file)).digest('hex');
  say(`${file}: ${names.length} files, ${megabytes.toFixed(1)} MB, sha256 ${sha256}`);
}

function namesIn(file) {
  return new Promise((resolve, reject) => {
    yauzl.open(file, { lazyEntries: true }, (error, zip) => {
      if (error) {
        reject(error);
        return;
      }
      const names = [];
      zip.on('entry', ({ fileName }) => {
        names.push(fileName);
        zip.readEntry();
      });
      zip.on('end', () => resolve(names));
      zip.on('error', reject);
      zip.readEntry();
    });
  });
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

main().catch((error) => {
  process.exitCode = reportFailure(error);
});
