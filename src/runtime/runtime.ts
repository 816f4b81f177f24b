import { openModel } from '../model/open.ts';
import type { ModelFile } from '../model/model.ts';
import { BoundaryError } from '../protocol/errors.ts';
import { uniform } from '../protocol/random.ts';
import type { LoadReply, LoadRequest, Progress, RuntimeCalls } from '../protocol/runtime.ts';
import { createAdapter } from './adapter.ts';
import { readCheckpoint, writeCheckpoint, type Checkpoint } from './checkpoint.ts';
import { probeDevice } from './device-probe.ts';
import { forDevice } from './devices.ts';
import { createGenerator, type Generator } from './generation.ts';
import { renderPrompt } from './rows.ts';
import { createOptimizerState, type Trainer } from './trainer.ts';

export interface CallContext {
  onProgress(progress: Progress): void;
  signal: AbortSignal;
}

/** The runtime's side of every call. */
export type RuntimeHandlers = {
  [Name in keyof RuntimeCalls]: (
    argument: RuntimeCalls[Name][0],
    context: CallContext,
  ) => Promise<RuntimeCalls[Name][1]>;
};

/** What a loaded runtime holds. The trainer comes with the first call that needs it: generation alone stays light. */
interface Loaded extends Checkpoint {
  request: LoadRequest;
  model: ModelFile;
  generator: Generator;
  trainer?: Trainer;
}

/** One model with its adapter, generator and trainer. Calls must not overlap. */
export function createRuntime(): RuntimeHandlers {
  let loaded: Loaded | undefined;

  function need(): Loaded {
    if (!loaded) {
      throw new BoundaryError('runtime', 'No model is loaded.', 'Call load first.');
    }
    return loaded;
  }

  async function needTrainer(state: Loaded, { onProgress }: CallContext): Promise<Trainer> {
    // Generating and training take turns, and so do their weights in memory.
    await state.generator.release();
    const { createTrainer } = await import('./training.ts');
    const { model, adapter, optimizer, request } = state;
    const { cacheDir, device, threads, trainPrecision: precision = 'exact', microBatchTokens } = request;
    const tokens = microBatchTokens === undefined ? {} : { microBatchTokens };
    const onLoad = (done: number, total: number, what: string) => onProgress({ stage: 'load', done, total, what });
    state.trainer ??= await createTrainer({
      ...{ model, cacheDir, device, threads, trained: adapter, optimizer, precision, onLoad },
      ...tokens,
    });
    return state.trainer;
  }

  const trainHooks = ({ onProgress, signal }: CallContext) => ({
    signal,
    onProgress: (tokens: number, totalTokens: number) => onProgress({ stage: 'train', tokens, totalTokens }),
  });

  return {
    async probeDevice({ device }) {
      await probeDevice(device);
      return undefined;
    },

    async load(request, context) {
      await close(loaded);
      loaded = undefined;
      loaded = await load(forDevice(request), context);
      return describe(loaded);
    },

    countTokens({ prompts }) {
      const { tokenizer } = need().model;
      return Promise.resolve(prompts.map((prompt) => tokenizer.encode(renderPrompt(prompt, tokenizer)).length));
    },

    async generate({ requests, adapter }, context) {
      const state = need();
      await state.trainer?.release();
      return state.generator.generate(requests, { adapter, ...context });
    },

    async logprobs({ sequences, adapter }, context) {
      const trainer = await needTrainer(need(), context);
      return trainer.logprobs(sequences, adapter, trainHooks(context));
    },

    async train({ sequences, options }, context) {
      const state = need();
      const trainer = await needTrainer(state, context);
      const records = await trainer.train(sequences, options, trainHooks(context));
      state.generator.setAdapter(state.adapter);
      return records;
    },

    async saveCheckpoint({ dir, baseModel }) {
      await writeCheckpoint(dir, need(), baseModel);
      return undefined;
    },

    async loadCheckpoint({ dir }) {
      const state = need();
      const checkpoint = await readCheckpoint(dir, state.model.config);
      // The trainer holds on to the arrays of the adapter that it was made for.
      await state.trainer?.close();
      delete state.trainer;
      Object.assign(state, checkpoint);
      state.generator.setAdapter(state.adapter);
      return undefined;
    },
  };
}

async function load(request: LoadRequest, { onProgress }: CallContext): Promise<Loaded> {
  const { device, cacheDir, threads, slots, contextTokens, lora } = request;
  const model = await openModel(request.modelPath, { cacheDir });
  try {
    const generator = await createGenerator(model, {
      cacheDir,
      device,
      threads,
      slots,
      contextTokens,
      ...(request.samplerPrecision && { precision: request.samplerPrecision }),
      onProgress: (done, total, what) => onProgress({ stage: 'load', done, total, what }),
    });
    let drawn = 0;
    const adapter = createAdapter(model.config, lora.rank, lora.alpha, () => uniform(lora.seed, drawn++));
    generator.setAdapter(adapter);
    return { request, model, generator, adapter, optimizer: createOptimizerState(adapter) };
  } catch (error) {
    await model.close();
    throw error;
  }
}

async function close(state: Loaded | undefined): Promise<void> {
  await state?.trainer?.close();
  await state?.generator.close();
  await state?.model.close();
}

function describe({ model, adapter }: Loaded): LoadReply {
  const { architecture, vocabulary, layers, hidden, tiedEmbedding } = model.config;
  const size = (values: Iterable<number>) => [...values].reduce((sum, value) => sum + value, 0);
  const linears = size(adapter.pairs.map(({ inputs, outputs }) => inputs * outputs));
  const tables = (tiedEmbedding ? 1 : 2) * vocabulary * hidden;
  const { heads, kvHeads, headSize, attentionBias, headNorm } = model.config;
  const biases = attentionBias ? layers * (heads + 2 * kvHeads) * headSize : 0;
  const norms = (2 * layers + 1) * hidden + (headNorm ? 2 * layers * headSize : 0);
  return {
    modelHash: model.hash,
    architecture,
    parameters: linears + tables + biases + norms,
    loraParameters: size(adapter.pairs.map(({ a, b }) => a.length + b.length)),
    vocabulary,
  };
}
