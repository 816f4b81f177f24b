import { stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { BoundaryError } from '../base/errors.ts';
import { openGguf, readGgufConfig } from './formats/gguf-model.ts';
import { openHuggingFace, readHuggingFaceConfig } from './formats/hf.ts';
import { assertRegularFile } from './formats/regular-file.ts';
import type { DecoderConfig, ModelFile } from './model.ts';

/** How a model is opened. */
export interface OpenOptions {
  /** Folder where file hashes are remembered; without it the file is hashed each time (2 s per gigabyte). */
  cacheDir?: string;
}

/** Shape of a model, without reading its tensors or hashing it. Throws as {@link openModel} does. */
export async function readModelConfig(path: string): Promise<DecoderConfig> {
  return (await isFolder(path)) ? readHuggingFaceConfig(path) : readGgufConfig(path);
}

/**
 * Opens a GGUF file or a folder of a Hugging Face checkpoint (config.json, *.safetensors, tokenizer.json).
 * Throws BoundaryError('model') that names the file, what is wrong with it and what to do.
 */
export async function openModel(path: string, options: OpenOptions = {}): Promise<ModelFile> {
  return (await isFolder(path)) ? openHuggingFace(path, options.cacheDir) : openGguf(path, options.cacheDir);
}

/** Whether the path is a model folder; otherwise it is a file that may be GGUF. */
async function isFolder(path: string): Promise<boolean> {
  const entry = await stat(path).catch((error: unknown) => {
    throw new BoundaryError(
      'model',
      `There is no model at ${path}.`,
      'Fetch one with `selfq models pull qwen2.5-coder-0.5b`, or give the path of a GGUF file or a model folder.',
      { cause: error },
    );
  });
  if (entry.isDirectory()) {
    return true;
  }
  await assertRegularFile(path);
  const name = basename(path);
  if (name.endsWith('.safetensors')) {
    throw new BoundaryError(
      'model',
      `${path} holds tensors alone, without configuration and tokenizer.`,
      'Give the folder that holds it together with config.json and tokenizer.json.',
    );
  }
  if (name.endsWith('.json') || name.endsWith('.jinja')) {
    throw new BoundaryError('model', `${path} is a part of a model folder.`, `Give the folder: ${dirname(path)}.`);
  }
  return false;
}
