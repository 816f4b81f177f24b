import { resolve } from 'node:path';
import { BoundaryError } from '../base/errors.ts';
import { tryFunction } from '../domains/workspace/trial.ts';
import type { Candidate, FileCounts, RejectedFunction, Seed, SeedReport } from '../protocol/seed.ts';
import type { Sandbox } from '../sandbox/sandbox.ts';
import { scanFolder } from '../workspace/client.ts';

/** What is searched for seeds. */
export interface SeedSearch {
  folder: string;
  exclude: readonly string[];
  sandbox: Sandbox;
  /** How far it is. */
  onProgress?: ((progress: SeedProgress) => void) | undefined;
  signal?: AbortSignal | undefined;
}

/** Reading files, then trying functions. */
export interface SeedProgress {
  stage: 'reading' | 'trying';
  done: number;
  total: number;
  /** Functions found, or seeds so far. */
  found: number;
}

/** Most seconds for reading a folder, and for trying its functions. */
const readingSeconds = 60;
const tryingSeconds = 120;
/** Functions that are tried at once: the sandbox has its own queue. */
const atOnce = 8;

/** The functions of a folder that a run can be about. Throws as `scanFolder`. */
export async function findSeeds({ folder, exclude, sandbox, onProgress, signal }: SeedSearch): Promise<SeedReport> {
  const started = performance.now();
  const rejected: RejectedFunction[] = [];
  const candidates: Candidate[] = [];
  let files: FileCounts = { listed: 0, read: 0, skipped: {}, byGit: false };
  const options = { folder: resolve(folder), exclude, seconds: readingSeconds };
  for await (const message of scanFolder(options, signal)) {
    if (message.type === 'progress') {
      onProgress?.({ stage: 'reading', done: message.done, total: message.total, found: message.functions });
    } else if (message.type === 'candidate') {
      candidates.push(message.candidate);
    } else if (message.type === 'rejected') {
      rejected.push(message.rejected);
    } else if (message.type === 'end') {
      files = message.files;
    }
  }
  const tried = await tryAll(withoutRepeated(candidates, rejected), { sandbox, onProgress, signal });
  rejected.push(...tried.rejected);
  const seeds = withoutTwins(tried.seeds, rejected);
  const seconds = (performance.now() - started) / 1000;
  return { folder: options.folder, files, seeds, rejected: rejected.sort(byPlace), seconds };
}

/** A function that stands in several files counts once, by the first path. */
function withoutRepeated(candidates: readonly Candidate[], rejected: RejectedFunction[]): Candidate[] {
  const seen = new Map<string, Candidate>();
  for (const candidate of [...candidates].sort(byPlace)) {
    const earlier = seen.get(candidate.source);
    if (earlier) {
      rejected.push(repeated(candidate, earlier));
    } else {
      seen.set(candidate.source, candidate);
    }
  }
  // In the order in which they were read, so that a search that is cut off has tried a fair sample.
  const first = new Set(seen.values());
  return candidates.filter((candidate) => first.has(candidate));
}

/** Functions that do the same on every probe count once, by the first path. */
function withoutTwins(seeds: readonly Seed[], rejected: RejectedFunction[]): Seed[] {
  const seen = new Map<string, Seed>();
  return [...seeds].sort(byPlace).filter((seed) => {
    const earlier = seed.behaviour === undefined ? undefined : seen.get(seed.behaviour);
    if (earlier) {
      rejected.push(repeated(seed, earlier));
    } else if (seed.behaviour !== undefined) {
      seen.set(seed.behaviour, seed);
    }
    return !earlier;
  });
}

function repeated({ file, line, name }: Candidate | Seed, earlier: Candidate | Seed): RejectedFunction {
  return { file, line, name, reason: 'repeated', detail: `It does what ${earlier.name} of ${earlier.file} does.` };
}

type Place = Pick<Seed, 'file' | 'line'>;

function byPlace(a: Place, b: Place): number {
  return a.file === b.file ? a.line - b.line : a.file < b.file ? -1 : 1;
}

async function tryAll(
  candidates: readonly Candidate[],
  { sandbox, onProgress, signal }: Pick<SeedSearch, 'sandbox' | 'onProgress' | 'signal'>,
): Promise<{ seeds: Seed[]; rejected: RejectedFunction[] }> {
  const deadline = performance.now() + 1000 * tryingSeconds;
  const seeds: Seed[] = [];
  const rejected: RejectedFunction[] = [];
  const waiting = [...candidates].reverse();
  const work = async (): Promise<void> => {
    for (let candidate = waiting.pop(); candidate; candidate = waiting.pop()) {
      if (signal?.aborted) {
        throw new BoundaryError('interrupted', 'The search was cancelled.', '');
      }
      const { file, line, name } = candidate;
      const result: Seed | RejectedFunction =
        performance.now() < deadline
          ? await tryFunction(candidate, sandbox)
          : { file, line, name, reason: 'not_tried', detail: `The search had ${tryingSeconds} seconds.` };
      if ('reason' in result) {
        rejected.push(result);
      } else {
        seeds.push(result);
      }
      const done = seeds.length + rejected.length;
      onProgress?.({ stage: 'trying', done, total: candidates.length, found: seeds.length });
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return { seeds, rejected };
}
