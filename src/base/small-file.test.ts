import assert from 'node:assert/strict';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readSmallFile } from './small-file.ts';

describe('readSmallFile', () => {
  it('reads a regular file up to its limit, and no folder, nor anything that has no end', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'small-file-'));
    try {
      await writeFile(join(dir, 'text'), 'äh');
      assert.equal(await readSmallFile(join(dir, 'text')), 'äh');
      await assert.rejects(readSmallFile(join(dir, 'text'), 2), /has 3 bytes, more than 2/);
      await assert.rejects(readSmallFile(dir), /not a regular file/);
      await assert.rejects(readSmallFile(join(dir, 'none')), { code: 'ENOENT' });
      if (process.platform !== 'win32') {
        await symlink('/dev/zero', join(dir, 'endless'));
        await assert.rejects(readSmallFile(join(dir, 'endless')), /not a regular file/);
      }
    } finally {
      await rm(dir, { recursive: true });
    }
  });
});
