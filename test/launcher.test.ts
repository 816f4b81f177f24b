import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { bundles } from '../scripts/bundles.mjs';
import { cacheDir } from '../src/base/cache-dir.ts';
import { entryNames } from '../src/base/entries.ts';

const root = resolve(import.meta.dirname, '..');

/** Says what it got; ends itself only when told to. */
const program = `
  if (process.argv[2] === 'wait') {
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, () => { console.log(signal); process.exit(41); });
    setInterval(() => undefined, 1000);
  }
  console.log(JSON.stringify({ args: process.argv.slice(2), flags: process.execArgv }));
  if (process.argv[2] === 'exit') process.exitCode = Number(process.argv[3]);
`;

/** In place of the real build: takes a moment, notes that it ran, and bundles by copying. */
const build = `
  import { appendFileSync, copyFileSync, mkdirSync } from 'node:fs';
  appendFileSync('builds.log', process.argv.slice(2).join(' ') + '\\n');
  await new Promise((done) => setTimeout(done, 500));
  mkdirSync('dist', { recursive: true });
  copyFileSync('src/main.js', 'dist/cli.js');
`;

describe('launcher', () => {
  let project: string;

  beforeEach(async () => {
    project = await mkdtemp(join(tmpdir(), 'launcher-'));
    await cp(join(root, 'bin'), join(project, 'bin'), { recursive: true });
    await mkdir(join(project, 'src'));
    await mkdir(join(project, 'bench'));
    await mkdir(join(project, 'scripts'));
    await mkdir(join(project, 'node_modules'));
    const packages = {
      '': {},
      'node_modules/a': { version: '1.0.0' },
      'node_modules/b': { version: '1.0.0', optional: true },
    };
    await writeFile(join(project, 'package.json'), '{"name":"project"}');
    await writeFile(join(project, 'package-lock.json'), JSON.stringify({ packages }));
    await writeFile(
      join(project, 'node_modules', '.package-lock.json'),
      JSON.stringify({ packages: { 'node_modules/a': { version: '1.0.0' } } }),
    );
    await writeFile(join(project, 'tsconfig.json'), '{}');
    await writeFile(join(project, 'scripts', 'build.mjs'), build);
    await writeFile(join(project, 'scripts', 'bundles.mjs'), '');
    await writeFile(join(project, 'scripts', 'libraries.mjs'), '');
    await writeFile(join(project, 'src', 'main.js'), program);
  });

  afterEach(() => rm(project, { recursive: true }));

  const start = (args: string[], env: Record<string, string> = {}): ChildProcess =>
    spawn(process.execPath, [join(project, 'bin', 'selfq.mjs'), ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
    });
  const builds = async (): Promise<number> =>
    (await readFile(join(project, 'builds.log'), 'utf8').catch(() => '')).split('\n').length - 1;

  it('hands over arguments, output and exit code, and adds nothing to stdout', async () => {
    const { code, stdout } = await ended(start(['exit', '3', '--json', 'a b']));
    assert.equal(code, 3);
    assert.deepEqual(JSON.parse(stdout), { args: ['exit', '3', '--json', 'a b'], flags: ['--no-node-snapshot'] });
  });

  it('builds the command line the first time and then only when a source has changed', async () => {
    await ended(start(['exit', '0']));
    await ended(start(['exit', '0']));
    assert.equal(await builds(), 1);
    await writeFile(join(project, 'src', 'main.js'), `${program}// changed`);
    await ended(start(['exit', '0']));
    assert.equal(await builds(), 2);
    assert.equal((await readFile(join(project, 'builds.log'), 'utf8')).trim(), 'engine workspace\nengine workspace');
  });

  it('builds every program that the command line starts', async () => {
    const { builtGroups } = (await import(pathToFileURL(join(root, 'bin', 'setup.mjs')).href)) as {
      builtGroups: readonly (keyof typeof bundles)[];
    };
    const built = builtGroups.flatMap((name) => Object.keys(bundles[name].entryPoints));
    assert.deepEqual(built.sort(), [...entryNames].sort());
  });

  it('builds once when two first starts come together', async () => {
    const [first, second] = await Promise.all([ended(start(['exit', '0'])), ended(start(['exit', '0']))]);
    assert.deepEqual([first.code, second.code], [0, 0]);
    assert.equal(await builds(), 1);
  });

  it('takes over the lock of a start that was killed', async () => {
    await writeFile(join(project, '.selfq-set-up.lock'), `${2 ** 22 + 1} ${hostname()}`);
    assert.equal((await ended(start(['exit', '0']))).code, 0);
  });

  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    it(`passes ${signal} on and ends with the program's exit code`, async () => {
      const child = start(['wait']);
      await once(child.stdout!, 'data');
      const end = ended(child);
      child.kill(signal);
      const { code, stdout } = await end;
      assert.equal(code, 41);
      assert.equal(stdout.trim(), signal);
    });
  }

  it('says why a build failed and what to do, without a stack', async () => {
    await writeFile(join(project, 'scripts', 'build.mjs'), "console.error('main.ts: oh'); process.exit(1);");
    const { code, stdout, stderr } = await ended(start(['exit', '0']));
    assert.equal(code, 1);
    assert.equal(stdout, '');
    assert.match(stderr, /The build failed\.\nmain\.ts: oh\n +Mend the source/);
    assert.doesNotMatch(stderr, / {4}at /);
  });

  it('installs when a package of the lock file is missing, and names a registry that is not reached', async () => {
    const packages = { '': { dependencies: { a: '1.0.0' } }, 'node_modules/a': { version: '1.0.1' } };
    await writeFile(join(project, 'package.json'), '{"name":"project","dependencies":{"a":"1.0.1"}}');
    await writeFile(
      join(project, 'package-lock.json'),
      JSON.stringify({ name: 'project', lockfileVersion: 3, requires: true, packages }).replace('"1.0.0"', '"1.0.1"'),
    );
    const { code, stderr } = await ended(
      start(['exit', '0'], { npm_config_registry: 'http://127.0.0.1:65535', npm_config_fetch_retries: '0' }),
    );
    assert.equal(code, 1);
    assert.match(stderr, /No package registry was reached: .*ECONNREFUSED/);
    assert.match(stderr, /Check the network/);
  });

  it('keeps its cache where the program looks for it', async () => {
    const { cacheDir: launcherCacheDir } = (await import(pathToFileURL(join(root, 'bin', 'setup.mjs')).href)) as {
      cacheDir: () => string;
    };
    const saved = { ...process.env };
    try {
      for (const env of [{ SELFQ_HOME: '/a' }, { XDG_CACHE_HOME: '/b' }, {}]) {
        delete process.env['SELFQ_HOME'];
        delete process.env['XDG_CACHE_HOME'];
        Object.assign(process.env, env);
        assert.equal(launcherCacheDir(), cacheDir());
      }
    } finally {
      Object.assign(process.env, saved);
    }
  });
});

async function ended(child: ChildProcess): Promise<{ code: number | null; stdout: string; stderr: string }> {
  let stdout = '';
  let stderr = '';
  child.stdout!.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr!.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout, stderr };
}
