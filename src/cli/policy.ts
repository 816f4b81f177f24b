import { existsSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { createProgressReporter } from '../engine/progress.ts';
import { cacheDir } from '../base/cache-dir.ts';
import { defaultModelId } from '../model/catalogue.ts';
import { assertExpected } from '../model/installed.ts';
import type { Completion, GenerateRequest, LoadRequest, Prompt } from '../protocol/runtime.ts';
import { RuntimeProcess } from '../runtime/process/client.ts';
import { isFullCheckpoint } from '../runtime/training/full-checkpoint.ts';
import { type Config, resolveConfig } from '../selfplay/config.ts';
import { usage } from './arguments.ts';
import { readInputJson } from './lines.ts';
import { ensureModel, warnOfMemory } from './model.ts';
import { bar, createProgressOutput } from './terminal.ts';

const AdapterConfig = z.object({ r: z.number().int(), lora_alpha: z.number() });

/** A loaded model, with an adapter where one was given. */
export interface LoadedPolicy {
  model: string;
  modelHash: string;
  generate(requests: GenerateRequest[]): Promise<Completion[][]>;
  countTokens(prompts: readonly Prompt[]): Promise<number[]>;
}

export interface PolicyOptions {
  model: string | undefined;
  /** Folder with adapter_model.safetensors and adapter_config.json, or with weights.safetensors of a checkpoint. */
  adapter: string | undefined;
  contextTokens: number;
}

/** Loads a model in a runtime process, hands it to `work` with progress on standard error, and ends the process. */
export async function withPolicy<T>(options: PolicyOptions, work: (policy: LoadedPolicy) => Promise<T>): Promise<T> {
  const { adapter } = options;
  if (adapter !== undefined) {
    assertAdapter(adapter);
  }
  const model = await ensureModel(options.model ?? defaultModelId);
  const config = resolveConfig('quick', { model: model.id });
  await warnOfMemory(model, config, 'generation');
  const output = createProgressOutput();
  const reporter = createProgressReporter((event) => {
    if (event.type === 'stage' && event.total > 0) {
      const rate = event.tokensPerSecond ? `, ${Math.round(event.tokensPerSecond)} tokens/s` : '';
      output.status(`${bar(event.done / event.total)} ${event.stage} ${event.done} of ${event.total}${rate}`);
    }
  });
  const runtime = new RuntimeProcess();
  const onSignal = (): void => runtime.kill();
  process.on('SIGINT', onSignal);
  try {
    reporter.enter(0, 'load');
    const { modelHash } = await runtime.call(
      'load',
      {
        modelPath: model.path,
        cacheDir: cacheDir(),
        device: 'cpu',
        threads: config.threads,
        slots: config.slots,
        contextTokens: options.contextTokens,
        lora: loraShape(adapter, config),
      },
      { onProgress: (progress) => reporter.progress(progress) },
    );
    assertExpected(model, modelHash);
    if (adapter !== undefined) {
      await runtime.call('loadCheckpoint', { dir: adapter });
    }
    return await work({
      model: model.id,
      modelHash,
      countTokens: (prompts) => runtime.call('countTokens', { prompts }),
      async generate(requests) {
        reporter.enter(0, 'solve');
        const argument = { requests, adapter: adapter !== undefined };
        return runtime.call('generate', argument, { onProgress: (progress) => reporter.progress(progress) });
      },
    });
  } finally {
    output.clear();
    process.off('SIGINT', onSignal);
    await runtime.close();
  }
}

/** A given adapter decides its own rank; without one the adapter is not used at all, nor where all weights are given. */
function loraShape(adapter: string | undefined, { loraRank, loraAlpha, seed }: Config): LoadRequest['lora'] {
  if (adapter === undefined || isFullCheckpoint(adapter)) {
    return { rank: loraRank, alpha: loraAlpha, seed };
  }
  const { r, lora_alpha } = readInputJson(
    join(adapter, 'adapter_config.json'),
    AdapterConfig,
    "PEFT's adapter_config.json",
  );
  return { rank: r, alpha: lora_alpha, seed };
}

function assertAdapter(dir: string): void {
  if (!existsSync(join(dir, 'adapter_model.safetensors')) && !isFullCheckpoint(dir)) {
    throw usage(
      `${dir} is not the folder of an adapter.`,
      'Give a folder with adapter_model.safetensors: <run>/checkpoints/000006, or what `selfq export --format peft` wrote.',
    );
  }
}

/** Fewest characters that a token of prose or code stands for, roughly. */
const charactersPerToken = 2.5;
/** What a chat template adds, tokens. */
const templateTokens = 64;
/** Longest prompt that is given room, tokens: the cache of keys and values grows with it. */
const longestPrompt = 4096;

/** Context for the longest of these prompts and an answer, tokens: at least that of a run, at most what memory bears. */
export function contextFor(maxTokens: number, prompts: readonly Prompt[] = []): number {
  const lengths = prompts.map(({ messages, prefill = '' }) =>
    messages.reduce((sum, { content }) => sum + content.length, prefill.length),
  );
  const usual = resolveConfig('quick', {}).maxPromptTokens;
  const needed = Math.ceil(Math.max(0, ...lengths) / charactersPerToken) + templateTokens;
  return Math.max(usual, Math.min(longestPrompt, needed)) + maxTokens;
}
