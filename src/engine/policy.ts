import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { cacheDir } from '../base/cache-dir.ts';
import { BoundaryError } from '../base/errors.ts';
import type { Config } from '../config/tables.ts';
import { ensureModel } from '../model/ensure.ts';
import type { PullProgress } from '../model/fetch/download.ts';
import { assertExpected, type ChosenModel, chooseModel } from '../model/installed.ts';
import type { Completion, GenerateRequest, Progress } from '../protocol/runtime.ts';
import type { LoadReply, LoadRequest, RuntimeCalls } from '../runtime/process/calls.ts';
import { RuntimeProcess } from '../runtime/process/client.ts';
import { isFullCheckpoint } from '../runtime/training/full-checkpoint.ts';
import type { Policy } from '../selfplay/context.ts';
import { loadRequestOf } from './load-request.ts';
import { assertMemory, type MemoryAdvice } from './memory.ts';

/** Told what happens while a policy is loaded and used, so that somebody can show it. */
export interface PolicyObserver {
  /** The model is being fetched. */
  onFetch(model: ChosenModel, progress: PullProgress): void;
  /** Memory is short; not called where the model fits. */
  onMemory(advice: MemoryAdvice): void;
  /** A call of the runtime begins. */
  onCall(name: keyof RuntimeCalls): void;
  /** Of the call that began last. */
  onProgress(progress: Progress): void;
}

/** Which policy is loaded, and with which settings. */
export interface PolicyOptions {
  /** Which model, on which device, in which precision. */
  config: Config;
  /** Folder of an adapter or a checkpoint; without it the policy is the model alone. */
  adapter?: string | undefined;
  /** Longest prompt plus completion, tokens. Default: that of a run. */
  contextTokens?: number;
  observer: PolicyObserver;
  /** Ends whatever is in progress; the policy is of no use any more. */
  signal?: AbortSignal;
}

/** A model in a runtime process, with an adapter where one was given. */
export interface LoadedPolicy extends Pick<Policy, 'generate' | 'countTokens'> {
  readonly model: ChosenModel;
  readonly modelHash: string;
  /** What it computes in, with the reason where `config` says otherwise. */
  readonly precisions: LoadReply['precisions'];
  /**
   * Like `generate`, in the precision of evaluations. `onProgress` is told how far it is in place of the observer, who
   * hears of loading alone.
   */
  evaluated(requests: GenerateRequest[], onProgress: (progress: Progress) => void): Promise<Completion[][]>;
  /** Logprobs of given completions, nats, as training computes them. */
  logprobs(sequences: RuntimeCalls['logprobs'][0]['sequences']): Promise<number[][]>;
  /** Ends the process. */
  close(): Promise<void>;
}

/**
 * Chooses and fetches the model, checks the memory, starts a runtime process and loads model and adapter. Whoever calls
 * it closes what it returns. Throws BoundaryError of whatever is missing.
 */
export async function loadPolicy(options: PolicyOptions): Promise<LoadedPolicy> {
  const { adapter, observer, signal } = options;
  if (adapter !== undefined) {
    assertAdapter(adapter);
  }
  const model = await fetchedModel(options.config.model, observer, signal);
  // The weights of a full checkpoint are read with it: those of the model need not be held for training as well.
  const config: Config = { ...options.config, trainedWeights: 'lora' };
  const advice = await assertMemory(model.path, config, 'generation');
  if (advice.verdict !== 'fits') {
    observer.onMemory(advice);
  }
  const request = loadRequestOf(config, { modelPath: model.path, cacheDir: cacheDir() });
  const { contextTokens = request.contextTokens } = options;
  observer.onCall('load');
  const { runtime, loaded } = await startRuntime({ ...request, contextTokens }, observer, signal);
  const call = <Name extends keyof RuntimeCalls>(name: Name, argument: RuntimeCalls[Name][0]) => {
    observer.onCall(name);
    return runtime.call(name, argument, { onProgress: observer.onProgress });
  };
  try {
    assertExpected(model, loaded.modelHash);
    if (adapter !== undefined) {
      await call('loadCheckpoint', { dir: adapter });
    }
  } catch (error) {
    await runtime.close();
    throw error;
  }
  const trained = adapter !== undefined;
  return {
    model,
    modelHash: loaded.modelHash,
    precisions: loaded.precisions,
    generate: (requests) => call('generate', { requests, adapter: trained }),
    evaluated: (requests, onProgress) =>
      runtime.call(
        'generate',
        { requests, adapter: trained, evaluation: true },
        { onProgress: (progress) => (progress.stage === 'load' ? observer.onProgress : onProgress)(progress) },
      ),
    countTokens: (prompts) => call('countTokens', { prompts }),
    logprobs: (sequences) => call('logprobs', { sequences, adapter: trained }),
    close: () => runtime.close(),
  };
}

/** The model that `name` means, fetched where it is not here. */
export async function fetchedModel(
  name: string,
  { onFetch }: Pick<PolicyObserver, 'onFetch'>,
  signal?: AbortSignal,
): Promise<ChosenModel> {
  const model = chooseModel(name, cacheDir());
  const onProgress = (progress: PullProgress): void => onFetch(model, progress);
  await ensureModel(model, { cacheDir: cacheDir(), onProgress, ...(signal && { signal }) });
  return model;
}

/** A runtime process that has loaded a model; `signal` kills it. Throws what `load` throws, and leaves nothing running. */
export async function startRuntime(
  request: LoadRequest,
  { onProgress }: Partial<Pick<PolicyObserver, 'onProgress'>> = {},
  signal?: AbortSignal,
): Promise<{ runtime: RuntimeProcess; loaded: LoadReply }> {
  if (signal?.aborted) {
    throw new BoundaryError('interrupted', 'The model was not loaded: it was interrupted.', 'Start it again.');
  }
  const runtime = new RuntimeProcess();
  signal?.addEventListener('abort', () => runtime.kill(), { once: true });
  try {
    return { runtime, loaded: await runtime.call('load', request, { onProgress }) };
  } catch (error) {
    await runtime.close();
    throw error;
  }
}

/** The files of a folder that hold what was trained. */
export function trainedFiles(dir: string): string[] {
  return ['adapter_model.safetensors', 'weights.safetensors'].map((name) => join(dir, name)).filter(existsSync);
}

function assertAdapter(dir: string): void {
  if (!existsSync(join(dir, 'adapter_model.safetensors')) && !isFullCheckpoint(dir)) {
    throw new BoundaryError(
      'usage',
      `${dir} is not the folder of an adapter.`,
      'Give a folder with adapter_model.safetensors: a run, one of its checkpoints, or what `selfq export --format peft` wrote.',
    );
  }
}
