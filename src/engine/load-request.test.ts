import assert from 'node:assert/strict';
import { resolveConfig } from '../config/resolve.ts';
import { runtimeSettings } from '../runtime/settings.ts';
import { loadRequestOf } from './load-request.ts';

describe('what a runtime process is asked to load', () => {
  it('is every setting of the runtime as the run has it, and nothing else of the run', () => {
    const changed = {
      device: 'webgpu',
      threads: 3,
      samplerPrecision: 'strict',
      microBatchTokens: 640,
      sleepMode: 'off',
    };
    const config = resolveConfig('paper', { ...changed, seed: 7, maxPromptTokens: 100 });
    const place = { modelPath: 'model', cacheDir: 'cache' };
    const { modelPath, cacheDir, contextTokens, seed, ...settings } = loadRequestOf(config, place);
    assert.deepEqual({ modelPath, cacheDir, contextTokens, seed }, { ...place, contextTokens: 100 + 512, seed: 7 });
    assert.deepEqual(Object.keys(settings).sort(), Object.keys(runtimeSettings).sort());
    assert.deepEqual({ ...settings, ...changed }, settings);
    assert.equal(settings.gradientCheckpointing, 'full');
  });
});
