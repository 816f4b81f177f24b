import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import * as z from 'zod';
import { BoundaryError } from '../../base/errors.ts';
import { readSmallFile } from '../../base/small-file.ts';
import { readSafetensorsHeader, type SafeTensorEntry } from './safetensors.ts';

const indexName = 'model.safetensors.index.json';
const wholeName = 'model.safetensors';

const Index = z.looseObject({ weight_map: z.record(z.string(), z.string()) });

/** A tensor of a model folder and the file that holds it. */
export interface PlacedTensor extends SafeTensorEntry {
  path: string;
}

/**
 * The files that hold the weights of a model folder, as transformers chooses them: model.safetensors, else those that the
 * index names, else every other model*.safetensors. Throws BoundaryError('model') where there are none, and names one
 * that the index asks for and that is missing.
 */
export async function findShards(folder: string): Promise<string[]> {
  const present = await readdir(folder);
  const weights = present.filter((name) => name.startsWith('model') && name.endsWith('.safetensors')).sort();
  if (weights.includes(wholeName)) {
    return [join(folder, wholeName)];
  }
  const named = present.includes(indexName) ? await readIndex(join(folder, indexName)) : weights;
  const missing = named.find((name) => !present.includes(name));
  if (missing !== undefined) {
    throw new BoundaryError(
      'model',
      `${folder} lacks ${missing}, one of the ${named.length} files that its index names.`,
      'Fetch the missing file into the folder, or the whole model again.',
    );
  }
  if (named.length === 0) {
    throw new BoundaryError(
      'model',
      `${folder} is no model folder: it holds no model*.safetensors.`,
      'Give a GGUF file, or a folder with config.json, tokenizer.json and model*.safetensors.',
    );
  }
  return named.map((name) => join(folder, name));
}

async function readIndex(path: string): Promise<string[]> {
  const fault = (cause?: unknown) =>
    new BoundaryError('model', `${path} is no index of weights.`, 'Fetch the model folder again.', { cause });
  let names: string[];
  try {
    names = Object.values(Index.parse(JSON.parse(await readSmallFile(path))).weight_map);
  } catch (error) {
    throw fault(error);
  }
  // A name with a path would lead out of the folder.
  if (names.length === 0 || names.some((name) => name !== basename(name) || !name.endsWith('.safetensors'))) {
    throw fault();
  }
  return [...new Set(names)].sort();
}

/** Where each tensor of these files lies. Throws BoundaryError('model') when two of them hold the same one. */
export async function placeTensors(shards: readonly string[]): Promise<Map<string, PlacedTensor>> {
  const placed = new Map<string, PlacedTensor>();
  for (const path of shards) {
    for (const [name, entry] of (await readSafetensorsHeader(path)).tensors) {
      const other = placed.get(name);
      if (other) {
        throw new BoundaryError(
          'model',
          `${path} and ${basename(other.path)} both hold ${name}.`,
          'Remove the files that do not belong to the model, or fetch it again.',
        );
      }
      placed.set(name, { ...entry, path });
    }
  }
  return placed;
}
