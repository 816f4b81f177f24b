import { mkdir, open, readdir, readFile, rename, rm, stat, statfs, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import * as z from 'zod';
import type { DecoderConfig, ModelFile } from '../../model/model.ts';
import type { ElementType, ExternalData, Graph, Value } from '../../onnx/graph.ts';
import { BoundaryError } from '../../base/errors.ts';
import { pidExists } from '../../base/processes.ts';
import {
  bytesOf,
  planPreparation,
  storedTypes,
  weightFormats,
  type PreparationPlan,
  type PreparedData,
  type WeightFormat,
} from './weight-plan.ts';

/** Raised when what a format stores changes: older folders are then built anew. */
const versions: Record<WeightFormat, number> = { fp32: 1, fp16: 1, nb32: 2, 'int8-rotated': 1 };
const dataFile = 'weights.bin';
const indexFile = 'index.json';
/** ORT maps external data into memory; pages are the natural alignment. */
const alignment = 4096;
/** One write call takes at most 2 GiB. */
const writeBytes = 256 * 2 ** 20;
/** Left free on the disk beyond the file itself. */
const reserveBytes = 256 * 2 ** 20;

const Index = z.object({
  version: z.number().int(),
  format: z.enum(weightFormats),
  modelHash: z.string(),
  bytes: z.number().int(),
  tensors: z.record(
    z.string(),
    z.object({
      type: z.enum(storedTypes),
      dims: z.array(z.number().int()),
      offset: z.number().int(),
      length: z.number().int(),
    }),
  ),
});
type Index = z.infer<typeof Index>;

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

/** Bytes written, bytes in all, and the tensor at hand. */
export type PreparationProgress = (done: number, total: number, what: string) => void;

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
  const parent = join(cacheDir, 'prepared');
  const folder = join(parent, `${model.hash}-${format}`);
  const known = await readIndex(folder, model.hash, format);
  if (known) {
    return preparedWeights(folder, known, model.config);
  }
  const temporary = join(parent, `${model.hash}-${format}.tmp-${process.pid}`);
  try {
    await mkdir(parent, { recursive: true });
    await removeLeftovers(parent);
    await mkdir(temporary, { recursive: true });
    await build(model, format, temporary, onProgress);
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
      throw new BoundaryError('model', `The prepared weights lack ${name}.`, `Delete ${folder}; it is built anew.`);
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

/** The same weights for an ONNX file in the folder above: one graph can then refer to several prepared folders. */
export function seenFromAbove(weights: PreparedWeights): PreparedWeights {
  return {
    ...weights,
    folder: dirname(weights.folder),
    addTo(graph: Graph, name: string): Value {
      const { type, dims, data } = weights.tensor(name);
      return graph.external(name, type, dims, { ...data, location: join(basename(weights.folder), data.location) });
    },
  };
}

async function readFully(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const { bytesRead } = await file.read(bytes, done, Math.min(writeBytes, bytes.length - done), position + done);
    if (bytesRead === 0) {
      throw new RangeError(`the file ends after ${position + done} bytes`);
    }
    done += bytesRead;
  }
}

/** The index of a whole folder, else undefined: missing, torn, of another layout, model or format. */
async function readIndex(folder: string, modelHash: string, format: WeightFormat): Promise<Index | undefined> {
  try {
    const index = Index.parse(JSON.parse(await readFile(join(folder, indexFile), 'utf8')));
    const { size } = await stat(join(folder, dataFile));
    const current = index.modelHash === modelHash && index.format === format && index.version === versions[format];
    return current && size === index.bytes ? index : undefined;
  } catch {
    return undefined;
  }
}

async function build(
  model: ModelFile,
  format: WeightFormat,
  folder: string,
  onProgress: PreparationProgress,
): Promise<void> {
  const plan = planPreparation(model.config, format);
  const { tensors, bytes } = layOut(plan);
  await checkSpace(folder, bytes);
  const file = await open(join(folder, dataFile), 'w');
  try {
    for (const step of plan.steps) {
      const what = step.outputs[0]!.name;
      onProgress(tensors[what]!.offset, bytes, what);
      const parts: Float32Array[] = [];
      for (const source of step.sources) {
        parts.push(await model.tensor(source));
      }
      const built = step.build(parts);
      for (const [i, shape] of step.outputs.entries()) {
        await writeTensor(file, shape.name, built[i]!, tensors[shape.name]!);
      }
    }
    await file.truncate(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
  onProgress(bytes, bytes, 'done');
  const index: Index = { version: versions[format], format, modelHash: model.hash, bytes, tensors };
  const indexHandle = await open(join(folder, indexFile), 'w');
  try {
    await indexHandle.writeFile(JSON.stringify(index));
    await indexHandle.sync();
  } finally {
    await indexHandle.close();
  }
}

function layOut({ steps, aliases }: PreparationPlan): Pick<Index, 'tensors' | 'bytes'> {
  const tensors: Index['tensors'] = {};
  let end = 0;
  for (const shape of steps.flatMap((step) => step.outputs)) {
    const offset = Math.ceil(end / alignment) * alignment;
    const length = bytesOf(shape);
    tensors[shape.name] = { type: shape.type, dims: [...shape.dims], offset, length };
    end = offset + length;
  }
  for (const { name, type, dims, of } of aliases) {
    const { offset, length } = tensors[of]!;
    tensors[name] = { type, dims: [...dims], offset, length };
  }
  return { tensors, bytes: end };
}

async function writeTensor(
  file: FileHandle,
  name: string,
  values: PreparedData,
  { offset, length }: { offset: number; length: number },
): Promise<void> {
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  if (bytes.length !== length) {
    throw new BoundaryError(
      'model',
      `${name} has ${bytes.length} bytes where its shape needs ${length}.`,
      'The model file is damaged or of an unknown kind: fetch it again.',
    );
  }
  for (let done = 0; done < length;) {
    const { bytesWritten } = await file.write(bytes, done, Math.min(writeBytes, length - done), offset + done);
    done += bytesWritten;
  }
}

/** A rename onto a folder fails: an unusable one goes first, and a usable one of another process is as good as ours. */
async function moveInto(temporary: string, folder: string, usable: () => Promise<unknown>): Promise<void> {
  for (let attempt = 0; attempt < 3; attempt++) {
    if (await usable()) {
      await rm(temporary, { recursive: true, force: true });
      return;
    }
    await rm(folder, { recursive: true, force: true });
    try {
      await rename(temporary, folder);
      return;
    } catch (error) {
      if (attempt === 2) {
        throw error;
      }
    }
  }
}

/** Removes temporary folders of processes that are gone. */
export async function removeLeftovers(parent: string): Promise<void> {
  for (const name of await readdir(parent).catch(() => [])) {
    const pid = Number(/\.tmp-(\d+)$/.exec(name)?.[1]);
    if (Number.isInteger(pid) && !pidExists(pid)) {
      await rm(join(parent, name), { recursive: true, force: true });
    }
  }
}

async function checkSpace(folder: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize < bytes + reserveBytes) {
    throw diskFull(folder, bytes);
  }
}

function diskFull(folder: string, bytes?: number, cause?: unknown): BoundaryError {
  const need = bytes === undefined ? 'more room' : `${Math.ceil((bytes + reserveBytes) / 1e6)} MB`;
  return new BoundaryError(
    'environment',
    `The disk of ${folder} is too full: the prepared weights need ${need}.`,
    'Free some space, or set SELFQ_HOME to a folder on a larger disk.',
    { cause },
  );
}

function asDiskError(error: unknown, folder: string): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return diskFull(folder, undefined, error);
    case 'EACCES':
    case 'EROFS':
    case 'ENOTDIR':
    case 'EPERM':
      return new BoundaryError(
        'environment',
        `${folder} cannot be written (${code}).`,
        'Set SELFQ_HOME to a folder that you may write.',
        { cause: error },
      );
    default:
      return error;
  }
}
