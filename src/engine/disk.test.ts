import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeTinyModel } from '../../test/support/tiny-model.ts';
import { readModelConfig } from '../model/open.ts';
import { resolveConfig } from '../config/resolve.ts';
import { checkpointBytes } from '../runtime/process/memory.ts';
import { assertDisk } from './disk.ts';
import { memorySettings } from './memory.ts';

describe('the disk that the checkpoints of a run need', () => {
  let dir: string;
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'disk-'));
    await writeTinyModel(dir);
  });
  after(() => rm(dir, { recursive: true }));

  const full = resolveConfig('quick', { trainedWeights: 'full', steps: 25 });

  it('is three fp32 numbers for each weight in full fine-tuning', async () => {
    assert.equal(checkpointBytes(await readModelConfig(dir), memorySettings(full)), 3 * 4 * 98_880);
  });

  it('counts the newest three, the one that is being written, and every tenth', async () => {
    const needed = 3 * 4 * 98_880 * (3 + 1 + 2);
    await assertDisk(dir, full, dir, needed);
    await assert.rejects(assertDisk(dir, full, dir, needed - 1), {
      boundary: 'environment',
      message: 'The checkpoints of this run need 7 MB of disk (1 MB each), 7 MB are free.',
      remedy: /trainedWeights=lora/,
    });
  });

  it('is here for an adapter of this model', async () => {
    await assertDisk(dir, resolveConfig('quick', {}), dir);
  });
});
