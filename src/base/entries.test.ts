import assert from 'node:assert/strict';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { entryPath } from './entries.ts';

describe('entryPath', () => {
  const root = resolve(import.meta.dirname, '../..');

  it('points at the TypeScript file when running from source', () => {
    assert.equal(entryPath('engine'), join(root, 'src/engine/main.ts'));
    assert.equal(entryPath('sandbox-worker'), join(root, 'src/sandbox/worker/worker.ts'));
  });

  it('points at the neighbouring bundle when called from a bundle', () => {
    const bundle = pathToFileURL(join(root, 'dist/engine.js')).href;
    assert.equal(entryPath('runtime', bundle), join(root, 'dist/runtime.js'));
  });
});
