/** What the two front ends of the engine build on: the command line, and the benchmarks that it runs. */
const program = [
  'src/base',
  'src/protocol',
  'src/model',
  'src/runtime',
  'src/sandbox',
  'src/domains',
  'src/benchmarks',
  'src/selfplay',
  'src/config',
  'src/run',
  'src/serve',
  'src/engine',
];

/**
 * The layers, as a table: folder below the root -> what its files may import besides their own folder. A path that ends
 * in `/*` names the files of a folder without its subfolders. Lint enforces it (eslint.config.js), a test holds it
 * against the figure of ARCHITECTURE.md.
 */
export const layers = {
  'src/base': [],
  'src/protocol': ['src/base'],
  'src/onnx': ['src/base'],
  'src/http': ['src/base'],

  'src/model/tokenizer': ['src/base', 'src/model/model.ts'],
  'src/model/formats': ['src/base', 'src/model/tokenizer', 'src/model/model.ts', 'src/model/layout.ts'],
  'src/model/fetch': ['src/base', 'src/model/formats', 'src/model/model.ts', 'src/model/catalogue.ts'],
  'src/model/*': ['src/base', 'src/protocol', 'src/model/formats', 'src/model/fetch'],

  'src/runtime/*': ['src/base'],
  'src/runtime/devices': ['src/base', 'src/protocol', 'src/onnx', 'src/runtime/settings.ts'],
  'src/runtime/decoder': ['src/model', 'src/runtime/devices'],
  'src/runtime/weights': ['src/base', 'src/protocol', 'src/onnx', 'src/model', 'src/runtime/settings.ts'],
  'src/runtime/generation': [
    'src/base',
    'src/protocol',
    'src/onnx',
    'src/model',
    'src/runtime/settings.ts',
    'src/runtime/devices',
    'src/runtime/decoder',
    'src/runtime/weights',
  ],
  'src/runtime/training': [
    'src/base',
    'src/protocol',
    'src/onnx',
    'src/model',
    'src/runtime/settings.ts',
    'src/runtime/devices',
    'src/runtime/decoder',
    'src/runtime/weights',
  ],
  'src/runtime/process': ['src/base', 'src/protocol', 'src/model', 'src/runtime'],

  'src/sandbox/*': ['src/base', 'src/protocol'],
  'src/sandbox/wire': ['src/protocol'],
  'src/sandbox/realm': ['src/sandbox/wire'],
  'src/sandbox/worker': ['src/sandbox/wire', 'src/sandbox/realm'],
  'src/sandbox/judge': ['src/protocol', 'src/sandbox/wire', 'src/sandbox/sandbox.ts'],
  'src/sandbox/host': [
    'src/base',
    'src/protocol',
    'src/sandbox/wire',
    'src/sandbox/judge',
    'src/sandbox/realm/python-driver.ts',
    'src/sandbox/sandbox.ts',
  ],
  'src/sandbox/http': ['src/base', 'src/protocol', 'src/http', 'src/sandbox/host', 'src/sandbox/judge', 'src/sandbox/sandbox.ts'],

  'src/domains': ['src/base', 'src/protocol', 'src/sandbox/sandbox.ts', 'src/sandbox/judge/extract.ts'],
  'src/benchmarks': ['src/base', 'src/protocol', 'src/domains'],
  'src/selfplay': ['src/base', 'src/protocol', 'src/domains', 'src/sandbox/sandbox.ts'],
  'src/config': [
    'src/base',
    'src/model/catalogue.ts',
    'src/runtime/settings.ts',
    'src/sandbox/settings.ts',
    'src/domains/settings.ts',
    'src/selfplay/settings.ts',
  ],
  'src/run': ['src/base', 'src/protocol'],
  'src/serve': ['src/base', 'src/protocol', 'src/http'],
  'src/view': ['src/base', 'src/protocol', 'src/config', 'src/domains/coding/content.ts'],
  'src/engine': [
    'src/base',
    'src/protocol',
    'src/model',
    'src/runtime/process',
    'src/runtime/settings.ts',
    'src/runtime/training/full-checkpoint.ts',
    'src/sandbox',
    'src/domains',
    'src/benchmarks',
    'src/selfplay',
    'src/config',
    'src/run',
    'src/serve',
  ],
  'src/cli': [...program, 'src/view', 'bench'],
  'src/extension': [
    'src/base',
    'src/protocol',
    'src/model/fetch/hub-name.ts',
    'src/model/catalogue.ts',
    'src/runtime/settings.ts',
    'src/runtime/devices/devices.ts',
    'src/benchmarks/imported.ts',
    'src/selfplay/settings.ts',
    'src/config',
    'src/run',
    'src/engine',
    'src/view',
  ],
  webview: ['src/view'],
  bench: [...program, 'src/onnx', 'test/support'],
};

/** Packages that only one layer may load, because they bring native code or a host of their own. */
export const owners = { 'onnxruntime-node': 'src/runtime', 'isolated-vm': 'src/sandbox', vscode: 'src/extension' };
