import type { ModelFile } from '../../model/model.ts';
import type {
  Device,
  GradientCheckpointing,
  RuntimeCalls,
  TrainOptions,
  TrainPrecision,
  TrainSequence,
  UpdateRecord,
} from '../../protocol/runtime.ts';
import type { Trained } from '../decoder/trained.ts';
import type { PreparationProgress } from '../weights/weights-file.ts';
import type { OptimizerState } from './optimizer.ts';

/** What a trainer is made of. It trains `trained` in place and keeps `optimizer` up to date. */
export interface TrainerOptions {
  model: ModelFile;
  /** Folder for prepared weights. */
  cacheDir: string;
  /** Default `cpu`. */
  device?: Device;
  /** Threads of one operator; 0 = physical cores. */
  threads: number;
  trained: Trained;
  optimizer: OptimizerState;
  /** Default `exact`, and always so where all weights are trained. */
  precision?: TrainPrecision;
  /** Tokens of one pass; one completion with its prompt may exceed it. Default 1,400. */
  microBatchTokens?: number;
  /** What the backward pass computes again to save memory. Default `selective`. */
  gradientCheckpointing?: GradientCheckpointing;
  /** Prefix of profiles by operator, written on `close`; default none. */
  profile?: string;
  /** Preparing the weights on first use. */
  onLoad: PreparationProgress;
}

/** How a call of a trainer is watched and stopped. */
export interface CallHooks {
  /** Tokens done, tokens in all. */
  onProgress(tokens: number, totalTokens: number): void;
  /** Looked at between runs of the model; the call then ends with BoundaryError('interrupted') and changes nothing. */
  signal: AbortSignal;
}

/** Trains the policy and scores completions under it. Calls must not overlap. */
export interface Trainer {
  train(sequences: readonly TrainSequence[], options: TrainOptions, hooks: CallHooks): Promise<UpdateRecord[]>;
  /** Nats per completion token; `adapter: false` = the base model, without what was trained. */
  logprobs(
    sequences: RuntimeCalls['logprobs'][0]['sequences'],
    adapter: boolean,
    hooks: CallHooks,
  ): Promise<number[][]>;
  /** Frees weights and activations until they are needed again; loading them again takes some seconds. */
  release(): Promise<void>;
  close(): Promise<void>;
}
