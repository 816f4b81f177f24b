import type { Stats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { BoundaryError } from '../base/errors.ts';
import { openGguf, readGgufConfig } from './formats/gguf-model.ts';
import { openHuggingFace, readHuggingFaceConfig } from './formats/hf.ts';
import type { DecoderConfig, ModelFile } from './model.ts';

export interface OpenOptions {
  /** Folder where file hashes are remembered; without it the file is hashed each time (2 s per gigabyte). */
  cacheDir?: string;
}

/** Shape of a model, without reading its tensors or hashing it. Throws as {@link openModel} does. */
export async function readModelConfig(path: string): Promise<DecoderConfig> {
  return (await statModel(path)).isDirectory() ? readHuggingFaceConfig(path) : readGgufConfig(path);
}

/**
 * Opens a GGUF file or a folder of a Hugging Face checkpoint (config.json, *.safetensors, tokenizer.json).
 * Throws BoundaryError('model') that names the file, what is wrong with it and what to do.
 */
export async function openModel(path: string, options: OpenOptions = {}): Promise<ModelFile> {
  const entry = await statModel(path);
  if (entry.isDirectory()) {
    return openHuggingFace(path, options.cacheDir);
  }
  if (path.endsWith('.safetensors')) {
    throw new BoundaryError(
      'model',
      `${path} holds tensors alone, without configuration and tokenizer.`,
      'Give the folder that holds it together with config.json and tokenizer.json.',
    );
  }
  return openGguf(path, options.cacheDir);
}

async function statModel(path: string): Promise<Stats> {
  return stat(path).catch((error: unknown) => {
    throw new BoundaryError(
      'model',
      `There is no model at ${path}.`,
      'Fetch one with `selfq models pull qwen2.5-coder-0.5b`, or give the path of a GGUF file or a model folder.',
      { cause: error },
    );
  });
}
