import type { DecoderConfig } from '../../model/model.ts';
import type { RuntimeSettings } from '../settings.ts';
import type { LoadRequest } from './calls.ts';
import { samplerFormats, trainerFormats } from '../weights/precision.ts';
import { countParameters, parameterShapes } from '../decoder/trained.ts';
import { blockRows, headRows } from '../training/training-batches.ts';
import { bytesOf, isInt8, planPreparation, type WeightFormat } from '../weights/weight-plan.ts';

/** What decides the memory of a runtime process besides the model. */
export type MemorySettings = RuntimeSettings & Pick<LoadRequest, 'contextTokens'>;

/** Bytes of main memory, by what they are for. */
export interface MemoryEstimate {
  /** A process that generates: `selfq generate`, `selfq eval`. */
  generation: number;
  /** A process that generates and trains: a run. */
  training: number;
  /** Bytes of `training` that are mapped from a file: the system may drop them from memory and read them again. */
  mapped: number;
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

/** Node, onnxruntime, the tokenizer's vocabulary, and the nodes of a training session. */
const processBytes = 250e6;
/** Tokens of one prefill run; see inference.ts. */
const prefillTokens = 512;
/** fp32 copies of each trained number: itself, two moments, sum and share of the gradient, input of the sampler. */
const trainedCopies = 6;

/**
 * Main memory that the runtime process of a model needs, at its peak: a sum of what is allocated, from the shapes. Where
 * they sleep in turns, sampler and trainer are never there together. docs/log.md compares it with measurements.
 */
export function estimateMemory(config: DecoderConfig, settings: MemorySettings): MemoryEstimate {
  const { samplerPrecision, trainPrecision, trainedWeights, sleepMode } = settings;
  const format = trainedWeights === 'full' ? 'fp32' : trainerFormats[trainPrecision];
  const parts = {
    process: processBytes,
    generationWeights: samplerBytes(config, samplerFormats[samplerPrecision]),
    cache: cacheBytes(config, settings),
    generationBuffers: generationBuffers(config, settings),
    // With full fine-tuning the weights are among what is trained.
    trainingWeights: trainedWeights === 'full' ? 0 : weightBytes(config, format),
    trained: 4 * trainedCopies * trainedParameters(config, settings),
    activations: activationBytes(config, settings, format),
  };
  const base = parts.process + parts.trained;
  const generating = parts.generationWeights + parts.cache + parts.generationBuffers;
  const training = parts.trainingWeights + parts.activations;
  return {
    generation: parts.process + parts.trained / trainedCopies + generating,
    training: base + (sleepMode === 'on' ? Math.max(generating, training) : generating + training),
    mapped: format === 'fp32' ? parts.trainingWeights : 0,
    parts,
  };
}

function weightBytes(
  config: DecoderConfig,
  format: WeightFormat,
  isUsed: (name: string) => boolean = () => true,
): number {
  const shapes = planPreparation(config, format).steps.flatMap(({ outputs }) => outputs);
  return shapes.filter(({ name }) => isUsed(name)).reduce((sum, shape) => sum + bytesOf(shape), 0);
}

/** Integer products take the embedding's rows from the blocks of `strict`. */
function samplerBytes(config: DecoderConfig, format: WeightFormat): number {
  return format === 'nb32'
    ? weightBytes(config, format)
    : weightBytes(config, format, (name) => name.includes('.forward')) +
        weightBytes(config, 'nb32', (name) => name.startsWith('model.embed_tokens'));
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
  return countParameters(parameterShapes(config, trainedWeights === 'full' ? undefined : { rank: loraRank }));
}

/** Logits of one chunk of rows and their probabilities, and what is beside them in the arena. */
const headCopies = 1.5;
/** Values as wide as the hidden state that are in flight for every token, with the arena's gaps between them. */
const hiddenCopies = 45;
/** Values of the feed-forward part in flight for a block of rows, and of one key-value head's attention weights. */
const wideCopies = 10;
const attentionCopies = 2.5;

/**
 * What a micro-batch holds at the peak, in the middle of an update: what its layers keep (`recomputation.ts`), one layer
 * in flight, and logits. Copies are measured (default model and SmolLM2-135M, 700 to 3,584 tokens).
 */
function activationBytes(config: DecoderConfig, settings: MemorySettings, format: WeightFormat): number {
  const { hidden, ffn, heads, kvHeads, layers, vocabulary } = config;
  const { contextTokens, microBatchTokens } = settings;
  // One completion may be longer than a pass.
  const tokens = Math.max(microBatchTokens, contextTokens);
  const kept = layers * keptBytes(config, settings, isInt8(format));
  const wide = 4 * wideCopies * blockRows * ffn;
  const attention = 4 * attentionCopies * (heads / kvHeads) * contextTokens ** 2;
  const logits = 4 * headCopies * (format === 'fp32' ? headRows.mapped : headRows.packed) * vocabulary;
  return tokens * (kept + 4 * hiddenCopies * hidden) + wide + attention + logits;
}

/** Of one token in one layer. */
function keptBytes(
  { hidden, ffn, heads, headSize }: DecoderConfig,
  { gradientCheckpointing, loraRank }: MemorySettings,
  isRounded: boolean,
): number {
  const narrow = hidden + heads * headSize;
  switch (gradientCheckpointing) {
    case 'none':
      return 4 * (5 * ffn + 3 * narrow);
    case 'selective':
      return (isRounded ? 2 : 4) * narrow + (isRounded ? 1 : 4) * 2 * ffn + 4 * 7 * loraRank;
    case 'full':
      return (isRounded ? 2 : 4) * narrow;
  }
}
