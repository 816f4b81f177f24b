import { totalmem } from 'node:os';
import { catalogue } from '../model/catalogue.ts';
import type { DecoderConfig } from '../model/model.ts';
import { readModelConfig } from '../model/open.ts';
import { BoundaryError } from '../base/errors.ts';
import { contextTokensOf } from './load-request.ts';
import { estimateMemory, type MemorySettings } from '../runtime/process/memory.ts';
import type { Config } from '../config/tables.ts';

/** Main memory in bytes; in a container, what the container may have. */
export interface MachineMemory {
  total: number;
  available: number;
}

/** Whether a model with these settings has room. `tight`: only if other programs give memory back. */
export interface MemoryAdvice {
  verdict: 'fits' | 'tight' | 'impossible';
  /** Bytes. */
  needed: number;
  /** Bytes that are free now. */
  available: number;
  /** Such as "qwen2.5-coder-0.5b needs 10.4 GB of memory for a run, 3.2 GB are free". */
  message: string;
  /** What to do; empty when it fits. */
  remedy: string;
}

/** What memory is needed for: training and sampling, or sampling alone. */
export type MemoryUse = 'run' | 'generation';

/** Memory of this machine, or of the container around the process. */
export function machineMemory(): MachineMemory {
  const limit = process.constrainedMemory();
  return {
    total: limit > 0 ? Math.min(limit, totalmem()) : totalmem(),
    available: process.availableMemory(),
  };
}

/** What decides the memory of a run besides its model. */
export function memorySettings(config: Config): MemorySettings {
  return { ...config, contextTokens: contextTokensOf(config) };
}

/** Bytes that a model of this shape needs with these settings. */
export function memoryNeed(decoder: DecoderConfig, config: Config, use: MemoryUse): number {
  const estimate = estimateMemory(decoder, memorySettings(config));
  return use === 'run' ? estimate.training : estimate.generation;
}

/** Compares what a model needs with what the machine has, and looks for settings or a model that would fit. */
export function adviseMemory(
  decoder: DecoderConfig,
  config: Config,
  use: MemoryUse,
  machine: MachineMemory = machineMemory(),
): MemoryAdvice {
  const needed = memoryNeed(decoder, config, use);
  const { mapped } = estimateMemory(decoder, memorySettings(config));
  const held = use === 'run' ? needed - mapped : needed;
  const purpose = use === 'run' ? 'a run' : 'generating';
  const verdict = held > machine.total ? 'impossible' : needed > machine.available ? 'tight' : 'fits';
  const room = verdict === 'impossible' ? `this machine has ${gb(machine.total)}` : `${gb(machine.available)} are free`;
  return {
    verdict,
    needed,
    available: machine.available,
    message: `${config.model} needs ${gb(needed)} of memory for ${purpose}, ${room}`,
    remedy: verdict === 'fits' ? '' : remedyFor(decoder, config, use, machine),
  };
}

/**
 * Throws BoundaryError('environment') when the model at `path` cannot run in the memory of this machine;
 * SELFQ_IGNORE_MEMORY=1 lets it try. Returns the advice for a warning.
 */
export async function assertMemory(
  path: string,
  config: Config,
  use: MemoryUse,
  machine: MachineMemory = machineMemory(),
): Promise<MemoryAdvice> {
  const advice = adviseMemory(await readModelConfig(path), config, use, machine);
  if (advice.verdict === 'impossible' && process.env['SELFQ_IGNORE_MEMORY'] !== '1') {
    const remedy = `${advice.remedy} Or set SELFQ_IGNORE_MEMORY=1 to try all the same.`;
    throw new BoundaryError('environment', `${advice.message}.`, remedy);
  }
  return advice;
}

function remedyFor(decoder: DecoderConfig, config: Config, use: MemoryUse, { available }: MachineMemory): string {
  for (const [name, value] of lighter(config, use)) {
    if (memoryNeed(decoder, { ...config, [name]: value }, use) <= available) {
      return `Use --set ${name}=${value}, or close other programs.`;
    }
  }
  const fitting = catalogue
    .map((entry) => ({ id: entry.id, needed: memoryNeed(entry.config, config, use) }))
    .filter(({ needed }) => needed <= available)
    .sort((a, b) => b.needed - a.needed)[0];
  return fitting
    ? `Use --model ${fitting.id} (${gb(fitting.needed)}), or close other programs.`
    : 'Close other programs, or use a machine with more memory.';
}

/** Settings that need less memory, those that cost least first. */
function lighter(config: Config, use: MemoryUse): [name: string, value: string | number][] {
  const slots = [16, 8, 4, 2, 1]
    .filter((fewer) => fewer < config.slots)
    .map((fewer): [string, number] => ['slots', fewer]);
  const sleep: [string, string][] = config.sleepMode === 'off' ? [['sleepMode', 'on']] : [];
  return use === 'run' ? [...sleep, ['microBatchTokens', 640], ['gradientCheckpointing', 'full'], ...slots] : slots;
}

/** Bytes as a person reads them. */
export function gb(bytes: number): string {
  return bytes < 1e8 ? `${Math.max(1, Math.round(bytes / 1e6))} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}
