import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { BoundaryError } from '../base/errors.ts';
import { catalogue, type CatalogueEntry } from './catalogue.ts';
import { modelPath } from './fetch/download.ts';
import { fileHash } from '../base/file-hash.ts';
import { fileSize } from '../base/file-size.ts';
import { readGgufHeader } from './formats/gguf.ts';
import { hubModelPath, hubStatus, verifyHubModel } from './fetch/hub-model.ts';
import { type HubName, hubNameText, parseHubName } from './fetch/hub-name.ts';

/** A model as a person names it: of the catalogue, of the hub, or by the path of a file or folder. */
export interface ChosenModel {
  /** As it was named: id of the catalogue, ORG/NAME of the hub, or a path. */
  id: string;
  /** Where it lies or will lie. */
  path: string;
  entry?: CatalogueEntry;
  hub?: HubName;
}

/** What is here of a model. `partial`: a download that can be continued; `wrong`: not the file that it should be. */
export interface ModelStatus {
  model: ChosenModel;
  state: 'absent' | 'partial' | 'ready' | 'wrong';
  /** Bytes that are here. */
  bytes: number;
  /** Of the file, when it was read through. */
  sha256?: string;
  /** One sentence, when `wrong`. */
  problem?: string;
}

/**
 * The model that `name` means: an id of the catalogue, else a path that exists, else ORG/NAME or ORG/NAME/FILE.gguf of
 * the hub, else a path. Whether it is there and whole: {@link modelStatus}.
 */
export function chooseModel(name: string, cacheDir: string): ChosenModel {
  const entry = catalogue.find(({ id }) => id === name);
  if (entry) {
    return { id: name, path: modelPath(entry, cacheDir), entry };
  }
  const path = resolve(name);
  const hub = existsSync(path) ? undefined : parseHubName(name);
  return hub ? { id: hubNameText(hub), path: hubModelPath(hub, cacheDir), hub } : { id: name, path };
}

/** Looks at sizes alone: quick, for lists. */
export async function modelStatus(model: ChosenModel): Promise<ModelStatus> {
  if (model.hub) {
    return { model, ...(await hubStatus(model.hub, model.path)) };
  }
  const { path, entry } = model;
  const bytes = await fileSize(path);
  if (bytes === undefined) {
    const part = entry && (await fileSize(`${path}.part`));
    return { model, state: part === undefined ? 'absent' : 'partial', bytes: part ?? 0 };
  }
  if (entry?.bytes !== undefined && bytes !== entry.bytes) {
    return { model, state: 'wrong', bytes, problem: `It has ${bytes} bytes instead of ${entry.bytes}.` };
  }
  return { model, state: 'ready', bytes };
}

/** Reads the files through and compares their checksums, whatever was remembered about them. */
export async function verifyModel(model: ChosenModel): Promise<ModelStatus> {
  const status = await modelStatus(model);
  if (status.state !== 'ready') {
    return status;
  }
  if (model.hub) {
    const problem = await verifyHubModel(model.hub, model.path);
    return problem === undefined ? status : { ...status, state: 'wrong', problem };
  }
  if ((await stat(model.path)).isDirectory()) {
    return status;
  }
  const sha256 = await fileHash(model.path);
  const expected = model.entry?.sha256;
  if (expected !== undefined && sha256 !== expected) {
    return { ...status, state: 'wrong', sha256, problem: `Its sha256 is ${sha256} instead of ${expected}.` };
  }
  return { ...status, sha256 };
}

/** Throws BoundaryError('model') unless the model is there with its right size; says how to get it. */
export async function assertReady(model: ChosenModel): Promise<void> {
  const { state, problem } = await modelStatus(model);
  if (state === 'ready') {
    return;
  }
  const { id, path, entry, hub } = model;
  if (!entry && !hub) {
    const known = catalogue.map((candidate) => candidate.id).join(', ');
    throw new BoundaryError(
      'model',
      `There is no model "${id}": neither a file nor a name of the catalogue.`,
      `Give the path of a GGUF file or a model folder, a name of the hub (ORG/NAME), or one of ${known}.`,
    );
  }
  throw new BoundaryError(
    'model',
    state === 'wrong' ? `${path} is damaged. ${problem ?? ''}`.trim() : `The model ${id} is not on this machine.`,
    `Fetch it: \`selfq models pull ${id}\`.`,
  );
}

/** The file or folder that `name` means. Throws as {@link assertReady} does. */
export async function resolveModel(name: string, cacheDir: string): Promise<string> {
  const model = chooseModel(name, cacheDir);
  await assertReady(model);
  return model.path;
}

/**
 * `hash` is that of the opened model, `earlier` that which a run was begun with. Throws BoundaryError('model') when it
 * is not what it should be.
 */
export function assertExpected({ id, path, entry, hub }: ChosenModel, hash: string, earlier?: string): void {
  // A run that was trained elsewhere knows no hash.
  const expected = earlier || entry?.sha256;
  if (expected === undefined || expected === hash) {
    return;
  }
  const what = earlier ? 'It is not the model that this run was begun with' : 'It is not the file of the catalogue';
  throw new BoundaryError(
    'model',
    `The model file ${path} has the wrong checksum. ${what}: sha256 ${hash} instead of ${expected}.`,
    entry || hub ? `Fetch it again: \`selfq models pull ${id}\`.` : `Put the original file back at ${path}.`,
  );
}

/**
 * The name under which PEFT finds the base model. A GGUF file of the hub tells the repository that it was made of, or
 * its publisher keeps it in a repository beside the original one.
 */
export async function baseModelName({ id, path, entry, hub }: ChosenModel): Promise<string> {
  if (entry || !hub) {
    return entry?.baseModel ?? id;
  }
  const { metadata } = path.endsWith('.gguf') ? await readGgufHeader(path) : { metadata: undefined };
  const url = metadata?.get('general.base_model.0.repo_url');
  const [owner, name] = typeof url === 'string' ? url.replace(/\/$/, '').split('/').slice(-2) : [];
  return owner && name ? `${owner}/${name}` : hub.repo.replace(/-GGUF$/, '');
}
