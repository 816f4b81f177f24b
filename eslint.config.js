import { createNodeResolver, importX } from 'eslint-plugin-import-x';
import regexp from 'eslint-plugin-regexp';
import { readdirSync } from 'node:fs';
import tseslint from 'typescript-eslint';
import { layers, owners } from './scripts/layers.mjs';

const filesOf = (folder) => (folder.endsWith('/*') ? `./${folder}.ts` : `./${folder}`);

/** One zone for each row of the table; a folder of `src` that no row names may import nothing but itself. */
const entered = Object.keys(layers);
const newcomers = readdirSync(new URL('src', import.meta.url), { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && !entered.some((row) => row.startsWith(`src/${entry.name}`)))
  .map((entry) => `src/${entry.name}`);
const zones = [...entered, ...newcomers].map((folder) => ({
  target: filesOf(folder),
  from: '.',
  except: [
    './node_modules',
    filesOf(folder).replace(/\*\.ts$/, ''),
    ...(layers[folder] ?? []).map((path) => `./${path}`),
  ],
  message: `The layer ${folder} may not import this; see scripts/layers.mjs.`,
}));

function ownedPackages(allowed) {
  const paths = Object.entries(owners)
    .filter(([, owner]) => owner !== allowed)
    .map(([name, owner]) => ({ name, message: `Only ${owner} loads ${name}.` }));
  return { 'no-restricted-imports': ['error', { paths }] };
}

export default tseslint.config(
  { ignores: ['dist/', 'data/domain-template/', 'dist-vsix/', 'runs/', '**/fixtures/', '.vscode-test/'] },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    plugins: { 'import-x': importX, regexp },
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
      // Models, programs and strangers' files write what these look at.
      'regexp/no-super-linear-backtracking': ['error', { report: 'certain' }],
      'regexp/no-super-linear-move': ['error', { report: 'certain' }],
      eqeqeq: 'error',
      'no-console': 'error',
      'no-warning-comments': ['error', { terms: ['todo', 'fixme', 'xxx', 'hack'] }],
      ...ownedPackages(undefined),
    },
  },
  ...Object.values(owners).map((owner) => ({ files: [`${owner}/**/*.ts`], rules: ownedPackages(owner) })),
  // These run inside the extension host.
  { files: ['test/in-host/host/*.ts'], rules: ownedPackages('src/extension') },
  {
    // Tests may bring neighbouring layers together.
    files: ['**/*.test.ts', 'test/**/*.ts'],
    rules: {
      'import-x/no-restricted-paths': 'off',
      'no-console': 'off',
      'regexp/no-super-linear-backtracking': 'off',
      'regexp/no-super-linear-move': 'off',
    },
  },
  {
    files: ['bench/**/*.ts'],
    rules: { 'no-console': 'off' },
  },
);
