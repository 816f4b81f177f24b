import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as z from 'zod';
import { makeFolder } from '../../base/make-folder.ts';
import { BoundaryError } from '../../base/errors.ts';
import { modelsDir } from '../../base/cache-dir.ts';
import type { PullOptions } from './download.ts';
import { fileHash } from '../../base/file-hash.ts';
import { fileSize } from '../../base/file-size.ts';
import { readHuggingFaceConfig } from '../formats/hf.ts';
import type { HubName } from './hub-name.ts';
import { describeRepo, fetchFromHub, hubSettings, type HubFile, type HubRepo } from './hub.ts';
import { assertSpace, toPullFault } from './pull-faults.ts';
import { withPullLock } from './pull-lock.ts';
import { SourceError } from './sources.ts';

/** Beside the files that were fetched: where they come from, written when they are whole. */
const manifestName = 'source.json';

const Manifest = z.object({
  repo: z.string(),
  commit: z.string(),
  licence: z.string().optional(),
  files: z.record(
    z.string(),
    z.object({ bytes: z.number().int(), digest: z.object({ kind: z.enum(['sha256', 'git']), hex: z.string() }) }),
  ),
});
type Manifest = z.infer<typeof Manifest>;

/** Files of a repository that make up a model folder. */
const folderFile =
  /^(config|generation_config|tokenizer|tokenizer_config|special_tokens_map|added_tokens|vocab|model\.safetensors\.index)\.json$|^merges\.txt$|^chat_template\.jinja$|^LICEN[CS]E[\w.-]*$|^model[\w.-]*\.safetensors$/;

/** Where the folder or the GGUF file lies or will lie. */
export function hubModelPath({ repo, file = '' }: HubName, cacheDir: string): string {
  return join(modelsDir(cacheDir), ...repo.split('/'), file);
}

/** What is here, by sizes alone; in the terms of `ModelStatus`. */
export async function hubStatus(
  name: HubName,
  path: string,
): Promise<{ state: 'absent' | 'partial' | 'ready' | 'wrong'; bytes: number; problem?: string }> {
  const folder = folderOf(name, path);
  const own = ownFiles(name, await readManifest(folder));
  if (own.length === 0) {
    const parts = await readdir(folder, { recursive: true }).catch(() => []);
    return { state: parts.some((entry) => entry.endsWith('.part')) ? 'partial' : 'absent', bytes: 0 };
  }
  let bytes = 0;
  for (const [file, expected] of own) {
    const size = await fileSize(join(folder, file));
    if (size !== expected.bytes) {
      const problem =
        size === undefined ? `${file} is missing.` : `${file} has ${size} bytes instead of ${expected.bytes}.`;
      return { state: 'wrong', bytes, problem };
    }
    bytes += size;
  }
  return { state: 'ready', bytes };
}

/** Reads the files through; says what is wrong in one sentence. */
export async function verifyHubModel(name: HubName, path: string): Promise<string | undefined> {
  const folder = folderOf(name, path);
  for (const [file, { digest }] of ownFiles(name, await readManifest(folder))) {
    const actual = await digestOf(join(folder, file), digest.kind);
    if (actual !== digest.hex) {
      return `The checksum of ${file} is ${actual} instead of ${digest.hex}.`;
    }
  }
  return undefined;
}

/** Names of the models that were fetched from the hub, with their licence. */
export async function listHubModels(cacheDir: string): Promise<{ id: string; licence: string | undefined }[]> {
  const root = modelsDir(cacheDir);
  const models: { id: string; licence: string | undefined }[] = [];
  for (const owner of await subfolders(root)) {
    for (const repo of await subfolders(join(root, owner))) {
      const manifest = await readManifest(join(root, owner, repo));
      const files = Object.keys(manifest?.files ?? {});
      const ggufs = files.filter((file) => file.endsWith('.gguf'));
      const names = [...(files.includes('config.json') ? [''] : []), ...ggufs.map((file) => `/${file}`)];
      models.push(...names.map((rest) => ({ id: `${owner}/${repo}${rest}`, licence: manifest?.licence })));
    }
  }
  return models;
}

/**
 * Makes sure that a model of the hub lies whole in the cache: the folder of its safetensors checkpoint, or the named
 * GGUF file. Each file is checked against the hub's checksum; an interrupted download continues where it stopped.
 * Throws BoundaryError as `pullModel` does.
 */
export async function pullHubModel(name: HubName, options: PullOptions): Promise<{ path: string; bytes: number }> {
  const path = hubModelPath(name, options.cacheDir);
  const folder = folderOf(name, path);
  const id = name.file === undefined ? name.repo : `${name.repo}/${name.file}`;
  const thing = { title: id, name: id, target: join(folder, manifestName) };
  try {
    await makeFolder(folder);
    await withPullLock(
      `${folder}.lock`,
      { signal: options.signal, onWait: () => options.onProgress?.({ stage: 'wait', source: 'another process' }) },
      () => pull(name, path, options),
    );
    return { path, bytes: (await hubStatus(name, path)).bytes };
  } catch (error) {
    if (error instanceof SourceError) {
      const remedy = `Check the network and run \`selfq models pull ${id}\` again (it continues where it stopped).`;
      throw new BoundaryError('model', `${id} could not be fetched: ${error.message}.`, remedy, { cause: error });
    }
    throw toPullFault(error, thing, options.signal?.aborted === true);
  }
}

async function pull(name: HubName, path: string, options: PullOptions): Promise<void> {
  if ((await hubStatus(name, path)).state === 'ready') {
    return;
  }
  const source = 'Hugging Face hub';
  options.onProgress?.({ stage: 'try', source });
  const folder = folderOf(name, path);
  const settings = options.hub ?? hubSettings();
  const repo = await describeRepo(name.repo, settings, options.signal);
  const files = chooseFiles(name, repo);
  const total = files.reduce((sum, { bytes }) => sum + bytes, 0);
  await assertSpace(folder, total - (await bytesHere(folder, files)));
  let before = 0;
  for (const file of files) {
    const onBytes = (done: number): void =>
      options.onProgress?.({ stage: 'download', source, done: before + done, total });
    await fetchFile(name.repo, repo.commit, file, folder, { ...options, hub: settings }, onBytes);
    before += file.bytes;
    if (file.path === 'config.json') {
      // An architecture that cannot be run is refused before its gigabytes are fetched.
      await readHuggingFaceConfig(folder);
    }
  }
  options.onProgress?.({ stage: 'verify', source });
  await addToManifest(folder, name.repo, repo, files);
}

/** The files that are wanted, small ones first. Throws BoundaryError: 'usage' when the name must say more. */
function chooseFiles({ repo, file }: HubName, { files }: HubRepo): HubFile[] {
  const ggufs = files.filter(({ path }) => path.endsWith('.gguf'));
  if (file !== undefined) {
    const wanted = ggufs.find(({ path }) => path === file);
    if (!wanted) {
      throw new BoundaryError('usage', `${repo} on the hub has no file ${file}.`, nameOne(repo, ggufs));
    }
    if (/-\d{5}-of-\d{5}\.gguf$/.test(file)) {
      const remedy = "Take one in a single file, or join the parts with llama.cpp's `llama-gguf-split --merge`.";
      throw new BoundaryError('usage', `${file} is one part of a split model.`, remedy);
    }
    return [wanted];
  }
  const own = files.filter(({ path }) => folderFile.test(path));
  const has = (pattern: RegExp): boolean => own.some(({ path }) => pattern.test(path));
  if (has(/^config\.json$/) && has(/^tokenizer\.json$/) && has(/\.safetensors$/)) {
    return own.sort((a, b) => a.bytes - b.bytes);
  }
  throw new BoundaryError(
    'usage',
    `${repo} on the hub holds no model folder (config.json, tokenizer.json, model*.safetensors).`,
    nameOne(repo, ggufs),
  );
}

function nameOne(repo: string, ggufs: readonly HubFile[]): string {
  const single = ggufs.filter(({ path }) => !/-\d{5}-of-\d{5}\.gguf$/.test(path));
  const listed = single.slice(0, 8).map(({ path, bytes }) => `${path} (${Math.round(bytes / 1e6)} MB)`);
  return single[0]
    ? `Name one of its GGUF files, for example \`selfq models pull ${repo}/${single[0].path}\`: ${listed.join(', ')}.`
    : 'Take another repository: one with safetensors files or a GGUF file.';
}

async function fetchFile(
  repo: string,
  commit: string,
  { path, bytes, digest }: HubFile,
  folder: string,
  options: PullOptions,
  onBytes: (done: number) => void,
): Promise<void> {
  const target = join(folder, path);
  await makeFolder(dirname(target));
  if ((await fileSize(target)) === bytes && (await digestOf(target, digest.kind)) === digest.hex) {
    return;
  }
  // The part is named after its content, so that a newer version is never appended to an older one's bytes.
  const partPath = `${target}.${digest.hex.slice(0, 12)}.part`;
  const context = { partPath, bytes, signal: options.signal, onBytes };
  const sha256 = digest.kind === 'sha256' ? digest.hex : undefined;
  await fetchFromHub({ repo, path, revision: commit }, sha256, options.hub ?? hubSettings(), context);
  const actual = await digestOf(partPath, digest.kind);
  if (actual !== digest.hex) {
    await rm(partPath);
    throw new SourceError(`${path} came with a wrong checksum (${actual}, not ${digest.hex})`);
  }
  await rename(partPath, target);
}

/** sha256 of the content, or the name that git gives it: sha1 of `blob <length>\0` and the content. */
async function digestOf(path: string, kind: HubFile['digest']['kind']): Promise<string> {
  if (kind === 'sha256') {
    return fileHash(path);
  }
  const hash = createHash('sha1').update(`blob ${(await stat(path)).size}\0`);
  for await (const chunk of createReadStream(path)) {
    hash.update(chunk as Buffer);
  }
  return hash.digest('hex');
}

async function bytesHere(folder: string, files: readonly HubFile[]): Promise<number> {
  let sum = 0;
  for (const { path, digest } of files) {
    const target = join(folder, path);
    sum += (await fileSize(target)) ?? (await fileSize(`${target}.${digest.hex.slice(0, 12)}.part`)) ?? 0;
  }
  return sum;
}

async function addToManifest(
  folder: string,
  repo: string,
  { commit, licence }: HubRepo,
  files: readonly HubFile[],
): Promise<void> {
  const earlier = await readManifest(folder);
  const own = Object.fromEntries(files.map(({ path, bytes, digest }) => [path, { bytes, digest }]));
  const manifest: Manifest = {
    repo,
    commit,
    ...(licence !== undefined && { licence }),
    files: { ...earlier?.files, ...own },
  };
  const path = join(folder, manifestName);
  await writeFile(`${path}.tmp`, `${JSON.stringify(manifest, null, 2)}\n`, { flush: true });
  await rename(`${path}.tmp`, path);
}

async function readManifest(folder: string): Promise<Manifest | undefined> {
  try {
    return Manifest.parse(JSON.parse(await readFile(join(folder, manifestName), 'utf8')));
  } catch {
    return undefined;
  }
}

/** The files of the manifest that belong to the name: the GGUF file, or all that make the folder. */
function ownFiles({ file }: HubName, manifest: Manifest | undefined): [string, Manifest['files'][string]][] {
  const entries = Object.entries(manifest?.files ?? {});
  if (file !== undefined) {
    return entries.filter(([path]) => path === file);
  }
  const own = entries.filter(([path]) => folderFile.test(path));
  return own.some(([path]) => path === 'config.json') ? own : [];
}

function folderOf({ file }: HubName, path: string): string {
  return file === undefined ? path : path.slice(0, -(file.length + 1));
}

async function subfolders(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
}
