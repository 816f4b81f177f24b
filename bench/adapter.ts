import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import * as z from 'zod';
import { cacheDir } from '../src/base/cache-dir.ts';
import { BoundaryError } from '../src/base/errors.ts';
import { benchmarkOf, loadBenchmark } from '../src/benchmarks/registry.ts';
import type { Config } from '../src/config/tables.ts';
import { firstPrompt } from '../src/domains/domain.ts';
import { openDomain } from '../src/domains/registry.ts';
import { loadPolicy, type PolicyObserver } from '../src/engine/policy.ts';
import { findPolicy } from '../src/engine/policy-source.ts';
import { writeGgufAdapter } from '../src/model/formats/gguf-adapter.ts';
import { openModel } from '../src/model/open.ts';
import type { Completion } from '../src/protocol/runtime.ts';
import { readCheckpoint } from '../src/runtime/training/checkpoint.ts';
import { peersDir } from './peers/folder.ts';
import { startLlama } from './peers/llama.ts';
import { idleTools, type BenchArguments } from './policy.ts';

const continuations = 32;
const contextTokens = 1024;

const Completed = z.object({ tokenIds: z.array(z.number()) });

/** Of the greedy continuations of the same prompts, how many are the same text. */
export interface AdapterBench {
  model: string;
  release: string;
  continuations: number;
  /** Longest continuation, tokens. */
  newTokens: number;
  /** This program and llama.cpp, both with the adapter. */
  equal: number;
  /** Both without it: what differs there is not the adapter's. */
  equalWithoutAdapter: number;
  /** This program with and without the adapter: what the adapter leaves as it was. */
  unchanged: number;
}

/** `selfq bench adapter`: whether llama.cpp with an exported adapter says what this program says with it. */
export async function adapterTarget(
  args: BenchArguments,
  observer: PolicyObserver,
): Promise<{ figures: AdapterBench; lines: string[] }> {
  const { config, adapter } = findPolicy(args.text('adapter'), {});
  if (adapter === undefined) {
    throw new BoundaryError('usage', 'Which adapter?', 'Give --adapter RUN, the folder of a run or of a checkpoint.');
  }
  const newTokens = args.integer('new-tokens', 1) ?? 32;
  const own = await completeHere(config, adapter, newTokens, observer);
  const bare = await completeHere(config, undefined, newTokens, observer);
  const file = await exportBeside(own.path, adapter);
  const { peer, release } = await startLlama(args, { model: own.path, threads: config.threads, adapter: file });
  try {
    const complete = async ({ promptTokenIds, tokenIds }: Completion, work: 'full' | 'bare'): Promise<boolean> => {
      const request = { op: 'complete', prompt: promptTokenIds, newTokens: tokenIds.length, work };
      return isDeepStrictEqual((await peer.ask(request, Completed)).tokenIds, tokenIds);
    };
    const figures: AdapterBench = {
      ...{ model: config.model, release, continuations: own.completions.length, newTokens },
      equal: await countAsync(own.completions, (completion) => complete(completion, 'full')),
      equalWithoutAdapter: await countAsync(bare.completions, (completion) => complete(completion, 'bare')),
      unchanged: own.completions.filter(({ text }, index) => text === bare.completions[index]?.text).length,
    };
    return { figures, lines: describe(figures) };
  } finally {
    peer.kill();
  }
}

/** Greedy answers, with the exact weights, to the first questions of the domain's benchmark. */
async function completeHere(
  config: Config,
  adapter: string | undefined,
  maxTokens: number,
  observer: PolicyObserver,
): Promise<{ path: string; completions: Completion[] }> {
  const domain = await openDomain(config, idleTools);
  const { questions } = await loadBenchmark(benchmarkOf(config.domain)?.name ?? '', domain, { limit: continuations });
  const policy = await loadPolicy({ config, adapter, contextTokens, observer });
  try {
    const requests = questions.map((question) => {
      const prompt = firstPrompt(domain, question);
      return { prompt, samples: 1, maxTokens, temperature: 0, stop: domain.solver.stop, seed: 0 };
    });
    return { path: policy.model.path, completions: (await policy.generate(requests)).flat() };
  } finally {
    await policy.close();
  }
}

async function exportBeside(modelPath: string, checkpoint: string): Promise<string> {
  const model = await openModel(modelPath, { cacheDir: cacheDir() });
  try {
    const { adapter } = await readCheckpoint(checkpoint, model.config);
    const folder = join(peersDir(), 'models');
    mkdirSync(folder, { recursive: true });
    const file = join(folder, 'adapter-under-test.gguf');
    writeGgufAdapter(file, model.config, adapter);
    return file;
  } finally {
    await model.close();
  }
}

async function countAsync<T>(values: readonly T[], test: (value: T) => Promise<boolean>): Promise<number> {
  let count = 0;
  for (const value of values) {
    count += (await test(value)) ? 1 : 0;
  }
  return count;
}

function describe(figures: AdapterBench): string[] {
  const { model, release, continuations: total, newTokens, equal, equalWithoutAdapter, unchanged } = figures;
  return [
    `${model}, llama.cpp ${release}, ${total} greedy continuations of at most ${newTokens} tokens`,
    `the same with the adapter     ${equal} of ${total}`,
    `the same without it           ${equalWithoutAdapter} of ${total}`,
    `what the adapter left as is   ${unchanged} of ${total}`,
  ];
}
