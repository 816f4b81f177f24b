import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeTinyModel } from '../../test/support/tiny-model.ts';
import { catalogueEntry, defaultModelId } from '../model/catalogue.ts';
import { BoundaryError } from '../base/errors.ts';
import { resolveConfig } from '../config/resolve.ts';
import { adviseMemory, assertMemory, gb, machineMemory, memoryNeed } from './memory.ts';

const config = resolveConfig('quick', {});
const decoder = catalogueEntry(defaultModelId).config;
const need = memoryNeed(decoder, config, 'run');
const smollm2 = memoryNeed(catalogueEntry('smollm2-135m').config, config, 'run');

describe('advice about memory', () => {
  it('has nothing to say where there is room', () => {
    const { verdict, remedy } = adviseMemory(decoder, config, 'run', { total: 2 * need, available: need });
    assert.deepEqual({ verdict, remedy }, { verdict: 'fits', remedy: '' });
  });

  it('names both figures and a setting that fits', () => {
    const machine = { total: 2 * need, available: need - 1 };
    const advice = adviseMemory(decoder, config, 'run', machine);
    assert.equal(advice.verdict, 'tight');
    const figures = [need, need - 1].map((bytes) => (bytes / 1e9).toFixed(1));
    assert.equal(
      advice.message,
      `qwen2.5-coder-0.5b needs ${figures[0]} GB of memory for a run, ${figures[1]} GB are free`,
    );
    assert.match(advice.remedy, /--set microBatchTokens=640/);
    assert.ok(memoryNeed(decoder, { ...config, microBatchTokens: 640 }, 'run') <= machine.available);
  });

  it('never calls a need nothing', () => {
    assert.deepEqual([1, 4e7, 9.9e7, 1e8, 3.24e9].map(gb), ['1 MB', '40 MB', '99 MB', '0.1 GB', '3.2 GB']);
  });

  it('names the largest model that fits where no setting helps', () => {
    const { remedy } = adviseMemory(decoder, config, 'run', { total: 2 * need, available: smollm2 });
    assert.match(remedy, /--model smollm2-135m/);
    assert.match(adviseMemory(decoder, config, 'run', { total: 2 * need, available: 1e8 }).remedy, /^Close other/);
  });

  it('asks less for generating than for a run', () => {
    const machine = { total: 2 * need, available: (need + memoryNeed(decoder, config, 'generation')) / 2 };
    assert.equal(adviseMemory(decoder, config, 'run', machine).verdict, 'tight');
    assert.equal(adviseMemory(decoder, config, 'generation', machine).verdict, 'fits');
  });

  it('knows what this machine has', () => {
    const { total, available } = machineMemory();
    assert.ok(available > 0 && available <= total, `${available} of ${total}`);
  });

  describe('before loading', () => {
    let dir: string;
    before(async () => {
      dir = await mkdtemp(join(tmpdir(), 'memory-'));
      await writeTinyModel(dir);
    });
    after(() => rm(dir, { recursive: true }));
    const small = {
      ...config,
      model: 'tiny',
      slots: 2,
      maxPromptTokens: 64,
      maxProposalTokens: 16,
      maxAnswerTokens: 16,
    };

    it('refuses what the machine can never hold, unless told to try all the same', async () => {
      const machine = { total: 1e7, available: 5e6 };
      await assert.rejects(assertMemory(dir, small, 'run', machine), (error) => {
        assert.ok(error instanceof BoundaryError);
        assert.equal(error.boundary, 'environment');
        assert.match(error.message, /tiny needs 0\.\d GB of memory for a run, this machine has 10 MB/);
        assert.match(error.remedy, /SELFQ_IGNORE_MEMORY=1/);
        return true;
      });
      process.env['SELFQ_IGNORE_MEMORY'] = '1';
      try {
        assert.equal((await assertMemory(dir, small, 'run', machine)).verdict, 'impossible');
      } finally {
        delete process.env['SELFQ_IGNORE_MEMORY'];
      }
    });

    it('reads the shape from the model itself', async () => {
      assert.equal((await assertMemory(dir, small, 'run', { total: 1e10, available: 5e9 })).verdict, 'fits');
    });
  });
});
