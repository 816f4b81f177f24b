import type { ErrorRecord } from '../base/errors.ts';

/** What the policy is asked. `prefill` is put behind the assistant header and is not part of the completion. */
export interface Prompt {
  messages: readonly { role: 'system' | 'user' | 'assistant'; content: string }[];
  prefill?: string;
}

/** Where a model runs; what each means stands in runtime/devices/devices.ts. */
export const deviceNames = ['cpu', 'webgpu', 'cuda', 'dml', 'coreml'] as const;
export type Device = (typeof deviceNames)[number];

/** Precision of the frozen matrices in sampling; what each means stands in runtime/weights/precision.ts. */
export const samplerPrecisions = ['strict', 'balanced', 'fast'] as const;
export type SamplerPrecision = (typeof samplerPrecisions)[number];
/** Precision of the frozen matrices in training. */
export const trainPrecisions = ['exact', 'half', 'balanced', 'fast'] as const;
export type TrainPrecision = (typeof trainPrecisions)[number];

/** What the backward pass of an update computes again instead of keeping it: see runtime/training/recomputation.ts. */
export const gradientCheckpointings = ['none', 'selective', 'full'] as const;
export type GradientCheckpointing = (typeof gradientCheckpointings)[number];

/** Whether sampler and trainer give their memory back while the other one works; coming back takes seconds. */
export const sleepModes = ['on', 'off'] as const;
export type SleepMode = (typeof sleepModes)[number];

/** What training changes: an adapter beside frozen weights, or every weight. */
export const trainedWeights = ['lora', 'full'] as const;
export type TrainedWeights = (typeof trainedWeights)[number];

export interface LoadRequest {
  /** A GGUF file. */
  modelPath: string;
  /** Folder for prepared weights, keyed by model hash. */
  cacheDir: string;
  device: Device;
  /** Threads of one operator; 0 = physical cores. */
  threads: number;
  /** Rows that decode at once, 1 to 64. */
  slots: number;
  /** Longest prompt plus completion, in tokens. */
  contextTokens: number;
  /** Of the adapter that is trained. */
  lora: { rank: number; alpha: number; seed: number };
  /** Default `lora`; `full`: every weight of the model is trained and there is no adapter. */
  trainedWeights?: TrainedWeights;
  /** Default `strict`. */
  samplerPrecision?: SamplerPrecision;
  /** Default `exact`. */
  trainPrecision?: TrainPrecision;
  /** Tokens of one pass of training. Default 1,400. */
  microBatchTokens?: number;
  /** Default `selective`. */
  gradientCheckpointing?: GradientCheckpointing;
  /** Default `on`. */
  sleepMode?: SleepMode;
}

export interface LoadReply {
  modelHash: string;
  architecture: string;
  parameters: number;
  /** Numbers that are trained: those of the adapter, or all. */
  trainedParameters: number;
  vocabulary: number;
}

export interface GenerateRequest {
  prompt: Prompt | { text: string };
  /** Completions of this prompt; the prompt is prefilled once. */
  samples: number;
  maxTokens: number;
  /** 0 = greedy. Logprobs are always of the distribution at temperature 1. */
  temperature: number;
  /** 1 = off. */
  topP?: number;
  /** 0 = off. */
  topK?: number;
  /** Generation ends when the text contains one of these; the text is cut before it. */
  stop?: readonly string[];
  /** Counter-based key: sample i, position t draw from (seed, i, t) only, whatever else is in the batch. */
  seed: number;
}

export interface Completion {
  text: string;
  promptTokenIds: number[];
  tokenIds: number[];
  /** Nats, one per token id, under the sampling policy at temperature 1. */
  logprobs: number[];
  /** `stop`: an end token or stop text was met; `length`: cut at maxTokens. */
  finishReason: 'stop' | 'length';
}

/** One trained completion. Everything is aligned with `tokenIds`. */
export interface TrainSequence {
  id: string;
  promptTokenIds: readonly number[];
  tokenIds: readonly number[];
  advantage: number;
  oldLogprobs: readonly number[];
  /** Needed when beta > 0: the policy with the adapter off. */
  refLogprobs?: readonly number[];
  /** Factors of the token losses, default 1. */
  importanceWeights?: readonly number[];
}

/** Loss and optimiser of one update (method section 1). */
export interface TrainOptions {
  /** dapo: token mean over the mini-batch (the paper's); grpo: mean of sequence means; dr_grpo: constant length. */
  lossType: 'grpo' | 'dr_grpo' | 'dapo';
  epsilonLow: number;
  epsilonHigh: number;
  dualClip: number;
  beta: number;
  learningRate: number;
  adamBeta1: number;
  adamBeta2: number;
  weightDecay: number;
  maxGradNorm: number;
  /** Sequences per optimiser step, zero-advantage ones counted; 0 = all in one. */
  miniBatchSequences: number;
  /** Denominator length of dr_grpo, tokens. */
  maxCompletionTokens: number;
}

/** One optimiser step. */
export interface UpdateRecord {
  /** Ids of the mini-batch; those of zero advantage are not trained on when beta = 0 but stay in the denominator. */
  sequences: {
    id: string;
    /** Weight of each token of this sequence in the loss. */
    tokenWeight: number;
    /** Current policy by the trainer at this update; absent where not trained on. */
    logprobs?: number[];
  }[];
  loss: number;
  kl: number;
  clipRatio: number;
  gradNorm: number;
  learningRate: number;
  /** False when NaN or infinity was met: nothing was changed. */
  applied: boolean;
}

/** Progress of a long call; `text` of finished completions comes early so that it can be shown. */
export type Progress =
  | { stage: 'load'; done: number; total: number; what: string }
  | { stage: 'generate'; tokens: number; finished: number; total: number }
  | { stage: 'completion'; request: number; sample: number; text: string }
  | { stage: 'train'; tokens: number; totalTokens: number };

/** Every call of the runtime process: name -> [argument, reply]. */
export interface RuntimeCalls {
  /** Fails with the reason where the device does not work; `half`: whether it computes in fp16. Needs no model. */
  probeDevice: [{ device: Device }, { half: boolean }];
  load: [LoadRequest, LoadReply];
  /** Length of each prompt in tokens, template and prefill included. */
  countTokens: [{ prompts: readonly Prompt[] }, number[]];
  /** Reply is [request][sample]. `adapter: false` = base model. */
  generate: [{ requests: GenerateRequest[]; adapter: boolean }, Completion[][]];
  /** Trainer's per-token logprobs of given completions. */
  logprobs: [
    { sequences: { promptTokenIds: readonly number[]; tokenIds: readonly number[] }[]; adapter: boolean },
    number[][],
  ];
  train: [{ sequences: TrainSequence[]; options: TrainOptions }, UpdateRecord[]];
  /**
   * Writes adapter_model.safetensors, adapter_config.json (or weights.safetensors) and optimizer.safetensors into `dir`,
   * which exists.
   */
  saveCheckpoint: [{ dir: string; baseModel: string }, undefined];
  /** Where optimizer.safetensors is absent, only what was trained; with `resume` that is refused. */
  loadCheckpoint: [{ dir: string; resume?: boolean }, undefined];
}

/** From the client to the runtime process; one call runs at a time, in order of arrival. */
export type RuntimeRequest =
  | { type: 'call'; id: number; name: keyof RuntimeCalls; argument: unknown }
  /** Ends the call at its next opportunity with an error of boundary `interrupted`. */
  | { type: 'cancel'; id: number };

/** From the runtime process to the client. */
export type RuntimeMessage =
  | { type: 'progress'; id: number; progress: Progress }
  | { type: 'reply'; id: number; value: unknown }
  | { type: 'error'; id: number; error: ErrorRecord };
