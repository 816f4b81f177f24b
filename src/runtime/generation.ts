import type { ModelFile } from '../model/model.ts';
import type { Completion, GenerateRequest, Progress } from '../protocol/runtime.ts';
import type { Adapter } from './adapter.ts';
import { Batch } from './batch.ts';
import { Inference } from './inference.ts';
import { noAdapter, packAdapter } from './lora-inputs.ts';
import { completionOf, planRows } from './rows.ts';
import { Sampler } from './sampler.ts';
import { chooseRunMode, type SessionOptions, type Tensors } from './session.ts';
import { prepareWeights, type PreparationProgress } from './weights.ts';

export interface GeneratorOptions extends SessionOptions {
  cacheDir: string;
  /** Rows that decode at once, 1 to 64. */
  slots: number;
  /** Longest prompt plus completion, tokens. */
  contextTokens: number;
  onProgress?: PreparationProgress;
}

export interface GenerateOptions {
  /** False = the base model. */
  adapter: boolean;
  onProgress?: (progress: Progress) => void;
  /** Looked at between runs of the model; generation then ends with BoundaryError('interrupted'). */
  signal?: AbortSignal;
}

export interface Generator {
  /** What `adapter: true` means from now on; the arrays are copied. */
  setAdapter(adapter: Adapter): void;
  /**
   * Completions [request][sample]. The same call gives the same bits; a row's tokens do not depend on the other rows
   * except through the rounding of different kernels.
   */
  generate(requests: readonly GenerateRequest[], options: GenerateOptions): Promise<Completion[][]>;
  close(): Promise<void>;
}

/** Loads the model for generation: 8-bit weights, prepared on first use. */
export async function createGenerator(model: ModelFile, options: GeneratorOptions): Promise<Generator> {
  const { config, tokenizer } = model;
  const contextTokens = Math.min(options.contextTokens, config.contextLength);
  const weights = await prepareWeights(model, options.cacheDir, 'nb32', options.onProgress);
  const runMode = await chooseRunMode();
  const inference = await Inference.load(config, weights, { threads: options.threads, runMode, contextTokens });
  const sampler = await Sampler.load(config.vocabulary, options);
  const baseModel = noAdapter(config);
  let policy: Tensors = baseModel;
  return {
    setAdapter: (adapter) => {
      policy = packAdapter(config, adapter);
    },
    generate: async (requests, { adapter, onProgress = () => undefined, signal }) => {
      inference.lora = adapter ? policy : baseModel;
      const rows = planRows(requests, tokenizer, contextTokens);
      const batch = new Batch(inference, sampler, options.slots, rows, { onProgress, signal });
      await batch.run();
      return requests.map((_, request) =>
        rows.filter((row) => row.request === request).map((row) => completionOf(row)),
      );
    },
    close: async () => {
      await inference.close();
      await sampler.close();
    },
  };
}
