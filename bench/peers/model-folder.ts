import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { writeMerged } from '../../src/model/formats/merged.ts';
import type { ModelFile } from '../../src/model/model.ts';
import { peersDir } from './folder.ts';

/** The model as a folder that transformers loads, in fp32; written on first use. */
export async function modelFolder(model: ModelFile): Promise<string> {
  const folder = join(peersDir(), 'models', `${model.hash.slice(0, 16)}-fp32`);
  if (!existsSync(join(folder, 'config.json'))) {
    process.stderr.write(`Writing ${model.path} in fp32 for transformers …\n`);
    await writeMerged(model, undefined, folder, { type: 'float32' });
  }
  return folder;
}
