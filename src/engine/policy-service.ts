import { statSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { cacheDir } from '../base/cache-dir.ts';
import { BoundaryError } from '../base/errors.ts';
import type { Config } from '../config/tables.ts';
import { assertExpected } from '../model/installed.ts';
import type { Completion, GenerateRequest } from '../protocol/runtime.ts';
import { readRun } from '../run/folder.ts';
import type { RuntimeProcess } from '../runtime/process/client.ts';
import { fillInMiddleTokens } from '../serve/fill-in-middle.ts';
import type { CompletionHooks, PolicyService, ServedModel } from '../serve/service.ts';
import { loadRequestOf } from './load-request.ts';
import { assertMemory } from './memory.ts';
import { fetchedModel, startRuntime, type PolicyObserver } from './policy.ts';
import { findPolicy, runBehind } from './policy-source.ts';

/** What is served. */
export interface PolicyServiceOptions {
  /** Model, device, threads, slots and precision. */
  config: Config;
  /** Folders of runs, checkpoints or adapters, all of this model. */
  adapters: readonly string[];
  /** Longest prompt plus completion, tokens, at most the model's context. Default: 4096, or that of the model. */
  contextTokens?: number;
  /** Without a request for so long, the model's memory is given back until the next one, milliseconds; 0 = never. */
  idleMs: number;
  observer: PolicyObserver;
}

const usualContextTokens = 4096;

/** A service that has to be ended. */
export interface ClosablePolicyService extends PolicyService {
  close(): Promise<void>;
}

interface NamedAdapter {
  id: string;
  dir: string;
  created: number;
  description: string;
}

/**
 * A model and its adapters in a runtime process that is started when somebody asks, and again when it died. It is loaded
 * once here, so that what is wrong is said before anybody is served. Throws BoundaryError as `loadPolicy` does, 'usage' for
 * an adapter of another model, for two of one name and for a context that the model does not have.
 */
export async function createPolicyService(options: PolicyServiceOptions): Promise<ClosablePolicyService> {
  const { config, contextTokens = usualContextTokens, idleMs, observer } = options;
  const model = await fetchedModel(config.model, observer);
  const adapters = nameAdapters(options.adapters);
  const advice = await assertMemory(model.path, config, 'generation');
  if (advice.verdict !== 'fits') {
    observer.onMemory(advice);
  }
  const request = { ...loadRequestOf(config, { modelPath: model.path, cacheDir: cacheDir() }), contextTokens };
  let hasContext = contextTokens;

  const load = async (): Promise<RuntimeProcess> => {
    const { runtime, loaded } = await startRuntime(request, observer);
    try {
      hasContext = Math.min(contextTokens, loaded.contextTokens);
      assertExpected(model, loaded.modelHash);
      assertContext(options.contextTokens, loaded.contextTokens);
      for (const { id, dir } of adapters) {
        assertBase(dir, loaded.modelHash);
        await runtime.call('addAdapter', { name: id, dir });
      }
      return runtime;
    } catch (error) {
      await runtime.close();
      throw error;
    }
  };

  const first = await load();
  const counts = await first.call('countTokens', {
    prompts: ['', ...fillInMiddleTokens].map((text) => ({ text })),
  });
  const [around = 0, ...marks] = counts;
  let loading: Promise<RuntimeProcess> | undefined = Promise.resolve(first);
  let current: RuntimeProcess | undefined = first;
  let busy = 0;
  let idle: NodeJS.Timeout | undefined;

  const unload = async (): Promise<void> => {
    const runtime = current;
    loading = current = undefined;
    await runtime?.close();
  };
  const runtime = async (): Promise<RuntimeProcess> => {
    if (current && !current.alive) {
      loading = current = undefined;
    }
    loading ??= load().then(
      (started) => (current = started),
      (error: unknown) => {
        loading = undefined;
        throw error;
      },
    );
    return loading;
  };
  const inUse = async <Result>(work: (process: RuntimeProcess) => Promise<Result>): Promise<Result> => {
    clearTimeout(idle);
    busy++;
    try {
      return await work(await runtime());
    } finally {
      busy--;
      if (busy === 0 && idleMs > 0) {
        idle = setTimeout(() => void unload(), idleMs).unref();
      }
    }
  };
  const models: ServedModel[] = [
    { id: model.id, created: createdOf(model.path), description: 'the base model' },
    ...adapters.map(({ id, created, description }) => ({ id, created, description })),
  ];
  return {
    models,
    fillsInMiddle: marks.every((count) => count === around + 1),
    contextTokens: hasContext,
    complete: (name, wanted, hooks) =>
      inUse((process) => ask(process, name === model.id ? undefined : name, wanted, hooks)),
    countTokens: (prompt) =>
      inUse(async (process) => {
        const [count = 0] = await process.call('countTokens', { prompts: [prompt] });
        return count;
      }),
    async close() {
      clearTimeout(idle);
      await unload();
    },
  };
}

async function ask(
  runtime: RuntimeProcess,
  adapter: string | undefined,
  request: GenerateRequest,
  { onText, signal }: CompletionHooks,
): Promise<Completion[]> {
  const [completions = []] = await runtime.call(
    'complete',
    { requests: [request], adapter },
    {
      signal,
      onProgress(progress) {
        if (progress.stage === 'text') {
          onText(progress.sample, progress.text, progress.tokens);
        }
      },
    },
  );
  return completions;
}

/** A run's adapter bears the name of the run, any other that of its folder. */
function nameAdapters(folders: readonly string[]): NamedAdapter[] {
  const adapters = folders.map((folder) => {
    const { adapter = resolve(folder), step } = findPolicy(folder, {});
    const id = basename(resolve(folder));
    const description = step === 0 ? 'an adapter' : `after ${step} steps of self-play`;
    return { id, dir: adapter, created: createdOf(adapter), description };
  });
  const twice = adapters.find(({ id }, index) => adapters.findIndex((other) => other.id === id) !== index);
  if (twice) {
    throw new BoundaryError(
      'usage',
      `Two adapters have the name ${twice.id}.`,
      'Rename one of their folders: clients tell them apart by it.',
    );
  }
  return adapters;
}

/** Throws BoundaryError('usage') where the run of the adapter was begun with another model. */
function assertBase(dir: string, modelHash: string): void {
  const folder = runBehind(dir);
  const run = folder === undefined ? undefined : readRun(folder);
  if (run && run.model.hash !== modelHash) {
    throw new BoundaryError(
      'usage',
      `The adapter ${dir} belongs to ${run.model.id}, not to the model that is served.`,
      `Serve it with --model ${run.model.id}.`,
    );
  }
}

/** Throws BoundaryError('usage') where more context was asked for than the model has. */
function assertContext(wanted: number | undefined, has: number): void {
  if (wanted !== undefined && wanted > has) {
    throw new BoundaryError(
      'usage',
      `The model has a context of ${has} tokens, and ${wanted} were asked for.`,
      `Give --context ${has} or less.`,
    );
  }
}

/** Unix time, seconds; 0 where the file cannot be looked at. */
function createdOf(path: string): number {
  const stats = statSync(path, { throwIfNoEntry: false });
  return Math.floor((stats?.mtimeMs ?? 0) / 1000);
}
