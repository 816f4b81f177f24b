import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { resolveConfig } from '../config/resolve.ts';
import { sharedSettings } from '../config/tables.ts';
import { domainSettings } from '../domains/settings.ts';
import { runFolderVersion, type RunRecord } from '../protocol/records.ts';
import { findPolicy } from './policy-source.ts';

describe('the settings of a policy', () => {
  let dir: string;
  const config = {
    ...resolveConfig('laptop', { model: 'smollm2-135m', device: 'webgpu', samplerPrecision: 'strict' }),
  };

  before(() => {
    dir = mkdtempSync(join(tmpdir(), 'policy-'));
    for (const step of ['000000', '000006']) {
      mkdirSync(join(dir, 'run', 'checkpoints', step), { recursive: true });
      writeFileSync(join(dir, 'run', 'checkpoints', step, 'state.json'), '{}');
    }
    mkdirSync(join(dir, 'empty'));
    writeRun('run', config);
    writeRun('empty', config);
  });
  after(() => rmSync(dir, { recursive: true }));

  function writeRun(name: string, settings: RunRecord['config']): void {
    const engine = { pid: 1, startTime: '', token: '', socket: '', heartbeat: '' };
    const run: RunRecord = {
      ...{ version: runFolderVersion, id: name, state: 'finished', config: settings, versions: {}, createdAt: '' },
      ...{ model: { id: '', path: '', hash: '' }, step: 6, steps: 6, engine, restarts: 0, alarms: [] },
    };
    writeFileSync(join(dir, name, 'run.json'), JSON.stringify(run));
  }

  it('are those of its run for a checkpoint, and for the run itself with its latest one', () => {
    const latest = join(dir, 'run', 'checkpoints', '000006');
    const expected = { config, notes: [], adapter: latest, step: 6 };
    assert.deepEqual(findPolicy(join(dir, 'run'), {}), expected);
    assert.deepEqual(findPolicy(latest, {}), expected);
    const first = join(dir, 'run', 'checkpoints', '000000');
    assert.deepEqual(findPolicy(first, {}), { ...expected, adapter: first, step: 0 });
  });

  it('are defaults for a model alone and for an adapter of another place', () => {
    const defaults = { config: resolveConfig('quick', { model: 'm' }), step: 0, notes: [] };
    assert.deepEqual(findPolicy(undefined, { model: 'm' }), defaults);
    assert.deepEqual(findPolicy(dir, { model: 'm' }), { ...defaults, adapter: dir });
  });

  it('are what was given where something was given', () => {
    const { config: mixed } = findPolicy(join(dir, 'run'), { device: 'cpu', maxAnswerTokens: '99' });
    assert.deepEqual(mixed, { ...config, device: 'cpu', maxAnswerTokens: 99 });
    const refused = { boundary: 'usage', message: /maxAnswerTokens cannot be "0"/ };
    assert.throws(() => findPolicy(join(dir, 'run'), { maxAnswerTokens: '0' }), refused);
    assert.throws(() => findPolicy(join(dir, 'run'), { maxAnswerToken: '9' }), { remedy: /"maxAnswerTokens"/ });
  });

  it('are those that every domain has where another domain is asked for', () => {
    assert.throws(() => findPolicy(join(dir, 'run'), { domain: 'codding' }), { remedy: /"coding"/ });
    assert.ok(config.domain === 'coding');
    const own = Object.keys(domainSettings.coding.settings);
    assert.ok(own.includes('testsMode') && own.includes('multiplyTests'));
    const shared = Object.entries(config).filter(([name]) => name !== 'domain' && !own.includes(name));
    assert.deepEqual(sharedSettings(config), Object.fromEntries(shared));
  });

  it('are missing for a run without a checkpoint, which is said', () => {
    assert.throws(() => findPolicy(join(dir, 'empty'), {}), { boundary: 'run', message: /no checkpoint yet/ });
  });
});
