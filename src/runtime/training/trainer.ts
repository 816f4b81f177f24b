import type { ModelFile } from '../../model/model.ts';
import type { TrainOptions, TrainSequence, UpdateRecord } from '../../protocol/runtime.ts';
import type { RuntimeSettings } from '../settings.ts';
import type { Trained } from '../decoder/trained.ts';
import type { PreparationProgress } from '../weights/weights-file.ts';
import type { OptimizerState } from './optimizer.ts';
import type { BatchSequence } from './training-batches.ts';

type TrainerSettings = Pick<
  RuntimeSettings,
  'device' | 'threads' | 'trainPrecision' | 'microBatchTokens' | 'gradientCheckpointing'
>;

/**
 * What a trainer is made of. It trains `trained` in place and keeps `optimizer` up to date. Where all weights are
 * trained, it computes in fp32 whatever `trainPrecision` says. One completion with its prompt may exceed
 * `microBatchTokens`.
 */
export interface TrainerOptions extends TrainerSettings {
  model: ModelFile;
  /** Folder for prepared weights. */
  cacheDir: string;
  trained: Trained;
  optimizer: OptimizerState;
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
  logprobs(sequences: readonly BatchSequence[], adapter: boolean, hooks: CallHooks): Promise<number[][]>;
  /** Frees weights and activations until they are needed again; loading them again takes some seconds. */
  release(): Promise<void>;
  close(): Promise<void>;
}
