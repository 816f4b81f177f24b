import { HubApiError, fileDownloadInfo, listFiles, modelInfo } from '@huggingface/hub';
import { open, type FileHandle } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDiskFull } from '../../base/files.ts';
import { BoundaryError } from '../../base/errors.ts';
import { fileSize } from '../../base/file-size.ts';
import { hubUrl } from '../../base/hub-url.ts';
import { reasonOf, SourceError, type FetchContext } from './sources.ts';

/** Where and how patiently the hub is asked. */
export interface HubSettings {
  url: string;
  accessToken?: string | undefined;
  /** Until the hub answers, milliseconds; short, so that a closed network costs seconds. */
  connectMs: number;
  /** Without a byte, milliseconds. */
  stallMs: number;
  /** Pauses before new attempts, milliseconds; starts again after progress. */
  retryMs: readonly number[];
}

/** The settings that Hugging Face's own tools take from the environment, with our patience. */
export function hubSettings(env: Readonly<Record<string, string | undefined>> = process.env): HubSettings {
  return {
    url: hubUrl(env),
    accessToken: env['HF_TOKEN'],
    connectMs: 8_000,
    stallMs: 30_000,
    retryMs: [1_000, 3_000, 10_000],
  };
}

/**
 * Completes `context.partPath` from the hub and returns the checksum that the hub states for the file, if any.
 * Throws SourceError when the hub cannot be reached, has another file than `sha256`, or breaks off for good.
 */
export async function fetchFromHub(
  file: { repo: string; path: string; revision: string },
  sha256: string | undefined,
  settings: HubSettings,
  context: FetchContext,
): Promise<string | undefined> {
  const info = await ask(file, settings, context.signal);
  const stated = /^"?([0-9a-f]{64})"?$/.exec(info.etag)?.[1];
  if (sha256 !== undefined && stated !== undefined && stated !== sha256) {
    throw new SourceError(`${file.repo} on the hub holds another version of the file`);
  }
  let pauses = [...settings.retryMs];
  for (;;) {
    const before = (await fileSize(context.partPath)) ?? 0;
    try {
      await appendRest(info.url, info.size, settings, context);
      return stated;
    } catch (error) {
      context.signal?.throwIfAborted();
      if (isDiskFull(error)) {
        throw error;
      }
      if (((await fileSize(context.partPath)) ?? 0) > before) {
        pauses = [...settings.retryMs];
      }
      const pause = pauses.shift();
      if (pause === undefined) {
        throw new SourceError(`the hub broke off: ${reasonOf(error)}`, { cause: error });
      }
      await sleep(pause, undefined, context.signal ? { signal: context.signal } : {});
    }
  }
}

/** A file of a repository, with the checksum that the hub keeps: sha256 of large files, git's of small ones. */
export interface HubFile {
  path: string;
  bytes: number;
  digest: { kind: 'sha256' | 'git'; hex: string };
}

/** What a repository of the hub holds at one revision. */
export interface HubRepo {
  /** Of the revision that was asked for, hex. */
  commit: string;
  /** As its authors state it. */
  licence: string | undefined;
  files: readonly HubFile[];
}

/**
 * What a model repository holds now. Throws BoundaryError('model') when there is none of that name that may be read,
 * SourceError when the hub cannot be reached.
 */
export async function describeRepo(
  repo: string,
  settings: HubSettings,
  signal: AbortSignal | undefined,
): Promise<HubRepo> {
  const access = {
    hubUrl: settings.url,
    fetch: timedFetch(settings, signal),
    ...(settings.accessToken === undefined ? {} : { accessToken: settings.accessToken }),
  };
  try {
    const info = await modelInfo({ name: repo, revision: 'main', additionalFields: ['sha', 'cardData'], ...access });
    const files: HubFile[] = [];
    for await (const { type, path, size, oid, lfs } of listFiles({
      repo,
      revision: info.sha,
      recursive: true,
      ...access,
    })) {
      if (type === 'file' && (lfs ?? oid) !== undefined) {
        const digest = lfs ? { kind: 'sha256' as const, hex: lfs.oid } : { kind: 'git' as const, hex: oid ?? '' };
        files.push({ path, bytes: lfs?.size ?? size, digest });
      }
    }
    const licence = info.cardData?.license;
    return { commit: info.sha, licence: Array.isArray(licence) ? licence.join(', ') : licence, files };
  } catch (error) {
    signal?.throwIfAborted();
    // The hub answers 401 for a name that does not exist, so as not to tell which private ones do.
    if (error instanceof HubApiError && [401, 403, 404].includes(error.statusCode)) {
      throw new BoundaryError(
        'model',
        `The hub has no model ${repo} that may be read without more rights.`,
        'Check the name (ORG/NAME). Where its authors ask for it, accept its terms on the hub and set HF_TOKEN.',
        { cause: error },
      );
    }
    throw new SourceError(`the hub was not reached (${reasonOf(error)})`, { cause: error });
  }
}

/** Gives up on each request after `connectMs`. */
function timedFetch({ connectMs }: HubSettings, signal: AbortSignal | undefined): typeof fetch {
  return (input, init) => {
    const patience = AbortSignal.timeout(connectMs);
    return fetch(input, { ...init, signal: signal ? AbortSignal.any([signal, patience]) : patience });
  };
}

async function ask(
  file: { repo: string; path: string; revision: string },
  settings: HubSettings,
  signal: AbortSignal | undefined,
): Promise<{ url: string; size: number; etag: string }> {
  try {
    const info = await fileDownloadInfo({
      repo: file.repo,
      path: file.path,
      revision: file.revision,
      hubUrl: settings.url,
      fetch: timedFetch(settings, signal),
      ...(settings.accessToken === undefined ? {} : { accessToken: settings.accessToken }),
    });
    if (info !== null) {
      return info;
    }
  } catch (error) {
    signal?.throwIfAborted();
    throw new SourceError(`the hub was not reached (${reasonOf(error)})`, { cause: error });
  }
  throw new SourceError(`${file.repo} on the hub has no file ${file.path}`);
}

/** Asks for the bytes that `partPath` lacks and appends them. A server that ignores ranges sends it from the start. */
async function appendRest(url: string, total: number, settings: HubSettings, context: FetchContext): Promise<void> {
  const have = (await fileSize(context.partPath)) ?? 0;
  if (have === total) {
    return;
  }
  const start = have < total ? have : 0;
  const stall = new AbortController();
  const signal = context.signal ? AbortSignal.any([context.signal, stall.signal]) : stall.signal;
  const timer = setTimeout(() => stall.abort(new Error(`no byte for ${settings.stallMs / 1000} s`)), settings.stallMs);
  try {
    const response = await fetch(url, {
      signal,
      headers: {
        range: `bytes=${start}-`,
        ...(settings.accessToken === undefined ? {} : { authorization: `Bearer ${settings.accessToken}` }),
      },
    });
    if (!response.ok || response.body === null) {
      throw new Error(`status ${response.status}`);
    }
    const file = await open(context.partPath, 'a');
    try {
      await append(response.body, file, response.status === 206 ? start : 0, total, context, () => timer.refresh());
    } finally {
      await file.close();
    }
  } finally {
    clearTimeout(timer);
  }
}

async function append(
  body: ReadableStream<Uint8Array>,
  file: FileHandle,
  start: number,
  total: number,
  context: FetchContext,
  alive: () => void,
): Promise<void> {
  await file.truncate(start);
  let done = start;
  for await (const chunk of body) {
    alive();
    await file.appendFile(chunk);
    done += chunk.byteLength;
    context.onBytes(done, total);
  }
  if (done !== total) {
    throw new Error(`ended after ${done} of ${total} bytes`);
  }
}
