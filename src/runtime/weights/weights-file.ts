import { open, readFile, stat, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { zip } from '../../base/arrays.ts';
import { BoundaryError } from '../../base/errors.ts';
import type { ModelFile } from '../../model/model.ts';
import { assertSpace } from './disk-space.ts';
import {
  bytesOf,
  planPreparation,
  storedTypes,
  weightFormats,
  type PreparationPlan,
  type PreparedData,
  type WeightFormat,
} from './weight-plan.ts';

/** Raised when what a format stores changes: older folders are then rebuilt. */
const versions: Record<WeightFormat, number> = { fp32: 1, fp16: 1, nb32: 2, 'int8-rotated': 1 };
/** Name of the file that holds the tensors. */
export const dataFile = 'weights.bin';
const indexFile = 'index.json';
/** ORT maps external data into memory; pages are the natural alignment. */
const alignment = 4096;
/** One write call takes at most 2 GiB. */
const chunkBytes = 256 * 2 ** 20;

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
/** Where each tensor lies in the file, and what the file was made of. */
export type Index = z.infer<typeof Index>;

/** Bytes written, bytes in all, and the tensor that is written next. */
export type PreparationProgress = (done: number, total: number, what: string) => void;

/** The index of a whole folder, else undefined: missing, torn, of another layout, model or format. */
export async function readIndex(folder: string, modelHash: string, format: WeightFormat): Promise<Index | undefined> {
  try {
    const index = Index.parse(JSON.parse(await readFile(join(folder, indexFile), 'utf8')));
    const { size } = await stat(join(folder, dataFile));
    const current = index.modelHash === modelHash && index.format === format && index.version === versions[format];
    return current && size === index.bytes ? index : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Writes the prepared weights of a model and their index into `folder`. Throws BoundaryError: 'environment' when the disk
 * is too small, 'model' for tensors of the wrong size.
 */
export async function writeWeights(
  model: ModelFile,
  format: WeightFormat,
  folder: string,
  onProgress: PreparationProgress,
): Promise<void> {
  const plan = planPreparation(model.config, format);
  const { tensors, bytes } = layOut(plan);
  await assertSpace(folder, bytes);
  const file = await open(join(folder, dataFile), 'w');
  try {
    for (const step of plan.steps) {
      const [first] = step.outputs;
      onProgress(placeOf(tensors, first.name).offset, bytes, first.name);
      const parts: Float32Array[] = [];
      for (const source of step.sources) {
        parts.push(await model.tensor(source));
      }
      for (const [{ name }, values] of zip(step.outputs, step.build(parts))) {
        await writeTensor(file, name, values, placeOf(tensors, name));
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
    const { offset, length } = placeOf(tensors, of);
    tensors[name] = { type, dims: [...dims], offset, length };
  }
  return { tensors, bytes: end };
}

function placeOf(tensors: Index['tensors'], name: string): Index['tensors'][string] {
  const place = tensors[name];
  if (!place) {
    throw new RangeError(`the plan has no tensor ${name}`);
  }
  return place;
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
    const { bytesWritten } = await file.write(bytes, done, Math.min(chunkBytes, length - done), offset + done);
    done += bytesWritten;
  }
}

/** Fills `bytes` from `position` of the file on. Throws RangeError where the file ends before. */
export async function readFully(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const { bytesRead } = await file.read(bytes, done, Math.min(chunkBytes, bytes.length - done), position + done);
    if (bytesRead === 0) {
      throw new RangeError(`the file ends after ${position + done} bytes`);
    }
    done += bytesRead;
  }
}
