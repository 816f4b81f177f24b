import { createNodeResolver, importX } from 'eslint-plugin-import-x';
import { readdirSync } from 'node:fs';
import tseslint from 'typescript-eslint';

/**
 * The layers: folder of src -> what its files may import besides themselves. A folder that is missing here may import
 * nothing but itself, so a new layer has to be entered.
 */
const layers = {
  protocol: [],
  onnx: ['protocol'],
  model: ['protocol'],
  sandbox: ['protocol', 'model/cache-dir.ts'],
  run: ['protocol', 'selfplay'],
  domains: ['protocol', 'sandbox/sandbox.ts', 'sandbox/extract.ts'],
  runtime: ['protocol', 'model', 'onnx'],
  selfplay: ['protocol', 'domains/domain.ts', 'domains/near-duplicate.ts', 'sandbox/sandbox.ts'],
  engine: ['protocol', 'selfplay', 'domains', 'sandbox', 'runtime', 'model', 'run'],
  cli: ['protocol', 'selfplay', 'domains', 'sandbox', 'runtime', 'model', 'run', 'engine'],
  extension: ['protocol', 'selfplay', 'run', 'engine', 'model/cache-dir.ts', 'model/hub-name.ts'],
};

/** Packages that only one layer may load, because they bring native code or a host of their own. */
const owners = { 'onnxruntime-node': 'runtime', 'isolated-vm': 'sandbox', vscode: 'extension' };

const folders = readdirSync(new URL('src', import.meta.url), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name);

const zones = folders.map((folder) => ({
  target: `./src/${folder}`,
  from: './src',
  except: [`./${folder}`, ...(layers[folder] ?? []).map((path) => `./${path}`)],
  message: `The layer ${folder} may not import this; see the table in eslint.config.js.`,
}));

function ownedPackages(allowed) {
  const paths = Object.entries(owners)
    .filter(([, owner]) => owner !== allowed)
    .map(([name, owner]) => ({ name, message: `Only src/${owner} loads ${name}.` }));
  return { 'no-restricted-imports': ['error', { paths }] };
}

export default tseslint.config(
  { ignores: ['dist/', 'dist-vsix/', 'runs/', '**/fixtures/', '.vscode-test/'] },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    plugins: { 'import-x': importX },
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    settings: { 'import-x/resolver-next': [createNodeResolver({ extensions: ['.ts', '.js', '.json'] })] },
    rules: {
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/restrict-plus-operands': ['error', { allowNumberAndString: true }],
      // `return tell(x);` ends a function early in one line.
      '@typescript-eslint/no-confusing-void-expression': 'off',
      // Interfaces are records of functions here; what needs `this` is a class and keeps its methods to itself.
      '@typescript-eslint/unbound-method': 'off',
      // Indices of numeric loops are in range by construction; `array[i]!` says so under noUncheckedIndexedAccess.
      '@typescript-eslint/no-non-null-assertion': 'off',
      // Interfaces promise; not every implementation waits.
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', ignoreRestSiblings: true }],
      'import-x/no-cycle': 'error',
      'import-x/no-restricted-paths': ['error', { basePath: import.meta.dirname, zones }],
      'no-restricted-syntax': [
        'error',
        {
          selector: 'TSAsExpression > TSAsExpression[typeAnnotation.type="TSUnknownKeyword"]',
          message: 'Narrow with a check or a schema instead of `as unknown as`.',
        },
      ],
      eqeqeq: 'error',
      'no-console': 'error',
      'no-warning-comments': ['error', { terms: ['todo', 'fixme', 'xxx', 'hack'] }],
      ...ownedPackages(undefined),
    },
  },
  ...Object.values(owners).map((owner) => ({ files: [`src/${owner}/**/*.ts`], rules: ownedPackages(owner) })),
  // These run inside the extension host.
  { files: ['test/in-host/host/*.ts'], rules: ownedPackages('extension') },
  {
    // Tests may bring neighbouring layers together.
    files: ['**/*.test.ts', 'test/**/*.ts', 'bench/**/*.ts'],
    rules: { 'import-x/no-restricted-paths': 'off', 'no-console': 'off' },
  },
);
