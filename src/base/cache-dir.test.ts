import assert from 'node:assert/strict';
import { join } from 'node:path';
import { cacheDir, modelsDir } from './cache-dir.ts';

describe('cacheDir', () => {
  const home = join('/', 'home', 'ada');

  it('takes SELFQ_HOME as it is, before everything else', () => {
    const env = { SELFQ_HOME: '/data/selfq', XDG_CACHE_HOME: '/x' };
    assert.equal(cacheDir({ env, platform: 'linux', home }), '/data/selfq');
  });

  it('puts its own folder into XDG_CACHE_HOME', () => {
    assert.equal(cacheDir({ env: { XDG_CACHE_HOME: '/x' }, platform: 'linux', home }), join('/x', 'self-questioning'));
  });

  it('follows the habit of each platform otherwise', () => {
    const on = (platform: NodeJS.Platform, env = {}) => cacheDir({ env, platform, home });
    assert.equal(on('linux'), join(home, '.cache', 'self-questioning'));
    assert.equal(on('darwin'), join(home, 'Library', 'Caches', 'self-questioning'));
    assert.equal(on('win32', { LOCALAPPDATA: 'L' }), join('L', 'self-questioning'));
    assert.equal(on('win32'), join(home, 'AppData', 'Local', 'self-questioning'));
  });

  it('keeps the models in a folder of their own', () => {
    assert.equal(modelsDir('/c'), join('/c', 'models'));
  });
});
