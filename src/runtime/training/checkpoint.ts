import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import type { DecoderConfig } from '../../model/model.ts';
import {
  readSafetensors,
  readSafetensorsHeader,
  writeSafetensors,
  type SafeTensor,
} from '../../model/formats/safetensors.ts';
import { BoundaryError } from '../../base/errors.ts';
import type { Adapter, LoraPair } from '../decoder/adapter.ts';
import { adaptedLinears } from '../decoder/decoder.ts';
import { createOptimizerState, type OptimizerState } from './trainer.ts';

const adapterFile = 'adapter_model.safetensors';
const configFile = 'adapter_config.json';
const optimizerFile = 'optimizer.safetensors';

/** The part of PEFT's LoraConfig that decides what an adapter computes. */
const AdapterConfig = z.object({
  peft_type: z.literal('LORA'),
  r: z.number().int().min(1),
  lora_alpha: z.number(),
  use_rslora: z.literal(false).optional(),
  use_dora: z.literal(false).optional(),
});

/** PEFT's names of a pair's matrices. */
const peftNames = (linear: string) => ({
  a: `base_model.model.${linear}.lora_A.weight`,
  b: `base_model.model.${linear}.lora_B.weight`,
});

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
  for (const [i, { name, a, b, inputs, outputs }] of adapter.pairs.entries()) {
    const names = peftNames(name);
    const shapes = { a: [adapter.rank, inputs], b: [outputs, adapter.rank] };
    weights.set(names.a, { shape: shapes.a, data: a });
    weights.set(names.b, { shape: shapes.b, data: b });
    for (const moment of ['first', 'second'] as const) {
      moments.set(`${names.a}.${moment}`, { shape: shapes.a, data: optimizer[moment][2 * i]! });
      moments.set(`${names.b}.${moment}`, { shape: shapes.b, data: optimizer[moment][2 * i + 1]! });
    }
  }
  await writeSafetensors(join(dir, adapterFile), weights);
  await writeSafetensors(join(dir, optimizerFile), moments, { step: String(optimizer.step) });
  await writeFile(join(dir, configFile), `${JSON.stringify(peftConfig(adapter, baseModel), null, 2)}\n`);
}

function peftConfig({ rank, alpha, pairs }: Adapter, baseModel: string): object {
  return {
    peft_type: 'LORA',
    task_type: 'CAUSAL_LM',
    base_model_name_or_path: baseModel,
    r: rank,
    lora_alpha: alpha,
    lora_dropout: 0,
    bias: 'none',
    fan_in_fan_out: false,
    inference_mode: true,
    init_lora_weights: true,
    use_rslora: false,
    use_dora: false,
    target_modules: [...new Set(pairs.map(({ name }) => name.slice(name.lastIndexOf('.') + 1)))],
  };
}

/**
 * Reads what {@link writeCheckpoint} wrote, or another LoRA adapter in PEFT's format; layers that it leaves out get
 * one that adds nothing. Throws BoundaryError('model') when it is missing, torn or for another model.
 */
export async function readCheckpoint(dir: string, config: DecoderConfig): Promise<Checkpoint> {
  const { r: rank, lora_alpha: alpha } = await readConfig(dir);
  const tensors = await readSafetensors(join(dir, adapterFile));
  const pairs = adaptedLinears(config).map(({ name, inputs, outputs }): LoraPair => {
    const names = peftNames(name);
    const a = take(tensors, names.a, [rank, inputs], dir);
    const b = take(tensors, names.b, [outputs, rank], dir);
    if (!a !== !b) {
      throw foreign(dir, `has only one of the two matrices of ${name}`);
    }
    return {
      name,
      inputs,
      outputs,
      a: a ?? new Float32Array(rank * inputs),
      b: b ?? new Float32Array(outputs * rank),
    };
  });
  const [unknown] = tensors.keys();
  if (unknown !== undefined) {
    throw foreign(dir, `holds ${unknown}, which this model does not have`);
  }
  const adapter = { rank, alpha, pairs };
  return { adapter, optimizer: await readOptimizer(dir, adapter) };
}

async function readConfig(dir: string): Promise<z.infer<typeof AdapterConfig>> {
  const path = join(dir, configFile);
  try {
    return AdapterConfig.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (error) {
    throw new BoundaryError(
      'model',
      `${path} is missing or does not describe a plain LoRA adapter.`,
      'Give a folder with adapter_config.json and adapter_model.safetensors, for example runs/NAME/checkpoints/000010.',
      { cause: error },
    );
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

async function readOptimizer(dir: string, adapter: Adapter): Promise<OptimizerState> {
  const state = createOptimizerState(adapter);
  const path = join(dir, optimizerFile);
  if (!(await stat(path).catch(() => undefined))) {
    return state;
  }
  const { metadata } = await readSafetensorsHeader(path);
  state.step = Number(metadata['step'] ?? 0);
  const tensors = await readSafetensors(path);
  for (const [i, { name, inputs, outputs }] of adapter.pairs.entries()) {
    const names = peftNames(name);
    for (const moment of ['first', 'second'] as const) {
      const a = take(tensors, `${names.a}.${moment}`, [adapter.rank, inputs], dir);
      const b = take(tensors, `${names.b}.${moment}`, [outputs, adapter.rank], dir);
      if (!a || !b || !Number.isInteger(state.step)) {
        throw foreign(dir, `has an optimizer.safetensors that lacks the moments of ${name}`);
      }
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
