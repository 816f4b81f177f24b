import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { at } from '../../base/arrays.ts';
import { BoundaryError } from '../../base/errors.ts';
import {
  readSafetensors,
  readSafetensorsHeader,
  writeSafetensors,
  type SafeTensor,
} from '../../model/formats/safetensors.ts';
import type { DecoderConfig } from '../../model/model.ts';
import type { Adapter, LoraPair } from '../decoder/adapter.ts';
import { adaptedLinears } from '../decoder/decoder.ts';
import { adapterConfigJson, configFile, readAdapterSettings } from './adapter-config.ts';
import { createOptimizerState, type OptimizerState } from './optimizer.ts';

const adapterFile = 'adapter_model.safetensors';
const optimizerFile = 'optimizer.safetensors';

/** PEFT's names of a pair's matrices. */
const peftNames = (linear: string) => ({
  a: `base_model.model.${linear}.lora_A.weight`,
  b: `base_model.model.${linear}.lora_B.weight`,
});

/** An adapter and the optimiser that trains it. */
export interface Checkpoint {
  adapter: Adapter;
  /** All zero where the folder has no optimizer.safetensors. */
  optimizer: OptimizerState;
}

/**
 * Writes an adapter that PEFT loads as it is, and the optimiser's moments, into `dir`. Each file appears whole or not
 * at all. Throws BoundaryError('environment') when the disk is full.
 */
export async function writeCheckpoint(dir: string, checkpoint: Checkpoint, baseModel: string): Promise<void> {
  const { adapter, optimizer } = checkpoint;
  const weights = new Map<string, { shape: number[]; data: Float32Array }>();
  const moments = new Map<string, { shape: number[]; data: Float32Array }>();
  for (const [i, { name, a, b, inputs, outputs, rank }] of adapter.pairs.entries()) {
    const names = peftNames(name);
    const shapes = { a: [rank, inputs], b: [outputs, rank] };
    weights.set(names.a, { shape: shapes.a, data: a });
    weights.set(names.b, { shape: shapes.b, data: b });
    for (const moment of ['first', 'second'] as const) {
      moments.set(`${names.a}.${moment}`, { shape: shapes.a, data: at(optimizer[moment], 2 * i) });
      moments.set(`${names.b}.${moment}`, { shape: shapes.b, data: at(optimizer[moment], 2 * i + 1) });
    }
  }
  const checked = { checksum: true };
  await writeSafetensors(join(dir, adapterFile), weights, {}, checked);
  await writeSafetensors(join(dir, optimizerFile), moments, { step: String(optimizer.step) }, checked);
  await writeFile(join(dir, configFile), adapterConfigJson(adapter, baseModel));
}

/** How a checkpoint is read. */
export interface ReadOptions {
  /** Whether training continues from it: a checkpoint without its optimiser is refused then. */
  resume?: boolean | undefined;
}

/**
 * Reads what {@link writeCheckpoint} wrote, or another LoRA adapter in PEFT's format; layers that it does not adapt get a
 * pair that adds nothing. Throws BoundaryError('model') when it is missing, torn, damaged or for another model, or asks
 * for another computation than LoRA's.
 */
export async function readCheckpoint(
  dir: string,
  config: DecoderConfig,
  { resume = false }: ReadOptions = {},
): Promise<Checkpoint> {
  const linears = adaptedLinears(config);
  const { pairSettings, ...settings } = await readAdapterSettings(
    dir,
    linears.map(({ name }) => name),
  );
  const tensors = await readAdapterTensors(dir);
  const pairs = linears.map(({ name, inputs, outputs }): LoraPair => {
    const { rank, ...scaling } = pairSettings(name);
    const names = peftNames(name);
    const a = take(tensors, names.a, [rank, inputs], dir);
    const b = take(tensors, names.b, [outputs, rank], dir);
    if (!a !== !b) {
      throw foreign(dir, `has only one of the two matrices of ${name}`);
    }
    return {
      ...{ name, inputs, outputs, rank, ...scaling },
      a: a ?? new Float32Array(rank * inputs),
      b: b ?? new Float32Array(outputs * rank),
    };
  });
  const [unknown] = tensors.keys();
  if (unknown !== undefined) {
    throw foreign(dir, `holds ${unknown}, which this model does not have`);
  }
  const adapter = { ...settings, pairs };
  return { adapter, optimizer: await readOptimizer(dir, adapter, resume) };
}

async function readAdapterTensors(dir: string): Promise<Map<string, SafeTensor>> {
  const path = join(dir, adapterFile);
  if (!(await stat(path).catch(() => undefined))) {
    throw foreign(dir, `has no ${adapterFile}`);
  }
  const tensors = await readSafetensors(path);
  for (const [name, { data }] of tensors) {
    assertFinite(data, name, dir);
  }
  return tensors;
}

function assertFinite(data: Float32Array, name: string, dir: string): void {
  for (let i = 0; i < data.length; i++) {
    if (!Number.isFinite(data[i])) {
      throw foreign(dir, `has numbers in ${name} that are not finite`);
    }
  }
}

/** Takes a tensor out of the map; undefined when it is not there. */
function take(
  tensors: Map<string, SafeTensor>,
  name: string,
  shape: readonly number[],
  dir: string,
): Float32Array | undefined {
  const tensor = tensors.get(name);
  tensors.delete(name);
  if (tensor && tensor.shape.join() !== shape.join()) {
    throw foreign(dir, `has ${name} as [${tensor.shape.join(', ')}] where [${shape.join(', ')}] is needed`);
  }
  return tensor?.data;
}

async function readOptimizer(dir: string, adapter: Adapter, required: boolean): Promise<OptimizerState> {
  const state = createOptimizerState(adapter);
  const path = join(dir, optimizerFile);
  if (!(await stat(path).catch(() => undefined))) {
    if (required) {
      throw foreign(dir, `lacks ${optimizerFile}, without which training cannot be resumed`);
    }
    return state;
  }
  const { metadata } = await readSafetensorsHeader(path);
  state.step = Number(metadata['step'] ?? 0);
  const tensors = await readSafetensors(path);
  for (const [i, { name, inputs, outputs, rank }] of adapter.pairs.entries()) {
    const names = peftNames(name);
    for (const moment of ['first', 'second'] as const) {
      const a = take(tensors, `${names.a}.${moment}`, [rank, inputs], dir);
      const b = take(tensors, `${names.b}.${moment}`, [outputs, rank], dir);
      if (!a || !b || !Number.isInteger(state.step)) {
        throw foreign(dir, `has an ${optimizerFile} that lacks the moments of ${name}`);
      }
      assertFinite(a, `the moments of ${name}`, dir);
      assertFinite(b, `the moments of ${name}`, dir);
      state[moment][2 * i] = a;
      state[moment][2 * i + 1] = b;
    }
  }
  return state;
}

function foreign(dir: string, problem: string): BoundaryError {
  return new BoundaryError(
    'model',
    `The adapter in ${dir} ${problem}.`,
    'Take an adapter of this model, or an earlier checkpoint if the folder is damaged.',
  );
}
