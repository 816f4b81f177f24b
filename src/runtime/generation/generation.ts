import type { ModelFile } from '../../model/model.ts';
import type { Completion, GenerateRequest, Progress } from '../../protocol/runtime.ts';
import type { RuntimeSettings } from '../settings.ts';
import type { Adapter } from '../decoder/adapter.ts';
import { Batch } from './batch.ts';
import { Inference } from './inference.ts';
import { noAdapter, packAdapter } from '../decoder/lora-inputs.ts';
import { samplerFormats } from '../weights/precision.ts';
import { completionOf, planRows } from './rows.ts';
import { Sampler } from './sampler.ts';
import { chooseRunMode, type Tensors } from '../devices/session.ts';
import { isInt8, type WeightFormat } from '../weights/weight-plan.ts';
import { prepareWeights, seenFromAbove, type PreparationProgress } from '../weights/weights.ts';

export interface GeneratorOptions extends Pick<RuntimeSettings, 'device' | 'threads' | 'slots' | 'samplerPrecision'> {
  cacheDir: string;
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
  /** Gives weights and cache back until they are needed again, which takes about a second. */
  release(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Loads the model for generation. Sampling runs on 8-bit weights; greedy decoding, where a rounded logit can turn a near
 * tie into another text, on the exact ones, which are loaded with the first greedy request (a mapped file that the
 * trainer shares) and given back with the first call that has none. Weights are prepared on first use.
 */
export async function createGenerator(model: ModelFile, options: GeneratorOptions): Promise<Generator> {
  const { config, tokenizer } = model;
  const contextTokens = Math.min(options.contextTokens, config.contextLength);
  const { device, threads } = options;
  const runMode = await chooseRunMode(device);
  const load = async (format: WeightFormat) => {
    const prepare = async (wanted: WeightFormat) =>
      seenFromAbove(await prepareWeights(model, options.cacheDir, wanted, options.onProgress));
    const rounds = isInt8(format);
    const weights = await prepare(rounds ? 'nb32' : format);
    const prepack = format !== 'fp32';
    const inferenceOptions = { device, threads, runMode, contextTokens, prepack };
    return Inference.load(config, weights, inferenceOptions, rounds ? await prepare(format) : undefined);
  };
  const loadRounded = () => load(samplerFormats[options.samplerPrecision]);
  let rounded: Inference | undefined = await loadRounded();
  let exact: Inference | undefined;
  const sampler = await Sampler.load(config.vocabulary, { threads });
  const release = async () => {
    await rounded?.close();
    await exact?.close();
    rounded = exact = undefined;
  };
  const baseModel = noAdapter(config);
  let policy: Tensors = baseModel;
  return {
    setAdapter: (adapter) => {
      policy = packAdapter(config, adapter);
    },
    generate: async (requests, { adapter, onProgress = () => undefined, signal }) => {
      const rows = planRows(requests, tokenizer, contextTokens);
      const greedy = rows.filter((row) => requests[row.request]?.temperature === 0);
      const sampled = rows.filter((row) => !greedy.includes(row));
      if (greedy.length > 0) {
        exact ??= await load('fp32');
      } else {
        await exact?.close();
        exact = undefined;
      }
      if (sampled.length > 0) {
        rounded ??= await loadRounded();
      }
      let before = { tokens: 0, finished: 0 };
      for (const [inference, part] of [
        [exact, greedy],
        [rounded, sampled],
      ] as const) {
        if (!inference || part.length === 0) {
          continue;
        }
        const { tokens, finished } = before;
        const report = (progress: Progress) => {
          if (progress.stage === 'generate') {
            before = { tokens: tokens + progress.tokens, finished: finished + progress.finished };
            onProgress({ ...progress, ...before, total: rows.length });
          } else {
            onProgress(progress);
          }
        };
        inference.lora = adapter ? policy : baseModel;
        await new Batch(inference, sampler, options.slots, part, { onProgress: report, signal }).run();
      }
      return requests.map((_, request) =>
        rows.filter((row) => row.request === request).map((row) => completionOf(row)),
      );
    },
    release,
    close: async () => {
      await release();
      await sampler.close();
    },
  };
}
