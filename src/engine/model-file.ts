import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { BoundaryError } from '../protocol/errors.ts';
import { catalogue, type CatalogueEntry } from '../model/catalogue.ts';
import { modelPath } from '../model/download.ts';

/** A model as a run uses it. */
export interface ChosenModel {
  /** Name in the catalogue, or the path of the person's own file. */
  id: string;
  path: string;
  /** Known where the model is in the catalogue. */
  entry?: CatalogueEntry;
}

/** Where the model called `name` (catalogue id or path) lies. Does not look whether it is there. */
export function chooseModel(name: string, cacheDir: string): ChosenModel {
  const entry = catalogue.find(({ id }) => id === name);
  return entry ? { id: name, path: modelPath(entry, cacheDir), entry } : { id: name, path: resolve(name) };
}

/** Throws BoundaryError('model') that says how to fetch it. */
export function assertPresent({ id, path, entry }: ChosenModel): void {
  if (existsSync(path)) {
    return;
  }
  if (entry) {
    throw new BoundaryError(
      'model',
      `The model ${id} is not on this machine.`,
      `Fetch it: \`selfq models pull ${id}\`.`,
    );
  }
  const known = catalogue.map((candidate) => candidate.id).join(', ');
  throw new BoundaryError(
    'model',
    `There is no model "${id}": neither a file nor a name of the catalogue.`,
    `Give the path of a GGUF file, or one of ${known}.`,
  );
}

/** `hash` is that of the loaded file. Throws BoundaryError('model') when it is not the file that it should be. */
export function assertExpected({ id, path, entry }: ChosenModel, hash: string, earlier?: string): void {
  const expected = earlier ?? entry?.sha256;
  if (expected === undefined || expected === hash) {
    return;
  }
  const what = earlier ? 'It is not the model that this run was begun with' : 'It is not the file of the catalogue';
  throw new BoundaryError(
    'model',
    `The model file ${path} has the wrong checksum. ${what}: sha256 ${hash} instead of ${expected}.`,
    entry ? `Fetch it again: \`selfq models pull ${id}\`.` : `Put the original file back at ${path}.`,
  );
}

/** The name under which PEFT finds the base model; hubs keep GGUF files in a repository beside the original one. */
export function baseModelName({ id, entry }: ChosenModel): string {
  return entry ? entry.hub.repo.replace(/-GGUF$/, '') : id;
}
