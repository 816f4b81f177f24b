import { mkdir, open, readdir, rename, rm, statfs, writeFile, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { makeFolder } from '../../base/make-folder.ts';
import { BoundaryError } from '../../base/errors.ts';
import { folderFiles, type FolderType } from './folder-files.ts';
import { elementsOf, expectedTensors } from '../layout.ts';
import type { ModelFile } from '../model.ts';
import { safetensorsHeader, type SafeTensorType } from './safetensors.ts';
import { isDiskFull } from '../../base/files.ts';

/** A LoRA adapter in the layout of PEFT: W + scale * B A for each pair, `a` [rank, inputs], `b` [outputs, rank]. */
export interface LowRankUpdate {
  pairs: readonly {
    /** The linear layer, without `.weight`. */
    name: string;
    inputs: number;
    outputs: number;
    rank: number;
    scale: number;
    a: Float32Array;
    b: Float32Array;
  }[];
}

/** How a merged model is written. */
export interface MergeOptions {
  type: FolderType;
  /** More files for the folder: name -> text. */
  files?: ReadonlyMap<string, string>;
  /** Largest file of tensors, bytes; default 5 GB, as transformers writes them. */
  shardBytes?: number;
  /** Bytes written, bytes in all, and the tensor that is written next. */
  onProgress?: (done: number, total: number, what: string) => void;
  signal?: AbortSignal;
}

/** Left free on the disk beyond the files themselves. */
const reserveBytes = 256 * 2 ** 20;
/** Numbers converted at a time: bounds the copy beside the fp32 tensor. */
const chunkElements = 2 ** 20;

const storedTypes = { bfloat16: 'BF16', float32: 'F32' } as const satisfies Record<FolderType, SafeTensorType>;
const bytesPerElement = { bfloat16: 2, float32: 4 } as const satisfies Record<FolderType, number>;

/**
 * Writes base weights, plus an adapter where there is one, as a model folder: config.json, tokenizer, chat
 * template and model*.safetensors, which `openModel` and transformers load. Tensor by tensor, so that memory holds the
 * largest one.
 * The folder appears whole or not at all. Throws BoundaryError: 'usage' when `out` holds something already, 'model'
 * when the adapter does not fit, 'environment' when the disk is too small, 'interrupted' on abort.
 * Returns the bytes of its tensors.
 */
export async function writeMerged(
  model: ModelFile,
  adapter: LowRankUpdate | undefined,
  out: string,
  options: MergeOptions,
): Promise<number> {
  await assertEmpty(out);
  const plan = planShards(model, options);
  const texts = new Map([...(await folderFiles(model, options.type)), ...(options.files ?? [])]);
  const parent = dirname(out);
  const temporary = join(parent, `.${basename(out)}.tmp`);
  try {
    await makeFolder(parent);
    await rm(temporary, { recursive: true, force: true });
    await assertSpace(parent, plan.bytes);
    await mkdir(temporary);
    await writeShards(model, adapter, temporary, plan, options);
    for (const [name, text] of texts) {
      await writeFile(join(temporary, name), text, { flush: true });
    }
    await rm(out, { recursive: true, force: true });
    await rename(temporary, out);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    throw explain(error, parent, plan.bytes);
  }
  return plan.bytes;
}

interface Shard {
  file: string;
  tensors: Map<string, { type: SafeTensorType; shape: readonly number[] }>;
}

interface Plan {
  shards: readonly Shard[];
  bytes: number;
}

/** Tensors in the order of the checkpoint, cut into files; named as transformers names them. */
function planShards({ config }: ModelFile, { type, shardBytes = 5e9 }: MergeOptions): Plan {
  const groups: Shard['tensors'][] = [];
  let bytes = 0;
  let used = Infinity;
  for (const [name, shape] of expectedTensors(config)) {
    const size = elementsOf(shape) * bytesPerElement[type];
    if (used + size > shardBytes) {
      groups.push(new Map());
      used = 0;
    }
    groups.at(-1)?.set(name, { type: storedTypes[type], shape });
    used += size;
    bytes += size;
  }
  const digits = (number: number): string => String(number).padStart(5, '0');
  const shards = groups.map((tensors, index) => ({
    file:
      groups.length === 1 ? 'model.safetensors' : `model-${digits(index + 1)}-of-${digits(groups.length)}.safetensors`,
    tensors,
  }));
  return { shards, bytes };
}

async function writeShards(
  model: ModelFile,
  adapter: LowRankUpdate | undefined,
  folder: string,
  { shards, bytes }: Plan,
  { type, onProgress, signal }: MergeOptions,
): Promise<void> {
  const pairs = new Map(adapter?.pairs.map((pair) => [`${pair.name}.weight`, pair]));
  const weightMap: Record<string, string> = {};
  let done = 0;
  for (const { file, tensors } of shards) {
    const handle = await open(join(folder, file), 'w');
    try {
      await handle.writeFile(safetensorsHeader(tensors));
      for (const [name, { shape }] of tensors) {
        signal?.throwIfAborted();
        onProgress?.(done, bytes, name);
        const values = await model.tensor(name);
        const pair = pairs.get(name);
        if (pair) {
          addProduct(values, pair, shape);
          pairs.delete(name);
        }
        await append(handle, values, type);
        weightMap[name] = file;
        done += values.length * bytesPerElement[type];
      }
      await handle.sync();
    } finally {
      await handle.close();
    }
  }
  const [unused] = pairs.keys();
  if (unused !== undefined) {
    throw misfit(`changes ${unused}, which the model does not have`);
  }
  if (shards.length > 1) {
    const index = { metadata: { total_size: bytes }, weight_map: weightMap };
    await writeFile(join(folder, 'model.safetensors.index.json'), `${JSON.stringify(index, null, 2)}\n`);
  }
  onProgress?.(bytes, bytes, 'done');
}

/** values [outputs, inputs] += scale * B A, a row at a time. */
function addProduct(
  values: Float32Array,
  { name, inputs, outputs, rank, scale, a, b }: LowRankUpdate['pairs'][number],
  shape: readonly number[],
): void {
  if (shape[0] !== outputs || shape[1] !== inputs || a.length !== rank * inputs || b.length !== outputs * rank) {
    throw misfit(`has ${name} as [${outputs}, ${inputs}] where the model has [${shape.join(', ')}]`);
  }
  for (let row = 0; row < outputs; row++) {
    const target = values.subarray(row * inputs, (row + 1) * inputs);
    b.subarray(row * rank, (row + 1) * rank).forEach((factor, r) => {
      addMultiple(target, a.subarray(r * inputs, (r + 1) * inputs), scale * factor);
    });
  }
}

/** target += factor * source */
function addMultiple(target: Float32Array, source: Float32Array, factor: number): void {
  for (let i = 0; i < target.length; i++) {
    target[i]! += factor * source[i]!;
  }
}

async function append(file: FileHandle, values: Float32Array, type: FolderType): Promise<void> {
  for (let from = 0; from < values.length; from += chunkElements) {
    const chunk = values.subarray(from, from + chunkElements);
    const stored = type === 'float32' ? chunk : toBfloat16(chunk);
    await file.writeFile(new Uint8Array(stored.buffer, stored.byteOffset, stored.byteLength));
  }
}

/** Upper halves of fp32 numbers, rounded to nearest, ties to even; NaN stays NaN. */
export function toBfloat16(values: Float32Array): Uint16Array {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  return Uint16Array.from(bits, (word) => {
    const isNan = (word & 0x7fffffff) > 0x7f800000;
    return isNan ? (word >>> 16) | 0x40 : (word + 0x7fff + ((word >>> 16) & 1)) >>> 16;
  });
}

async function assertEmpty(out: string): Promise<void> {
  const entries = await readdir(out).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
      return [];
    }
    throw error;
  });
  if (entries.length > 0) {
    throw new BoundaryError(
      'usage',
      `${out} is there already.`,
      'Remove it, or choose another folder with `--out DIR`.',
    );
  }
}

async function assertSpace(folder: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize < bytes + reserveBytes) {
    throw diskFull(folder, bytes);
  }
}

function diskFull(folder: string, bytes: number, cause?: unknown): BoundaryError {
  return new BoundaryError(
    'environment',
    `The disk of ${folder} is too full: the merged model needs ${Math.ceil((bytes + reserveBytes) / 1e6)} MB.`,
    'Free some space, or choose a folder on a larger disk with `--out DIR`.',
    { cause },
  );
}

function misfit(problem: string): BoundaryError {
  return new BoundaryError('model', `The adapter ${problem}.`, 'Take the model that the run was begun with.');
}

function explain(error: unknown, folder: string, bytes: number): unknown {
  if (isDiskFull(error)) {
    return diskFull(folder, bytes, error);
  }
  if (error instanceof Error && error.name === 'AbortError') {
    const remedy = 'Run the same command again; nothing was left behind.';
    return new BoundaryError('interrupted', 'The export was interrupted.', remedy, { cause: error });
  }
  return error;
}
