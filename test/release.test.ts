import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import * as z from 'zod';
import { extensionPage, repositoryFields } from '../scripts/page.mjs';
import { newestVersion, problemsOf, required, type VsixContents } from '../scripts/vsix-check.mjs';

const root = resolve(import.meta.dirname, '..');
const read = (name: string): string => readFileSync(join(root, name), 'utf8');

/** Mocha reads its settings with it. */
const { load } = createRequire(createRequire(import.meta.url).resolve('mocha'))('js-yaml') as {
  load(text: string): unknown;
};

describe('a packed extension', () => {
  const target = 'linux-x64';
  const packages = [{ name: 'zod', version: '4.0.0' }];
  const whole: VsixContents = {
    names: [...required(target), 'node_modules/isolated-vm/prebuilds/linux-x64/isolated_vm.node'],
    megabytes: 90,
    texts: {
      'package.json': JSON.stringify({ main: './dist/extension.cjs', activationEvents: ['onStartupFinished'] }),
      'readme.md': '# Page\n\n[sources](https://example.org/x)',
      'thirdpartynotices.txt': 'zod 4.0.0\nMIT',
    },
  };
  const problems = (change: Partial<VsixContents>): string[] => problemsOf(target, { ...whole, ...change }, packages);
  const withText = (name: string, text: string): string[] => problems({ texts: { ...whole.texts, [name]: text } });

  it('has nothing wrong where everything is there', () => {
    assert.deepEqual(problems({}), []);
  });

  it('is refused for each file that is missing, is a source, or is of another platform', () => {
    for (const name of required(target)) {
      assert.ok(problems({ names: whole.names.filter((other) => other !== name) }).length > 0, name);
    }
    for (const name of [
      'src/cli/main.ts',
      'dist/engine.js.map',
      'model.gguf',
      'scripts/vsix.mjs',
      'node_modules/onnxruntime-node/bin/napi-v6/darwin/arm64/onnxruntime_binding.node',
      'node_modules/isolated-vm/prebuilds/win32-x64/isolated_vm.node',
    ]) {
      assert.deepEqual(problems({ names: [...whole.names, name] }), [`${name} does not belong there`]);
    }
  });

  it('is refused where it is too large, its entry or a notice is missing, or its page is broken', () => {
    assert.match(problems({ megabytes: 500 })[0] ?? '', /500 MB are more than/);
    assert.deepEqual(withText('thirdpartynotices.txt', 'nothing'), ['ThirdPartyNotices.txt lacks zod']);
    assert.match(
      withText('package.json', '{"main":"./dist/other.cjs"}').join(),
      /entry dist\/other\.cjs.*nothing activates/,
    );
    assert.deepEqual(withText('readme.md', '![x](media/x.png)'), ['the page links to media/x.png']);
  });

  it('has a page with absolute pictures where its repository is known, and without any where it is not', () => {
    const page = read('docs/extension.md');
    const pictures = [...page.matchAll(/!\[[^\]]+\]\(([^)]+)\)/g)].map(([, path]) => path ?? '');
    assert.ok(pictures.length >= 2);
    pictures.forEach((path) => assert.ok(existsSync(join(root, 'docs', path)), path));
    const published = extensionPage(page, 'https://forge.example/someone/thing');
    assert.ok(
      published.includes('](https://forge.example/someone/thing/raw/HEAD/media/walkthrough/dashboard-dark.png)'),
    );
    for (const text of [published, extensionPage(page, undefined)]) {
      assert.doesNotMatch(text, /\]\((?!https:|#)/);
      assert.doesNotMatch(text, /npm /);
    }
    assert.doesNotMatch(extensionPage(page, undefined), /!\[/);
  });

  it('names repository, issues and home where they are known, and refuses what is no address', () => {
    assert.deepEqual(repositoryFields(undefined), {});
    assert.deepEqual(repositoryFields('https://forge.example/someone/thing.git'), {
      repository: { type: 'git', url: 'https://forge.example/someone/thing.git' },
      bugs: { url: 'https://forge.example/someone/thing/issues' },
      homepage: 'https://forge.example/someone/thing#readme',
    });
    assert.throws(() => repositoryFields('git@forge.example:someone/thing'), /not the https address/);
  });

  it('is of the version that the changelog begins with', () => {
    const { version } = JSON.parse(read('package.json')) as { version: string };
    assert.equal(newestVersion(join(root, 'CHANGELOG.md')), version);
  });
});

describe('the workflow of a public forge', () => {
  const Workflow = z.object({
    on: z.record(z.string(), z.unknown()),
    permissions: z.strictObject({ contents: z.literal('read') }),
    jobs: z.record(
      z.string(),
      z.object({
        'runs-on': z.string(),
        'timeout-minutes': z.number(),
        strategy: z.object({ matrix: z.object({ include: z.array(z.record(z.string(), z.string())) }) }),
        steps: z.array(z.object({ uses: z.string().optional(), run: z.string().optional() }).loose()),
      }),
    ),
  });

  it('runs .ci/run on Linux, macOS and Windows, and packs each platform of the extension', () => {
    const { jobs } = Workflow.parse(load(read('.github/workflows/test.yml')));
    const { suites, packages } = jobs;
    assert.ok(suites && packages);
    const systems = (job: typeof suites): (string | undefined)[] =>
      job.strategy.matrix.include.map(({ os }) => /^[a-z]+/.exec(os ?? '')?.[0]);
    assert.deepEqual(systems(suites), ['ubuntu', 'macos', 'windows']);
    assert.ok(suites.steps.some(({ run }) => run?.startsWith('.ci/run')));
    assert.ok(existsSync(join(root, '.ci/run')));
    assert.deepEqual(
      packages.strategy.matrix.include.map((row) => row['target']),
      ['linux-x64', 'linux-arm64', 'darwin-arm64', 'win32-x64'],
    );
    const release = packages.steps.find(({ run }) => run?.startsWith('npm run release'));
    assert.ok(release);
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    assert.equal(scripts['release'], 'node scripts/release.mjs');
  });

  it('names in its steps only suites that there are', () => {
    const { jobs } = Workflow.parse(load(read('.github/workflows/test.yml')));
    const named = jobs['suites']?.strategy.matrix.include.flatMap((row) => (row['suites'] ?? '').split(' ')) ?? [];
    assert.deepEqual(
      named.filter((name) => !['', 'check', 'unit', 'program', 'fuzz', 'editor'].includes(name)),
      [],
    );
  });
});
