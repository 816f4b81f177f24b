import { BoundaryError } from '../../base/errors.ts';
import type { ModelFile } from '../../model/model.ts';
import type { Completion, GenerateRequest, Progress } from '../../protocol/runtime.ts';
import type { EvalPrecision, RuntimeSettings } from '../settings.ts';
import type { Adapter } from '../decoder/adapter.ts';
import { noAdapter, packAdapter } from '../decoder/lora-inputs.ts';
import { assertAttention } from '../devices/attention-probe.ts';
import type { Tensors } from '../devices/session.ts';
import { evalFormats } from '../weights/precision.ts';
import { isInt8, type WeightFormat } from '../weights/weight-plan.ts';
import { preparedFolder, prepareWeights, relativeTo } from '../weights/weights.ts';
import { assertNotStopped, Batch } from './batch.ts';
import { Inference } from './inference.ts';
import { completionOf, planRows, readablePrompt, type Row } from './rows.ts';
import { Sampler } from './sampler.ts';
import { CompletionService } from './service.ts';

/** What a generator is made of. */
export interface GeneratorOptions extends Pick<
  RuntimeSettings,
  'device' | 'threads' | 'slots' | 'samplerPrecision' | 'evalPrecision'
> {
  /** Folder for prepared weights. */
  cacheDir: string;
  /** Longest prompt plus completion, tokens. */
  contextTokens: number;
}

/** How one call generates. */
export interface GenerateOptions {
  /** False = the base model. */
  adapter: boolean;
  /** Every request, greedy or not, is computed in `evalPrecision`. */
  evaluation?: boolean;
  /** Told of weights that are prepared, of tokens and of finished completions. */
  onProgress?: (progress: Progress) => void;
  /** Looked at between runs of the model; generation then ends with BoundaryError('interrupted'). */
  signal?: AbortSignal;
}

/** How a call of `complete` completes. */
export interface CompleteOptions {
  /** Name of an adapter that was added; absent: the base model. */
  adapter?: string | undefined;
  onProgress: (progress: Progress) => void;
  signal?: AbortSignal;
}

/** Generates completions with one model. Only calls of `complete` may overlap, with each other. */
export interface Generator {
  /** What `adapter: true` means from now on; the arrays are copied. */
  setAdapter(adapter: Adapter): void;
  /**
   * Completions [request][sample]. The same call gives the same bits; a row's tokens do not depend on the other rows
   * except through the rounding of different kernels.
   */
  generate(requests: readonly GenerateRequest[], options: GenerateOptions): Promise<Completion[][]>;
  /**
   * Mean over each prompt's tokens of the last layer's hidden states: [prompt][hidden], on the weights of sampling.
   * Throws as `generate` for prompts that the model cannot read.
   */
  embed(prompts: readonly GenerateRequest['prompt'][], options: GenerateOptions): Promise<number[][]>;
  /** Makes an adapter known to `complete`; the arrays are copied. */
  addAdapter(name: string, adapter: Adapter): void;
  /**
   * Completions [request][sample] for an interactive caller: always by the sampler's weights, with texts reported as they
   * are drawn. Calls that overlap decode together, so that their tokens may differ by the rounding of different kernels.
   * Throws BoundaryError('usage') for an adapter that is not known.
   */
  complete(requests: readonly GenerateRequest[], options: CompleteOptions): Promise<Completion[][]>;
  /** Frees weights and cache until they are needed again; loading them again takes about a second. */
  release(): Promise<void>;
  close(): Promise<void>;
}

/**
 * A generator on a model. Sampling runs on 8-bit weights; greedy decoding, where a rounded logit can turn a near tie into
 * another text, on the exact ones (a mapped file that the trainer shares); evaluations on those of their own setting. Each is
 * prepared and loaded with the first request that needs it; others than the sampler's are freed by the first call that does
 * not need them. Throws BoundaryError('environment') when the device does not compute attention.
 */
export async function createGenerator(model: ModelFile, options: GeneratorOptions): Promise<Generator> {
  const { config, tokenizer } = model;
  const contextTokens = Math.min(options.contextTokens, config.contextLength);
  await assertAttention(options.device);
  const inferences = new Inferences(model, { ...options, contextTokens });
  const sampler = await Sampler.load(config.vocabulary, { threads: options.threads });
  const baseModel = noAdapter(config);
  let policy: Tensors = baseModel;
  const named = new Map<string, Tensors>();
  const service = new CompletionService({
    inference: () => inferences.get(options.samplerPrecision, () => undefined),
    ...{ sampler, tokenizer, contextTokens, slots: options.slots },
  });
  const plan = (requests: readonly GenerateRequest[]) =>
    planRows(requests, tokenizer, { contextTokens, vocabulary: config.vocabulary });
  const inOrder = (requests: readonly GenerateRequest[], rows: readonly Row[]) =>
    requests.map((_, request) => rows.filter((row) => row.request === request).map(completionOf));
  return {
    addAdapter: (name, adapter) => {
      named.set(name, packAdapter(config, adapter));
    },
    complete: async (requests, { adapter, onProgress, signal }) => {
      const lora = adapter === undefined ? baseModel : named.get(adapter);
      if (!lora) {
        throw new BoundaryError('usage', `There is no adapter "${adapter}".`, 'Load it first.');
      }
      const rows = plan(requests);
      await service.complete(rows, { lora, onProgress, signal });
      return inOrder(requests, rows);
    },
    setAdapter: (adapter) => {
      policy = packAdapter(config, adapter);
    },
    generate: async (requests, { adapter, evaluation = false, onProgress = () => undefined, signal }) => {
      await service.leaveCache();
      const rows = plan(requests);
      const report = addUp(rows.length, onProgress);
      const precisionOf = ({ settings }: Row): EvalPrecision =>
        evaluation ? options.evalPrecision : settings.temperature === 0 ? 'exact' : options.samplerPrecision;
      const parts = Map.groupBy(rows, precisionOf);
      await inferences.keep([...parts.keys(), options.samplerPrecision]);
      for (const [precision, part] of parts) {
        const inference = await inferences.get(precision, onProgress);
        inference.lora = adapter ? policy : baseModel;
        const positions = Math.max(...part.map((row) => row.promptTokenIds.length + row.maxTokens));
        const size = { slots: Math.min(options.slots, part.length), positions };
        const batch = new Batch(inference, sampler, size, { onProgress: report(), signal });
        batch.add(part);
        await batch.run();
      }
      return inOrder(requests, rows);
    },
    release: async () => {
      await service.leaveCache();
      await inferences.release();
    },
    embed: async (prompts, { adapter, onProgress = () => undefined, signal }) => {
      await service.leaveCache();
      const limits = { contextTokens, vocabulary: config.vocabulary };
      const rows = prompts.map((prompt) => readablePrompt(prompt, tokenizer, limits));
      const inference = await inferences.get(options.samplerPrecision, onProgress);
      inference.lora = adapter ? policy : baseModel;
      const means: number[][] = [];
      for (const row of rows) {
        means.push(await inference.embed(row, () => assertNotStopped(signal)));
      }
      return means;
    },
    close: async () => {
      await service.leaveCache();
      await inferences.release();
      await sampler.close();
    },
  };
}

/** The model in several precisions, each loaded when it is first needed. */
class Inferences {
  readonly #model: ModelFile;
  readonly #options: GeneratorOptions;
  readonly #loaded = new Map<EvalPrecision, Inference>();

  constructor(model: ModelFile, options: GeneratorOptions) {
    this.#model = model;
    this.#options = options;
  }

  async get(precision: EvalPrecision, onProgress: (progress: Progress) => void): Promise<Inference> {
    const loaded = this.#loaded.get(precision) ?? (await this.#load(evalFormats[precision], onProgress));
    this.#loaded.set(precision, loaded);
    return loaded;
  }

  /** Frees all but these. */
  async keep(precisions: readonly EvalPrecision[]): Promise<void> {
    for (const [precision, inference] of this.#loaded) {
      if (!precisions.includes(precision)) {
        this.#loaded.delete(precision);
        await inference.close();
      }
    }
  }

  release(): Promise<void> {
    return this.keep([]);
  }

  async #load(format: WeightFormat, onProgress: (progress: Progress) => void): Promise<Inference> {
    const { cacheDir, device, threads, contextTokens } = this.#options;
    const prepare = async (wanted: WeightFormat) => {
      const onPrepare = (done: number, total: number, what: string) => onProgress({ stage: 'load', done, total, what });
      return relativeTo(preparedFolder(cacheDir), await prepareWeights(this.#model, cacheDir, wanted, onPrepare));
    };
    const isRounded = isInt8(format);
    const weights = await prepare(isRounded ? 'nb32' : format);
    const int8 = isRounded ? await prepare(format) : undefined;
    const prepack = format !== 'fp32';
    return Inference.load(this.#model.config, weights, { device, threads, contextTokens, prepack }, int8);
  }
}

/** Makes one report for each batch of a call, whose counts continue where those of the batch before ended. */
function addUp(total: number, onProgress: (progress: Progress) => void): () => (progress: Progress) => void {
  let sum = { tokens: 0, finished: 0 };
  return () => {
    const { tokens, finished } = sum;
    return (progress) => {
      if (progress.stage === 'generate') {
        sum = { tokens: tokens + progress.tokens, finished: finished + progress.finished };
        onProgress({ ...progress, ...sum, total });
      } else {
        onProgress(progress);
      }
    };
  };
}
