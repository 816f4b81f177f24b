// What the licences of the packages that are bundled into dist/ ask for: their texts, in one file.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { librarySources } from './libraries.mjs';

/** Name of the file in the VSIX. */
export const noticesFile = 'ThirdPartyNotices.txt';

/** Licences that a bundle may hold; another one is a decision for a person. */
const accepted =
  /^\(?(?:MIT|MIT-0|ISC|0BSD|BSD-2-Clause|BSD-3-Clause|Apache-2\.0|Unlicense|CC0-1\.0|BlueOak-1\.0\.0|CC-BY-4\.0)\b/;

const mit = (holder) => `MIT License

Copyright (c) ${holder}

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation files (the "Software"), to deal in the Software without restriction, including without limitation the rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.`;

/**
 * The packages whose code the bundles hold, by name: {name, version, license, texts}. Needs a finished build, whose source
 * maps say what went in. Throws for a package without a licence text or under one that nobody has looked at.
 */
export async function bundledPackages(root) {
  const dist = ['dist', 'dist/webview'].map((folder) => join(root, folder));
  const maps = dist.flatMap((folder) =>
    (existsSync(folder) ? readdirSync(folder) : [])
      .filter((name) => name.endsWith('.map'))
      .map((name) => join(folder, name)),
  );
  if (maps.length === 0) {
    throw new Error('There is no build: run `node scripts/build.mjs`.');
  }
  const bundled = maps.flatMap((map) =>
    JSON.parse(readFileSync(map, 'utf8')).sources.map((source) => resolve(dirname(map), source)),
  );
  const libraries = (await librarySources(root)).map((source) => resolve(root, source));
  const folders = new Set([...bundled, ...libraries].flatMap((path) => packageFolder(path) ?? []));
  return [...folders].map(describe).sort((a, b) => a.name.localeCompare(b.name));
}

/** The text of the file with the notices. */
export function thirdPartyNotices(packages) {
  const head =
    'Self-Questioning contains code of the packages below. Node, onnxruntime and isolated-vm lie beside this file with licences of their own.';
  const parts = packages.map(({ name, version, license, texts }) =>
    [`${name} ${version} (${license})`, ...texts.map((text) => text.trim())].join('\n\n'),
  );
  return `${[head, ...parts].join(`\n\n${'-'.repeat(80)}\n\n`)}\n`;
}

/** The folder of the innermost package that a path lies in. */
function packageFolder(path) {
  const parts = path.split(/[\\/]/);
  const at = parts.lastIndexOf('node_modules');
  const depth = parts[at + 1]?.startsWith('@') ? 3 : 2;
  return at < 0 ? undefined : parts.slice(0, at + depth).join('/');
}

function describe(folder) {
  const { name, version, license, author } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  if (!accepted.test(license ?? '')) {
    throw new Error(`${name} is under the licence ${license}: look at it, then add it to scripts/notices.mjs.`);
  }
  const texts = readdirSync(folder)
    .filter((file) => /^(?:licen[cs]e|notice|copying)/i.test(file))
    .map((file) => readFileSync(join(folder, file), 'utf8'));
  if (texts.length === 0 && license === 'MIT') {
    texts.push(mit((typeof author === 'string' ? author : author?.name) ?? `the authors of ${name}`));
  }
  if (texts.length === 0) {
    throw new Error(`${name} has no text of its licence ${license}.`);
  }
  return { name, version, license, texts };
}
