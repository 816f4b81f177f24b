// Bundles the tests that run inside the extension host to dist/in-host. Also a program: `node bundle.mjs`.
import { build } from 'esbuild';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = fileURLToPath(new URL('../../..', import.meta.url));

export async function bundleHostTests() {
  await build({
    absWorkingDir: root,
    entryPoints: ['test/in-host/host/index.ts', 'test/in-host/host/desktop.ts'],
    outdir: join('dist', 'in-host'),
    outExtension: { '.js': '.cjs' },
    bundle: true,
    platform: 'node',
    format: 'cjs',
    external: ['vscode', 'mocha'],
    logLevel: 'warning',
  });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  await bundleHostTests();
}
