import type { ErrorRecord } from '../../base/errors.ts';
import type {
  Completion,
  GenerateRequest,
  Progress,
  TrainOptions,
  TrainSequence,
  UpdateRecord,
} from '../../protocol/runtime.ts';
import type { UsedPrecisions } from '../devices/device-precisions.ts';
import type { Device, RuntimeSettings } from '../settings.ts';

/** What a runtime process is loaded with: every setting of the runtime, and what is no setting. */
export interface LoadRequest extends RuntimeSettings {
  /** A GGUF file, or a folder with safetensors. */
  modelPath: string;
  /** Folder for prepared weights, keyed by model hash. */
  cacheDir: string;
  /** Longest prompt plus completion, tokens. */
  contextTokens: number;
  /** What the adapter of the first step is drawn from. */
  seed: number;
}

/** What was loaded. */
export interface LoadReply {
  modelHash: string;
  architecture: string;
  parameters: number;
  /** Numbers that are trained: those of the adapter, or all. */
  trainedParameters: number;
  vocabulary: number;
  /** Longest prompt plus completion that the model was made for, tokens. */
  contextTokens: number;
  /** What is computed, with the reason where something else was asked for. */
  precisions: UsedPrecisions;
}

/** Every call of the runtime process: name -> [argument, reply]. */
export interface RuntimeCalls {
  /**
   * Fails with the reason where the device does not work. `half`: whether it computes in fp16; `integerProducts`: whether
   * it computes products of 8-bit integers exactly. Needs no model.
   */
  probeDevice: [{ device: Device }, { half: boolean; integerProducts: boolean }];
  load: [LoadRequest, LoadReply];
  /** Length of each prompt in tokens, template and prefill included. */
  countTokens: [{ prompts: readonly GenerateRequest['prompt'][] }, number[]];
  /** Reply is [request][sample]. `adapter: false` = base model; `evaluation: true` = in the precision of evaluations. */
  generate: [{ requests: GenerateRequest[]; adapter: boolean; evaluation?: boolean }, Completion[][]];
  /** Mean over each prompt's tokens of the last layer's hidden states: [prompt][hidden]. `adapter: false` = base model. */
  embed: [{ prompts: readonly GenerateRequest['prompt'][]; adapter: boolean }, number[][]];
  /** Makes an adapter known to `complete` by a name. */
  addAdapter: [{ name: string; dir: string }, undefined];
  /**
   * Reply is [request][sample], by the sampler's weights; progress of the stage `text` tells what is drawn. These calls
   * may overlap with each other. `adapter`: one that was added; absent = base model.
   */
  complete: [{ requests: GenerateRequest[]; adapter?: string | undefined }, Completion[][]];
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

/** Calls that may run at the same time as others of them; every other call runs alone, in order of arrival. */
export const sharedCalls: readonly (keyof RuntimeCalls)[] = ['complete', 'countTokens'];

/** From the client to the runtime process. */
export type RuntimeRequest =
  | { type: 'call'; id: number; name: keyof RuntimeCalls; argument: unknown }
  /** Ends the call at its next opportunity with an error of boundary `interrupted`. */
  | { type: 'cancel'; id: number };

/** From the runtime process to the client. */
export type RuntimeMessage =
  | { type: 'progress'; id: number; progress: Progress }
  | { type: 'reply'; id: number; value: unknown }
  | { type: 'error'; id: number; error: ErrorRecord };
