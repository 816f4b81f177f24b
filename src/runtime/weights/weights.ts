import { randomUUID } from 'node:crypto';
import { open, readdir, rename, rm } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { makeFolder } from '../../base/make-folder.ts';
import type { DecoderConfig, ModelFile } from '../../model/model.ts';
import type { ElementType, ExternalData, Graph, Value } from '../../onnx/graph.ts';
import { BoundaryError } from '../../base/errors.ts';
import { pidExists } from '../../base/processes.ts';
import { asDiskError } from './disk-space.ts';
import type { WeightFormat } from './weight-plan.ts';
import { dataFile, readFully, readIndex, writeWeights, type Index, type PreparationProgress } from './weights-file.ts';

/** One tensor in the prepared file; `data` is what `Graph.external` takes. */
export interface PreparedTensor {
  type: ElementType;
  dims: readonly number[];
  data: ExternalData;
}

/** The weights of one model in one format, on disk. ONNX files that refer to them must lie in `folder`. */
export interface PreparedWeights {
  readonly folder: string;
  readonly format: WeightFormat;
  readonly modelHash: string;
  readonly config: DecoderConfig;
  has(name: string): boolean;
  /** Throws BoundaryError('model') for a name that the format does not have. */
  tensor(name: string): PreparedTensor;
  /** The tensor as a constant of a graph. */
  addTo(graph: Graph, name: string): Value;
  /** The data of an fp32 tensor, read from the file. */
  read(name: string): Promise<Float32Array>;
}

/** The folder of all prepared weights. */
export function preparedFolder(cacheDir: string): string {
  return join(cacheDir, 'prepared');
}

/**
 * The model's weights under `<cacheDir>/prepared/<hash>-<format>/`, built on first use: written to a temporary folder
 * and renamed when complete, so that a folder under its final name is whole; one of an older layout or with a damaged
 * index or a wrong size is replaced. Throws BoundaryError('environment') when the disk is too small.
 */
export async function prepareWeights(
  model: ModelFile,
  cacheDir: string,
  format: WeightFormat,
  onProgress: PreparationProgress = () => undefined,
): Promise<PreparedWeights> {
  const parent = preparedFolder(cacheDir);
  const folder = join(parent, `${model.hash}-${format}`);
  const known = await readIndex(folder, model.hash, format);
  if (known) {
    return preparedWeights(folder, known, model.config);
  }
  // Two preparations may run at once, in this process too: each has a folder to itself, and the first to end wins.
  const temporary = join(parent, `${model.hash}-${format}-${randomUUID()}.tmp-${process.pid}`);
  try {
    await makeFolder(parent);
    await removeLeftovers(parent);
    await makeFolder(temporary);
    await writeWeights(model, format, temporary, onProgress);
    await moveInto(temporary, folder, () => readIndex(folder, model.hash, format));
  } catch (error) {
    await rm(temporary, { recursive: true, force: true }).catch(() => undefined);
    throw asDiskError(error, parent);
  }
  const index = await readIndex(folder, model.hash, format);
  if (!index) {
    throw new BoundaryError('environment', `${folder} cannot be read back.`, 'Check the disk, then start again.');
  }
  return preparedWeights(folder, index, model.config);
}

function preparedWeights(folder: string, index: Index, config: DecoderConfig): PreparedWeights {
  const tensor = (name: string): PreparedTensor => {
    const entry = index.tensors[name];
    if (!entry) {
      throw new BoundaryError('model', `The prepared weights lack ${name}.`, `Delete ${folder}; it is rebuilt.`);
    }
    const { type, dims, offset, length } = entry;
    return { type, dims, data: { location: dataFile, offset, length } };
  };
  return {
    folder,
    format: index.format,
    modelHash: index.modelHash,
    config,
    tensor,
    has: (name) => Object.hasOwn(index.tensors, name),
    addTo: (graph, name) => {
      const { type, dims, data } = tensor(name);
      return graph.external(name, type, dims, data);
    },
    read: async (name) => {
      const { type, data } = tensor(name);
      if (type !== 'float') {
        throw new TypeError(`${name} holds ${type}, not fp32`);
      }
      const file = await open(join(folder, data.location), 'r');
      try {
        const values = new Float32Array(data.length / 4);
        await readFully(file, new Uint8Array(values.buffer), data.offset);
        return values;
      } finally {
        await file.close();
      }
    },
  };
}

/**
 * The same weights for an ONNX file in `folder`, a folder that holds theirs: one graph can then refer to several prepared
 * folders.
 */
export function relativeTo(folder: string, weights: PreparedWeights): PreparedWeights {
  const below = relative(folder, weights.folder);
  return {
    ...weights,
    folder,
    addTo(graph: Graph, name: string): Value {
      const { type, dims, data } = weights.tensor(name);
      return graph.external(name, type, dims, { ...data, location: join(below, data.location) });
    },
  };
}

/** A rename onto a folder fails: an unusable one is removed first; a usable one of another process is kept. */
async function moveInto(temporary: string, folder: string, usable: () => Promise<unknown>): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      await rename(temporary, folder);
      return;
    } catch (error) {
      // Something lies there: what another preparation has just finished, or what cannot be used.
      if (await usable()) {
        await rm(temporary, { recursive: true, force: true });
        return;
      }
      if (attempt === 2) {
        throw error;
      }
      await rm(folder, { recursive: true, force: true });
    }
  }
}

/**
 * Makes the folder of all prepared weights and removes what processes left in it that are gone; returns its path. Throws
 * BoundaryError('environment') when it cannot be written.
 */
export async function openPreparedFolder(cacheDir: string): Promise<string> {
  const folder = preparedFolder(cacheDir);
  try {
    await makeFolder(folder);
  } catch (error) {
    throw asDiskError(error, folder);
  }
  await removeLeftovers(folder);
  return folder;
}

async function removeLeftovers(parent: string): Promise<void> {
  for (const name of await readdir(parent).catch(() => [])) {
    const pid = Number(/\.tmp-(\d+)$/.exec(name)?.[1]);
    if (Number.isInteger(pid) && !pidExists(pid)) {
      await rm(join(parent, name), { recursive: true, force: true });
    }
  }
}
