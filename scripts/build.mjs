// Bundles every process of the project to dist/. Runs on Node >= 18; the bundles need Node >= 24.
// usage: node scripts/build.mjs [engine] [workspace] [extension] [webview]   (all without a name)
import { build } from 'esbuild';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundles } from './bundles.mjs';
import { bundleLibraries } from './libraries.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

const common = {
  absWorkingDir: root,
  write: false,
  bundle: true,
  sourcemap: 'linked',
  legalComments: 'none',
  logLevel: 'warning',
};

const wanted = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(bundles);

try {
  for (const name of wanted) {
    const { outputFiles } = await build({ ...common, ...bundles[name] });
    await Promise.all(outputFiles.map(replace));
  }
  if (wanted.includes('engine')) {
    const path = join(root, 'dist', 'sandbox-libraries.json');
    await replace({ path, contents: Buffer.from(await bundleLibraries(root)) });
  }
} catch (error) {
  // What is wrong with a source esbuild has said already.
  if (error.errors === undefined) {
    throw error;
  }
  process.exitCode = 1;
}

/** Only what changed, in one move: a run that is alive never meets half a bundle. */
async function replace({ path, contents }) {
  const old = await readFile(path).catch(() => undefined);
  if (old?.equals(contents)) {
    return;
  }
  await mkdir(dirname(path), { recursive: true });
  const temporary = join(dirname(path), `.${process.pid}.${relative(dirname(path), path)}`);
  await writeFile(temporary, contents);
  await rename(temporary, path);
}
