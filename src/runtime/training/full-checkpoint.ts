import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { DecoderConfig } from '../../model/model.ts';
import {
  readSafetensors,
  readSafetensorsHeader,
  writeSafetensors,
  type SafeTensor,
} from '../../model/formats/safetensors.ts';
import { BoundaryError } from '../../base/errors.ts';
import { zip } from '../../base/arrays.ts';
import { createOptimizerState, type OptimizerState } from './optimizer.ts';
import { readCheckpoint, type ReadOptions } from './checkpoint.ts';
import { parameterShapes, type FullWeights, type Parameter, type Trained } from '../decoder/trained.ts';

const weightsFile = 'weights.safetensors';
const optimizerFile = 'optimizer.safetensors';
const moments = ['first', 'second'] as const;

/** Full fine-tuning: all weights in fp32, and the optimiser's moments. */
export interface FullCheckpoint {
  weights: FullWeights;
  optimizer: OptimizerState;
}

/** Whether `dir` holds what {@link writeFullCheckpoint} writes, and not an adapter. */
export function isFullCheckpoint(dir: string): boolean {
  return existsSync(join(dir, weightsFile));
}

/**
 * Writes weights and, once there has been an update, moments into `dir`. Each file appears whole or not at all. Throws
 * BoundaryError('environment') when the disk is full.
 */
export async function writeFullCheckpoint(dir: string, { weights, optimizer }: FullCheckpoint): Promise<void> {
  const { tensors } = weights;
  const step = String(optimizer.step);
  const checked = { checksum: true };
  await writeSafetensors(
    join(dir, weightsFile),
    new Map(tensors.map((tensor) => [tensor.name, tensor])),
    { step },
    checked,
  );
  if (optimizer.step > 0) {
    const named = moments.flatMap((moment) =>
      zip(tensors, optimizer[moment]).map(([{ name, shape }, data]) => [`${name}.${moment}`, { shape, data }] as const),
    );
    await writeSafetensors(join(dir, optimizerFile), new Map(named), { step }, checked);
  }
}

/** Reads what {@link writeFullCheckpoint} wrote. Throws BoundaryError('model') when it is torn or of another model. */
export async function readFullCheckpoint(
  dir: string,
  config: DecoderConfig,
  { resume = false }: ReadOptions = {},
): Promise<FullCheckpoint> {
  const weights = await readWeights(dir, config);
  const optimizer = createOptimizerState(weights);
  const path = join(dir, optimizerFile);
  if (existsSync(path)) {
    optimizer.step = Number((await readSafetensorsHeader(path)).metadata['step']);
    const stored = await readSafetensors(path);
    for (const moment of moments) {
      optimizer[moment] = weights.tensors.map(({ name, shape }) => take(stored, `${name}.${moment}`, shape, dir).data);
    }
    if (!Number.isInteger(optimizer.step)) {
      throw foreign(dir, `does not say how many updates were made`);
    }
  } else if (resume && Number((await readSafetensorsHeader(join(dir, weightsFile))).metadata['step'] ?? 0) > 0) {
    throw foreign(dir, `lacks ${optimizerFile}, without which training cannot be resumed`);
  }
  return { weights, optimizer };
}

/** What the checkpoint in `dir` trained, where it is not trained further. Throws as {@link readFullCheckpoint} does. */
export async function readTrained(dir: string, config: DecoderConfig): Promise<Trained> {
  return isFullCheckpoint(dir) ? readWeights(dir, config) : (await readCheckpoint(dir, config)).adapter;
}

async function readWeights(dir: string, config: DecoderConfig): Promise<FullWeights> {
  const stored = await readSafetensors(join(dir, weightsFile));
  const tensors = parameterShapes(config).map(({ name, shape }) => take(stored, name, shape, dir));
  if (stored.size > tensors.length) {
    throw foreign(dir, 'holds tensors that this model does not have');
  }
  return { tensors };
}

function take(stored: ReadonlyMap<string, SafeTensor>, name: string, shape: readonly number[], dir: string): Parameter {
  const tensor = stored.get(name);
  if (!tensor) {
    throw foreign(dir, `lacks ${name}`);
  }
  if (tensor.shape.join() !== shape.join()) {
    throw foreign(dir, `has ${name} as [${tensor.shape.join(', ')}] where [${shape.join(', ')}] is needed`);
  }
  return { name, shape, data: tensor.data };
}

function foreign(dir: string, problem: string): BoundaryError {
  return new BoundaryError(
    'model',
    `The checkpoint in ${dir} ${problem}.`,
    'Take the model that the run was begun with, or an earlier checkpoint if the folder is damaged.',
  );
}
