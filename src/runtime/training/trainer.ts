import type { ModelFile } from '../../model/model.ts';
import type { TrainOptions, TrainSequence, UpdateRecord } from '../../protocol/runtime.ts';
import type { RuntimeSettings } from '../settings.ts';
import { parametersOf, type Trained } from '../decoder/trained.ts';
import type { PreparationProgress } from '../weights/weights.ts';
import type { BatchSequence } from './training-batches.ts';

/**
 * Moments of AdamW, in the order of `parametersOf`: for each pair of an adapter its `a`, then its `b`, so that
 * `first[2 * i]` has the shape of `pairs[i].a` and `first[2 * i + 1]` that of `pairs[i].b`. Changed in place.
 */
export interface OptimizerState {
  /** Optimiser steps taken. */
  step: number;
  first: Float32Array[];
  second: Float32Array[];
}

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

export interface CallHooks {
  /** Tokens done, tokens in all. */
  onProgress(tokens: number, totalTokens: number): void;
  /** Looked at between runs of the model; the call then ends with BoundaryError('interrupted') and changes nothing. */
  signal: AbortSignal;
}

export interface Trainer {
  train(sequences: readonly TrainSequence[], options: TrainOptions, hooks: CallHooks): Promise<UpdateRecord[]>;
  /** Nats per completion token; `adapter: false` = the base model, without what was trained. */
  logprobs(sequences: readonly BatchSequence[], adapter: boolean, hooks: CallHooks): Promise<number[][]>;
  /** Gives weights and activations back until they are needed again, which takes some seconds. */
  release(): Promise<void>;
  close(): Promise<void>;
}

export type CreateTrainer = (options: TrainerOptions) => Promise<Trainer>;

/** The state before the first step: all moments zero. */
export function createOptimizerState(trained: Trained): OptimizerState {
  const zeros = () => parametersOf(trained).map(({ data }) => new Float32Array(data.length));
  return { step: 0, first: zeros(), second: zeros() };
}
