import { statfsSync } from 'node:fs';
import { readModelConfig } from '../model/open.ts';
import { BoundaryError } from '../base/errors.ts';
import { mostCheckpoints } from '../run/checkpoint.ts';
import { checkpointBytes } from '../runtime/process/memory.ts';
import type { Config } from '../config/tables.ts';
import { gb, memorySettings } from './memory.ts';

/**
 * Throws BoundaryError('environment') when the checkpoints of a run of the model at `path` do not fit on the disk of the
 * run's folder, which exists. `free`: bytes, default what that disk has.
 */
export async function assertDisk(path: string, config: Config, dir: string, free = freeBytes(dir)): Promise<void> {
  const each = checkpointBytes(await readModelConfig(path), memorySettings(config));
  const needed = each * mostCheckpoints(config.steps, config.evalEvery > 0);
  if (needed > free) {
    const full = config.trainedWeights === 'full' ? ', train an adapter (--set trainedWeights=lora)' : '';
    throw new BoundaryError(
      'environment',
      `The checkpoints of this run need ${gb(needed)} of disk (${gb(each)} each), ${gb(free)} are free.`,
      `Choose a folder on a larger disk with --out${full}, or take fewer steps or a smaller model.`,
    );
  }
}

function freeBytes(dir: string): number {
  const { bavail, bsize } = statfsSync(dir);
  return bavail * bsize;
}
