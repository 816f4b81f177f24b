import { stat } from 'node:fs/promises';
import { sep } from 'node:path';
import { BoundaryError } from '../protocol/errors.ts';
import { catalogue, catalogueEntry, type CatalogueEntry } from './catalogue.ts';
import { modelPath } from './download.ts';
import { fileHash } from './file-hash.ts';

/** What the cache holds of a catalogue entry. `partial`: a download that can go on; `wrong`: not the file it should be. */
export interface ModelStatus {
  entry: CatalogueEntry;
  path: string;
  state: 'absent' | 'partial' | 'ready' | 'wrong';
  /** Bytes that are here. */
  bytes: number;
  /** Of the file, when it was read through. */
  sha256?: string;
  /** One sentence, when `wrong`. */
  problem?: string;
}

/** Looks at sizes alone: quick, for lists. */
export async function modelStatus(entry: CatalogueEntry, cacheDir: string): Promise<ModelStatus> {
  const path = modelPath(entry, cacheDir);
  const bytes = await sizeOf(path);
  if (bytes === undefined) {
    const part = await sizeOf(`${path}.part`);
    return { entry, path, state: part === undefined ? 'absent' : 'partial', bytes: part ?? 0 };
  }
  if (entry.bytes !== undefined && bytes !== entry.bytes) {
    return { entry, path, state: 'wrong', bytes, problem: `It has ${bytes} bytes instead of ${entry.bytes}.` };
  }
  return { entry, path, state: 'ready', bytes };
}

/** Reads the file through and compares its checksum, whatever was remembered about it. */
export async function verifyModel(entry: CatalogueEntry, cacheDir: string): Promise<ModelStatus> {
  const status = await modelStatus(entry, cacheDir);
  if (status.state !== 'ready') {
    return status;
  }
  const sha256 = await fileHash(status.path);
  if (entry.sha256 !== undefined && sha256 !== entry.sha256) {
    return { ...status, state: 'wrong', sha256, problem: `Its sha256 is ${sha256} instead of ${entry.sha256}.` };
  }
  return { ...status, sha256 };
}

/**
 * The model file or folder that `model` means: an id of the catalogue, or a path. Throws BoundaryError: 'model' when it
 * is not here (with the command that fetches it), 'usage' when it is neither.
 */
export async function resolveModel(model: string, cacheDir: string): Promise<string> {
  const isId = catalogue.some((entry) => entry.id === model);
  if (!isId && (await stat(model).catch(() => undefined)) !== undefined) {
    return model;
  }
  if (!isId && (model.includes('/') || model.includes(sep) || model.endsWith('.gguf'))) {
    throw new BoundaryError(
      'model',
      `There is no model at ${model}.`,
      'Give the path of a GGUF file or a model folder.',
    );
  }
  const { path, state, problem } = await modelStatus(catalogueEntry(model), cacheDir);
  if (state === 'ready') {
    return path;
  }
  throw new BoundaryError(
    'model',
    state === 'wrong' ? `${path} is damaged. ${problem ?? ''}`.trim() : `The model ${model} has not been fetched yet.`,
    `Run \`selfq models pull ${model}\`.`,
  );
}

async function sizeOf(path: string): Promise<number | undefined> {
  return stat(path).then(
    (entry) => entry.size,
    () => undefined,
  );
}
