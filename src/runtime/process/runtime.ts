import { openModel } from '../../model/open.ts';
import type { ModelFile } from '../../model/model.ts';
import { BoundaryError } from '../../base/errors.ts';
import { uniform } from '../../base/random.ts';
import type { Progress } from '../../protocol/runtime.ts';
import type { LoadReply, LoadRequest, RuntimeCalls } from './calls.ts';
import { createAdapter } from '../decoder/adapter.ts';
import { readCheckpoint, writeCheckpoint } from '../training/checkpoint.ts';
import { usedPrecisions, type UsedPrecisions } from '../devices/device-precisions.ts';
import { computesHalf, probeDevice } from '../devices/device-probe.ts';
import { devices } from '../devices/devices.ts';
import { integerProductsAreExact } from '../devices/integer-products.ts';
import { isFullCheckpoint, readFullCheckpoint, writeFullCheckpoint } from '../training/full-checkpoint.ts';
import { createPolicyGenerator, type PolicyGenerator } from '../generation/policy-generator.ts';
import { encodePrompt } from '../generation/rows.ts';
import {
  countParameters,
  isFull,
  parameterShapes,
  parametersOf,
  readFullWeights,
  type Trained,
} from '../decoder/trained.ts';
import { createOptimizerState, type OptimizerState } from '../training/optimizer.ts';
import type { Trainer } from '../training/trainer.ts';

/** How a call is watched and stopped. */
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

/** What a loaded runtime holds. The trainer is made by the first call that needs it: generation alone stays light. */
interface Loaded {
  request: LoadRequest;
  model: ModelFile;
  trained: Trained;
  optimizer: OptimizerState;
  generator: PolicyGenerator;
  trainer?: Trainer;
}

/**
 * One model with its adapter, generator and trainer. Calls must not overlap, except for those of `complete` with each other. `checkProducts` tells, when it is first
 * needed, whether this processor computes integer products exactly.
 */
export function createRuntime(checkProducts: () => Promise<boolean> = integerProductsAreExact): RuntimeHandlers {
  let loaded: Loaded | undefined;
  let checked: Promise<boolean> | undefined;
  const integerProducts = () => (checked ??= checkProducts());

  function need(): Loaded {
    if (!loaded) {
      throw new BoundaryError('runtime', 'No model is loaded.', 'Call load first.');
    }
    return loaded;
  }

  async function needTrainer(state: Loaded, { onProgress }: CallContext): Promise<Trainer> {
    if (state.request.sleepMode === 'on') {
      await state.generator.release();
    }
    const { createTrainer } = await import('../training/training.ts');
    const { model, trained, optimizer, request } = state;
    const onLoad = (done: number, total: number, what: string) => onProgress({ stage: 'load', done, total, what });
    state.trainer ??= await createTrainer({ ...request, model, trained, optimizer, onLoad });
    return state.trainer;
  }

  const trainHooks = ({ onProgress, signal }: CallContext) => ({
    signal,
    onProgress: (tokens: number, totalTokens: number) => onProgress({ stage: 'train', tokens, totalTokens }),
  });

  return {
    async probeDevice({ device }) {
      await probeDevice(device);
      return {
        half: await computesHalf(device),
        integerProducts: devices[device].int8Products && (await integerProducts()),
      };
    },

    async load(request) {
      await close(loaded);
      loaded = undefined;
      // Full fine-tuning computes in fp32, whatever is asked for.
      const asked = request.trainedWeights === 'full' ? { ...request, trainPrecision: 'exact' as const } : request;
      const precisions = await usedPrecisions(asked, integerProducts);
      const { samplerPrecision, evalPrecision, trainPrecision } = precisions;
      loaded = await load({ ...request, samplerPrecision, evalPrecision, trainPrecision });
      return describe(loaded, precisions);
    },

    countTokens({ prompts }) {
      const { tokenizer } = need().model;
      return Promise.resolve(prompts.map((prompt) => encodePrompt(prompt, tokenizer).length));
    },

    async generate({ requests, ...how }, context) {
      const state = need();
      if (state.request.sleepMode === 'on') {
        await state.trainer?.release();
      }
      return state.generator.generate(requests, { ...how, ...context });
    },

    async embed({ prompts, adapter }, context) {
      const state = need();
      if (state.request.sleepMode === 'on') {
        await state.trainer?.release();
      }
      return state.generator.embed(prompts, { adapter, ...context });
    },

    async addAdapter({ name, dir }) {
      const { model, generator } = need();
      if (isFullCheckpoint(dir)) {
        throw new BoundaryError(
          'usage',
          `${dir} holds every weight of a trained model, not an adapter.`,
          'Write the model with `selfq export RUN --format merged`, and load that instead.',
        );
      }
      await generator.addAdapter(name, (await readCheckpoint(dir, model.config)).adapter);
      return undefined;
    },

    complete({ requests, adapter }, context) {
      return need().generator.complete(requests, { adapter, ...context });
    },

    async logprobs({ sequences, adapter }, context) {
      const trainer = await needTrainer(need(), context);
      return trainer.logprobs(sequences, adapter, trainHooks(context));
    },

    async train({ sequences, options }, context) {
      const state = need();
      const trainer = await needTrainer(state, context);
      const records = await trainer.train(sequences, options, trainHooks(context));
      await state.generator.use(state.trained);
      return records;
    },

    async saveCheckpoint({ dir, baseModel }) {
      const { trained, optimizer } = need();
      await (isFull(trained)
        ? writeFullCheckpoint(dir, { weights: trained, optimizer })
        : writeCheckpoint(dir, { adapter: trained, optimizer }, baseModel));
      return undefined;
    },

    async loadCheckpoint({ dir, resume }) {
      const state = need();
      const { trained, optimizer } = await readPolicy(dir, state.model, resume);
      // The trainer keeps the arrays that it was made for.
      await state.trainer?.close();
      delete state.trainer;
      Object.assign(state, { trained, optimizer });
      await state.generator.use(trained);
      return undefined;
    },
  };
}

async function load(request: LoadRequest): Promise<Loaded> {
  const model = await openModel(request.modelPath, { cacheDir: request.cacheDir });
  try {
    const trained = await freshPolicy(request, model);
    const generator = await createPolicyGenerator(model, trained, request);
    return { request, model, trained, optimizer: createOptimizerState(trained), generator };
  } catch (error) {
    await model.close();
    throw error;
  }
}

/** What is trained, before the first step. */
async function freshPolicy(request: LoadRequest, model: ModelFile): Promise<Trained> {
  const { device, loraRank, loraAlpha, seed } = request;
  if (request.trainedWeights === 'lora') {
    let drawn = 0;
    return createAdapter(model.config, loraRank, loraAlpha, () => uniform(seed, drawn++));
  }
  if (device !== 'cpu') {
    throw new BoundaryError(
      'usage',
      `Full fine-tuning runs on the processor alone, not on ${device}.`,
      'Use --device cpu, or --set trainedWeights=lora.',
    );
  }
  return readFullWeights(model);
}

async function readPolicy(
  dir: string,
  { config }: ModelFile,
  resume: boolean | undefined,
): Promise<{ trained: Trained; optimizer: OptimizerState }> {
  if (isFullCheckpoint(dir)) {
    const { weights, optimizer } = await readFullCheckpoint(dir, config, { resume });
    return { trained: weights, optimizer };
  }
  const { adapter, optimizer } = await readCheckpoint(dir, config, { resume });
  return { trained: adapter, optimizer };
}

async function close(state: Loaded | undefined): Promise<void> {
  await state?.trainer?.close();
  await state?.generator.close();
  await state?.model.close();
}

function describe({ model, trained }: Loaded, precisions: UsedPrecisions): LoadReply {
  const { architecture, vocabulary, contextLength: contextTokens } = model.config;
  return {
    modelHash: model.hash,
    architecture,
    parameters: countParameters(parameterShapes(model.config)),
    trainedParameters: countParameters(parametersOf(trained)),
    vocabulary,
    contextTokens,
    precisions,
  };
}
