// What scripts/build.mjs makes: options of esbuild by the name of a group of bundles.

/** Group -> options; src/base/entries.ts looks for bundles by the names of their entry points. */
export const bundles = {
  engine: {
    entryPoints: {
      cli: 'src/cli/main.ts',
      engine: 'src/engine/main.ts',
      runtime: 'src/runtime/process/main.ts',
      'sandbox-worker': 'src/sandbox/worker/worker.ts',
      'bench-shared-context': 'bench/shared-context.ts',
      'bench-llama-cpp': 'bench/peers/llama-cpp.ts',
    },
    outdir: 'dist',
    platform: 'node',
    target: 'node24',
    format: 'esm',
    // Native packages look for their binaries beside their own files.
    external: ['onnxruntime-node', 'isolated-vm'],
    // CommonJS dependencies inside an ES module bundle call require().
    // The alias keeps clear of sources that import the same.
    banner: {
      js: "import { createRequire as bundleRequire } from 'node:module';\nconst require = bundleRequire(import.meta.url);",
    },
  },
  /** Holds the TypeScript compiler, which nothing else loads. */
  workspace: {
    entryPoints: { workspace: 'src/workspace/main.ts' },
    outdir: 'dist',
    platform: 'node',
    target: 'node24',
    format: 'esm',
    minify: true,
    banner: {
      js: "import { createRequire as bundleRequire } from 'node:module';import { fileURLToPath as bundlePath } from 'node:url';const require = bundleRequire(import.meta.url);const __filename = bundlePath(import.meta.url);const __dirname = '';",
    },
  },
  /** Runs in the editor's own extension host (Node 22 or newer): no native package may get in here. */
  extension: {
    // The forecast reads headers of models: it is loaded when somebody starts a run.
    entryPoints: { extension: 'src/extension/main.ts', forecast: 'src/engine/forecast.ts' },
    plugins: [
      {
        name: 'forecast',
        setup(build) {
          build.onResolve({ filter: /\/engine\/forecast\.ts$/ }, ({ kind }) =>
            kind === 'dynamic-import' ? { path: './forecast.cjs', external: true } : undefined,
          );
        },
      },
    ],
    outdir: 'dist',
    outExtension: { '.js': '.cjs' },
    platform: 'node',
    target: 'node22',
    format: 'cjs',
    // What is loaded before a window is ready must be small.
    minify: true,
    external: ['vscode'],
    define: { 'import.meta.url': 'bundleUrl' },
    banner: { js: "const bundleUrl = require('node:url').pathToFileURL(__filename).href;" },
  },
  webview: {
    entryPoints: {
      dashboard: 'webview/dashboard/page.ts',
      problem: 'webview/problem/page.ts',
      comparison: 'webview/comparison/page.ts',
      trial: 'webview/trial/page.ts',
      'run-table': 'webview/run-table/page.ts',
      style: 'webview/style.css',
    },
    outdir: 'dist/webview',
    platform: 'browser',
    target: 'es2023',
    format: 'iife',
    minify: true,
    loader: { '.ttf': 'file' },
    assetNames: '[name]',
  },
};
