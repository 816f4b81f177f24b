import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { makeFolder, makeFolderSync } from './make-folder.ts';

describe('making a folder', () => {
  let place: string;
  const ways: Record<string, (path: string) => Promise<void>> = {
    'at once': async (path) => makeFolderSync(path),
    'beside other work': makeFolder,
  };

  beforeEach(() => {
    place = mkdtempSync(join(tmpdir(), 'selfq-folder-'));
  });
  afterEach(() => rmSync(place, { recursive: true, force: true }));

  for (const [way, make] of Object.entries(ways)) {
    it(`makes those above it, and leaves one that is there as it is (${way})`, async () => {
      const path = join(place, 'a', 'b', 'c');
      await make(path);
      writeFileSync(join(path, 'kept'), '');
      await make(path);
      assert.ok(existsSync(join(path, 'kept')));
    });

    it(`succeeds for all that make the same one together (${way})`, async () => {
      await Promise.all([1, 2, 3].map(() => make(join(place, 'a', 'b'))));
    });

    it(`says that a file is in the way (${way})`, async () => {
      writeFileSync(join(place, 'file'), '');
      await assert.rejects(make(join(place, 'file')), { code: 'EEXIST' });
      await assert.rejects(make(join(place, 'file', 'runs')), { code: 'ENOTDIR' });
    });

    it(`ends where a file system takes no folders (${way})`, async function () {
      if (process.platform !== 'linux') {
        this.skip();
      }
      // In a child: what never ends would hold up this process.
      const name = way === 'at once' ? 'makeFolderSync' : 'makeFolder';
      const module = JSON.stringify(resolve(import.meta.dirname, 'make-folder.ts'));
      const program = `const { ${name} } = await import(${module}); await ${name}('/proc/nowhere/runs');`;
      const child = promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], { timeout: 15_000 });
      await assert.rejects(child, /ENOENT: no such file or directory, mkdir '\/proc\/nowhere'/);
    }).timeout(20_000);
  }

  it('is done by these functions alone, in all sources', () => {
    const root = resolve(import.meta.dirname, '../..');
    const sources = globSync('src/**/*.ts', { cwd: root }).filter((name) => !name.endsWith('.test.ts'));
    const others = sources.filter((name) =>
      /\bmkdir(Sync)?\([^;]*recursive: true/.test(readFileSync(join(root, name), 'utf8')),
    );
    assert.deepEqual(others, []);
  });
});
