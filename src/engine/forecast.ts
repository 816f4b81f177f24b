import { existsSync } from 'node:fs';
import { cacheDir } from '../base/cache-dir.ts';
import { optional } from '../base/optional.ts';
import type { Config } from '../config/tables.ts';
import { chooseModel } from '../model/installed.ts';
import { readModelConfig } from '../model/open.ts';
import { estimateRun, type RunEstimate } from '../run/estimate.ts';
import { adviseMemory, type MemoryAdvice } from './memory.ts';

/** What is known of a run before it starts. */
export interface Forecast {
  /** Absent where no run like it was measured on this machine. */
  time?: RunEstimate;
  /** By the shape of the model; absent where the model is neither here nor in the catalogue. */
  memory?: MemoryAdvice;
}

/** How long a run will take on this machine, and how much memory it needs. Reads small files alone. */
export async function forecast(config: Config, cache: string = cacheDir()): Promise<Forecast> {
  const { path, entry } = chooseModel(config.model, cache);
  const decoder = entry?.config ?? (existsSync(path) ? await readModelConfig(path) : undefined);
  return {
    ...optional('time', estimateRun(config, cache)),
    ...optional('memory', decoder && adviseMemory(decoder, config, 'run')),
  };
}
