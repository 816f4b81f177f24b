// What a packed VSIX must and must not hold.
import { readFileSync, statSync } from 'node:fs';
import yauzl from 'yauzl';
import { noticesFile } from './notices.mjs';

/** Largest VSIX, megabytes: Node is about 45 of it packed, onnxruntime about 20. */
const largestMegabytes = 120;

/** Path of the Node inside of a VSIX. */
export const nodeFile = (target) => (target.startsWith('win32') ? 'node/node.exe' : 'node/node');

const processes = ['cli', 'engine', 'runtime', 'sandbox-worker', 'workspace'];
const pages = ['dashboard', 'problem', 'comparison', 'trial', 'run-table'];

/** Must be there, or the main job cannot run. */
export const required = (target) => [
  ...[noticesFile, 'readme.md', 'changelog.md', 'LICENSE.txt', 'media/icon.png'],
  ...['package.json', 'package.nls.json', 'package.nls.ja.json', 'l10n/bundle.l10n.ja.json'],
  ...[
    'dist/extension.cjs',
    'dist/forecast.cjs',
    'dist/sandbox-libraries.json',
    ...processes.map((name) => `dist/${name}.js`),
  ],
  ...[...pages.map((name) => `dist/webview/${name}.js`), 'dist/webview/style.css', 'dist/webview/codicon.ttf'],
  ...['coding', 'functions', 'codeforces-style'].map((name) => `data/${name}/problems.jsonl`),
  ...['data/multiplication.csv', 'data/mixed-arithmetic.csv'],
  ...['data/linear-equations.jsonl', 'data/linear-equations-400.jsonl', 'data/domain-template/domain.ts'],
  nodeFile(target),
  `node_modules/onnxruntime-node/bin/napi-v6/${target.replace('-', '/')}/onnxruntime_binding.node`,
  'node_modules/onnxruntime-node/dist/index.js',
  'node_modules/onnxruntime-common/dist/cjs/index.js',
  'node_modules/node-gyp-build/index.js',
];

/** Files of the texts that are read of a VSIX. */
const texts = ['package.json', 'readme.md', noticesFile.toLowerCase()];

/** What a VSIX holds: names of its files, its size in megabytes, and the texts of some by their name in lower case. */
export async function contentsOf(file) {
  const all = await entriesOf(file, (name) => texts.includes(name.toLowerCase()));
  return {
    names: all.map(({ name }) => name),
    megabytes: statSync(file).size / 1e6,
    texts: Object.fromEntries(
      all.flatMap(({ name, text }) => (text === undefined ? [] : [[name.toLowerCase(), text]])),
    ),
  };
}

/** What is wrong with a VSIX for `target`, one sentence each; `packages`: those whose code its bundles hold. */
export function problemsOf(target, { names, megabytes, texts: read }, packages) {
  const has = (name) => names.some((found) => found.toLowerCase() === name.toLowerCase());
  return [
    ...required(target).flatMap((name) => (has(name) ? [] : [`${name} is missing`])),
    ...(names.some((name) => name.startsWith(`node_modules/isolated-vm/prebuilds/${target}/`))
      ? []
      : [`isolated-vm has no binary for ${target}`]),
    ...names.filter((name) => isForeign(target, name)).map((name) => `${name} does not belong there`),
    ...(megabytes > largestMegabytes ? [`${megabytes.toFixed(0)} MB are more than ${largestMegabytes}`] : []),
    ...packages.flatMap(({ name, version }) =>
      (read[noticesFile.toLowerCase()] ?? '').includes(`${name} ${version}`) ? [] : [`${noticesFile} lacks ${name}`],
    ),
    ...manifestProblems(JSON.parse(read['package.json'] ?? '{}'), has),
    ...readmeProblems(read['readme.md'] ?? ''),
  ];
}

/** Sources, maps, models, and natives of other platforms. What `selfq domain init` copies is source that belongs there. */
function isForeign(target, name) {
  const [os, cpu] = target.split('-');
  return (
    (/\.(?:map|ts|gguf|safetensors)$/.test(name) && !name.startsWith('data/domain-template/')) ||
    /^(?:src|test|scripts|runs|bin)\//.test(name) ||
    (name.includes('/prebuilds/') && !name.includes(`/prebuilds/${target}/`)) ||
    (name.includes('/napi-v6/') && !name.includes(`/napi-v6/${os}/${cpu}/`))
  );
}

function manifestProblems({ main, activationEvents = [], scripts, devDependencies, private: isPrivate }, has) {
  const entry = String(main ?? '').replace(/^\.\//, '');
  return [
    ...(has(entry) ? [] : [`the manifest's entry ${entry || '(none)'} is not among the files`]),
    ...(activationEvents.length > 0 ? [] : ['nothing activates the extension']),
    ...(scripts || devDependencies || isPrivate ? ['the manifest is that of the project'] : []),
  ];
}

/** A page that names files of the repository, or pictures that no reader can load, is broken on the marketplace. */
function readmeProblems(readme) {
  const links = [...readme.matchAll(/\]\(([^)]*)\)/g)].map(([, target]) => target);
  return links.filter((target) => !/^https:\/\/|^#/.test(target)).map((target) => `the page links to ${target}`);
}

function entriesOf(file, wantsText) {
  return new Promise((resolve, reject) => {
    yauzl.open(file, { lazyEntries: true }, (failed, zip) => {
      if (failed) {
        reject(failed);
        return;
      }
      const entries = [];
      zip.on('entry', (entry) => {
        const inside = /^extension\/(.+[^/])$/.exec(entry.fileName)?.[1];
        if (inside === undefined || !wantsText(inside)) {
          entries.push(...(inside === undefined ? [] : [{ name: inside }]));
          zip.readEntry();
          return;
        }
        zip.openReadStream(entry, (error, stream) => {
          if (error) {
            reject(error);
            return;
          }
          const pieces = [];
          stream.on('data', (piece) => pieces.push(piece));
          stream.on('error', reject);
          stream.on('end', () => {
            entries.push({ name: inside, text: Buffer.concat(pieces).toString('utf8') });
            zip.readEntry();
          });
        });
      });
      zip.on('end', () => resolve(entries));
      zip.on('error', reject);
      zip.readEntry();
    });
  });
}

/** Version of the newest heading of a changelog. */
export function newestVersion(path) {
  return /^## (\d+\.\d+\.\d+)/m.exec(readFileSync(path, 'utf8'))?.[1];
}
