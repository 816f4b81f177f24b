// Bundles every process of the project to dist/. Runs on Node >= 18; the bundles need Node >= 24.
import { build } from 'esbuild';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Bundle name -> source; src/protocol/entries.ts looks for the bundles under these names. */
const entryPoints = {
  cli: 'src/cli/main.ts',
  engine: 'src/engine/main.ts',
  runtime: 'src/runtime/main.ts',
  'sandbox-worker': 'src/sandbox/worker.ts',
};

const { outputFiles } = await build({
  absWorkingDir: root,
  entryPoints,
  outdir: 'dist',
  write: false,
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'esm',
  sourcemap: 'linked',
  legalComments: 'none',
  logLevel: 'warning',
  // Native packages look for their binaries beside their own files.
  external: ['onnxruntime-node', 'isolated-vm'],
  // CommonJS dependencies inside an ES module bundle call require().
  banner: { js: "import { createRequire } from 'node:module';\nconst require = createRequire(import.meta.url);" },
});

// File by file and only what changed, each replaced in one move: a run that is alive never meets half a bundle.
for (const { path, contents } of outputFiles) {
  const old = await readFile(path).catch(() => undefined);
  if (old?.equals(contents)) {
    continue;
  }
  await mkdir(dirname(path), { recursive: true });
  const temporary = join(dirname(path), `.${process.pid}.${relative(dirname(path), path)}`);
  await writeFile(temporary, contents);
  await rename(temporary, path);
}
