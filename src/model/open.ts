import { stat } from 'node:fs/promises';
import { BoundaryError } from '../protocol/errors.ts';
import { openGguf } from './gguf-model.ts';
import { openHuggingFace } from './hf.ts';
import type { ModelFile } from './model.ts';

export interface OpenOptions {
  /** Folder where file hashes are remembered; without it the file is hashed each time (2 s per gigabyte). */
  cacheDir?: string;
}

/**
 * Opens a GGUF file or a folder of a Hugging Face checkpoint (config.json, *.safetensors, tokenizer.json).
 * Throws BoundaryError('model') that names the file, what is wrong with it and what to do.
 */
export async function openModel(path: string, options: OpenOptions = {}): Promise<ModelFile> {
  const entry = await stat(path).catch((error: unknown) => {
    throw new BoundaryError(
      'model',
      `There is no model at ${path}.`,
      'Fetch one with `selfq models pull qwen2.5-coder-0.5b`, or give the path of a GGUF file or a model folder.',
      { cause: error },
    );
  });
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
