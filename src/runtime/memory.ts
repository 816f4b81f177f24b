import type { DecoderConfig } from '../model/model.ts';
import type { TrainedWeights } from '../protocol/runtime.ts';
import { parameterShapes } from './trained.ts';
import { microBatchTokens } from './training-batches.ts';
import { bytesOf, planPreparation, type WeightFormat } from './weight-plan.ts';

/** What decides the memory of a runtime process besides the model. */
export interface MemorySettings {
  /** Rows that decode at once. */
  slots: number;
  /** Longest prompt plus completion, tokens. */
  contextTokens: number;
  loraRank: number;
  /** Default `lora`. */
  trainedWeights?: TrainedWeights;
  /** Formats of the frozen weights; default as the runtime loads them. */
  formats?: { generation: WeightFormat; training: WeightFormat };
}

/** Bytes of main memory, by what they are for. */
export interface MemoryEstimate {
  /** A process that generates: `selfq generate`, `selfq eval`. */
  generation: number;
  /** A process that generates and trains: a run. */
  training: number;
  parts: {
    process: number;
    generationWeights: number;
    cache: number;
    generationBuffers: number;
    trainingWeights: number;
    trained: number;
    activations: number;
  };
}

/** Node, onnxruntime, the tokenizer's vocabulary. */
const processBytes = 150e6;
/** Tokens of one prefill run; see inference.ts. */
const prefillTokens = 512;
/**
 * Memory of the training session by what its forward pass must keep: gradients in flight come on top. Measured with the
 * default model and blocks of one length: 1.0 (peak of the resident memory less weights and adapter).
 */
const gradientFactor = 1.2;
/** fp32 copies of each trained number: itself, two moments, sum and share of the gradient, input of two sessions. */
const trainedCopies = 7;

/**
 * Main memory that the runtime process of a model needs, at its peak: a sum of what is allocated, from the shapes.
 */
export function estimateMemory(config: DecoderConfig, settings: MemorySettings): MemoryEstimate {
  const { generation, training } = settings.formats ?? { generation: 'nb32', training: 'fp32' };
  const parts = {
    process: processBytes,
    generationWeights: weightBytes(config, generation),
    cache: cacheBytes(config, settings),
    generationBuffers: generationBuffers(config, settings),
    trainingWeights: weightBytes(config, training),
    trained: 4 * trainedCopies * trainedParameters(config, settings),
    activations: gradientFactor * activationBytes(config, settings),
  };
  const light = parts.process + parts.generationWeights + parts.cache + parts.generationBuffers;
  return {
    generation: light + parts.trained / trainedCopies,
    training: light + parts.trainingWeights + parts.trained + parts.activations,
    parts,
  };
}

function weightBytes(config: DecoderConfig, format: WeightFormat): number {
  const { steps } = planPreparation(config, format);
  return steps.flatMap(({ outputs }) => outputs).reduce((sum, shape) => sum + bytesOf(shape), 0);
}

/** Keys and values in fp32. */
function cacheBytes({ layers, kvHeads, headSize }: DecoderConfig, { slots, contextTokens }: MemorySettings): number {
  return 2 * 4 * layers * kvHeads * headSize * slots * contextTokens;
}

/** Logits with the sampler's copies, and the widest values of a prefill run. */
function generationBuffers({ vocabulary, ffn, hidden }: DecoderConfig, { slots }: MemorySettings): number {
  return 4 * (3 * slots * vocabulary + prefillTokens * (4 * ffn + 6 * hidden));
}

/** Bytes of a checkpoint on disk: what is trained and two moments of each number, in fp32. */
export function checkpointBytes(config: DecoderConfig, settings: MemorySettings): number {
  return 4 * 3 * trainedParameters(config, settings);
}

function trainedParameters(config: DecoderConfig, { loraRank, trainedWeights }: MemorySettings): number {
  const shapes = parameterShapes(config, trainedWeights === 'full' ? undefined : { rank: loraRank });
  return shapes.reduce((sum, { shape }) => sum + shape.reduce((product, size) => product * size, 1), 0);
}

/** What the forward pass of one micro-batch keeps for the backward pass; see the operators in `onnx/operators`. */
function activationBytes(config: DecoderConfig, { loraRank, contextTokens }: MemorySettings): number {
  const { layers, hidden, ffn, heads, kvHeads, headSize, vocabulary } = config;
  // Completions of one prompt share a block, which is as long as the micro-batch at worst. One completion alone may be
  // longer, but prompts and completions seldom reach their limits together.
  const length = Math.max(microBatchTokens, 0.75 * contextTokens);
  const residuals = 4 * hidden;
  const attention = (3 * heads + 2 * kvHeads) * headSize + heads * length;
  const feedForward = 3 * ffn;
  const perToken = layers * (residuals + attention + feedForward + 7 * loraRank);
  // Logits and probabilities of the response tokens, which are nearly all of them when answers are long.
  return 4 * length * (perToken + 2 * vocabulary);
}
