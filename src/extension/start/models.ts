import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheDir, modelsDir } from '../../model/cache-dir.ts';
import type { CatalogueEntry } from '../../model/catalogue.ts';

/** Whether the file of a catalogue entry lies in the cache with the right size. The engine checks its checksum. */
export async function modelIsHere({ fileName, bytes }: CatalogueEntry): Promise<boolean> {
  const file = await stat(join(modelsDir(cacheDir()), fileName)).catch(() => undefined);
  return file !== undefined && (bytes === undefined || file.size === bytes);
}
