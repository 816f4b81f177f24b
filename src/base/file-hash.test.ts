import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileHash } from './file-hash.ts';

// sha256 of `abc` (FIPS 180-2, appendix B.1) and of nothing.
const ofAbc = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
const ofNothing = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

describe('fileHash', () => {
  let dir = '';
  let path = '';
  let cacheDir = '';
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'selfq-hash-'));
    path = join(dir, 'model.gguf');
    cacheDir = join(dir, 'cache');
    await writeFile(path, 'abc');
  });
  afterEach(() => rm(dir, { recursive: true }));

  it('is the sha256 of the contents', async () => {
    assert.equal(await fileHash(path), ofAbc);
    await writeFile(path, '');
    assert.equal(await fileHash(path), ofNothing);
  });

  it('is remembered while size and modification time stay, and computed anew once one changes', async () => {
    assert.equal(await fileHash(path, cacheDir), ofAbc);
    // A planted memory shows whether it is asked.
    const table = join(cacheDir, 'file-hashes.json');
    const planted = 'f'.repeat(64);
    await writeFile(table, (await readFile(table, 'utf8')).replace(ofAbc, planted));
    assert.equal(await fileHash(path, cacheDir), planted);
    await utimes(path, new Date(), new Date(Date.now() + 5000));
    assert.equal(await fileHash(path, cacheDir), ofAbc);
  });

  it('remembers several files at once', async () => {
    const other = join(dir, 'other.gguf');
    await writeFile(other, '');
    await fileHash(path, cacheDir);
    await fileHash(other, cacheDir);
    const table = JSON.parse(await readFile(join(cacheDir, 'file-hashes.json'), 'utf8')) as Record<string, unknown>;
    assert.deepEqual(Object.keys(table), [path, other]);
  });

  it('does without a memory that is damaged or cannot be written', async () => {
    assert.equal(await fileHash(path, cacheDir), ofAbc);
    await writeFile(join(cacheDir, 'file-hashes.json'), '{ torn');
    assert.equal(await fileHash(path, cacheDir), ofAbc);
    assert.equal(await fileHash(path, path), ofAbc);
  });
});
