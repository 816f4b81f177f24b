import { at, zip } from '../../base/arrays.ts';
import { BoundaryError } from '../../base/errors.ts';
import type { TrainOptions, TrainSequence, UpdateRecord } from '../../protocol/runtime.ts';
import { parametersOf } from '../decoder/trained.ts';
import type { WeightedSequence } from './graph-inputs.ts';
import { tokenLoss, tokenWeights } from './loss.ts';
import { applyUpdate } from './optimizer.ts';
import type { CallHooks, TrainerOptions } from './trainer.ts';
import { layOut, type BatchSequence, type MicroBatch, type MicroBatchLayout } from './training-batches.ts';
import type { TrainingSessions } from './training-sessions.ts';

/** Logprobs of each completion token, nats; `adapter: false` = the base model. Throws BoundaryError('interrupted'). */
export async function scoreSequences(
  sessions: TrainingSessions,
  sequences: readonly BatchSequence[],
  adapter: boolean,
  hooks: CallHooks,
): Promise<number[][]> {
  const result = sequences.map((): number[] => []);
  const progress = progressOf(sequences, hooks);
  for (const batch of sessions.plan(sequences)) {
    checkSignal(hooks);
    const layout = layOut(batch);
    const outputs = await sessions.evaluate(batch, layout, adapter);
    scatter(layout, outputs, result);
    progress(batch);
  }
  return result;
}

/**
 * All optimiser steps of one call, or none: what was changed is put back when a later step fails. Throws
 * BoundaryError: 'interrupted' on abort, 'environment' when the memory does not suffice.
 */
export async function trainMiniBatches(
  sessions: TrainingSessions,
  { trained, optimizer }: TrainerOptions,
  sequences: readonly TrainSequence[],
  options: TrainOptions,
  hooks: CallHooks,
): Promise<UpdateRecord[]> {
  const miniBatches = split(sequences, options.miniBatchSequences);
  const parameters = parametersOf(trained).map(({ data }) => data);
  const restore =
    miniBatches.length > 1 ? snapshot([...parameters, ...optimizer.first, ...optimizer.second]) : undefined;
  const step = optimizer.step;
  const progress = progressOf(
    sequences.filter((sequence) => isTrained(sequence, options)),
    hooks,
  );
  const records: UpdateRecord[] = [];
  try {
    for (const miniBatch of miniBatches) {
      const { gradients, ...record } = await differentiate(sessions, miniBatch, options, hooks, progress);
      const finite = Number.isFinite(record.loss);
      const { gradNorm, applied } = finite
        ? applyUpdate(parameters, gradients, optimizer, options)
        : { gradNorm: NaN, applied: false };
      records.push({ ...record, gradNorm, learningRate: options.learningRate, applied });
    }
  } catch (error) {
    restore?.();
    optimizer.step = step;
    throw error;
  }
  return records;
}

type Progress = (batch: MicroBatch) => void;

/** Loss and gradient of one mini-batch, accumulated over its micro-batches. */
async function differentiate(
  sessions: TrainingSessions,
  sequences: readonly TrainSequence[],
  options: TrainOptions,
  hooks: CallHooks,
  progress: Progress,
): Promise<Pick<UpdateRecord, 'sequences' | 'loss' | 'kl' | 'clipRatio'> & { gradients: Float32Array[] }> {
  const lengths = sequences.map(({ tokenIds }) => tokenIds.length);
  const weighted = zip(sequences, tokenWeights(lengths, options)).map(([sequence, tokenWeight]): WeightedSequence => ({
    ...sequence,
    tokenWeight,
  }));
  // A zero advantage without a KL term gives no gradient; its tokens stay in the denominators above and below.
  const trained = weighted.filter((sequence) => isTrained(sequence, options));
  const current = trained.map((): number[] => []);
  const gradients = sessions.emptyGradients();
  for (const batch of sessions.plan(trained)) {
    checkSignal(hooks);
    const layout = layOut(batch);
    const outputs = await sessions.differentiate(batch, layout, trained, options, gradients);
    scatter(layout, outputs, current);
    progress(batch);
  }
  const logprobsOf = new Map(zip(trained, current));
  return {
    ...summarize(trained, current, sequences, options),
    sequences: weighted.map((sequence) => {
      const logprobs = logprobsOf.get(sequence);
      return { id: sequence.id, tokenWeight: sequence.tokenWeight, ...(logprobs && { logprobs }) };
    }),
    gradients,
  };
}

/** Loss of the mini-batch; KL and fraction of clipped ratios as means over all of its tokens. */
function summarize(
  trained: readonly WeightedSequence[],
  current: readonly (readonly number[])[],
  all: readonly TrainSequence[],
  options: TrainOptions,
): Pick<UpdateRecord, 'loss' | 'kl' | 'clipRatio'> {
  let loss = 0;
  let kl = 0;
  let clipped = 0;
  for (const [sequence, logprobs] of zip(trained, current)) {
    const { oldLogprobs, refLogprobs, advantage, tokenWeight, importanceWeights } = sequence;
    for (const [t, logprob] of logprobs.entries()) {
      const token = tokenLoss(logprob, at(oldLogprobs, t), refLogprobs?.[t], advantage, options);
      loss += tokenWeight * (importanceWeights?.[t] ?? 1) * token.loss;
      kl += token.kl;
      clipped += Number(token.clipped);
    }
  }
  const tokens = Math.max(countTokens(all), 1);
  return { loss, kl: kl / tokens, clipRatio: clipped / tokens };
}

function isTrained({ advantage, tokenIds }: TrainSequence, { beta }: TrainOptions): boolean {
  return tokenIds.length > 0 && (advantage !== 0 || beta > 0);
}

function countTokens(sequences: readonly { tokenIds: readonly number[] }[]): number {
  return sequences.reduce((sum, { tokenIds }) => sum + tokenIds.length, 0);
}

function split<T>(items: readonly T[], size: number): T[][] {
  if (size === 0 || items.length <= size) {
    return items.length === 0 ? [] : [[...items]];
  }
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size));
}

function snapshot(tensors: readonly Float32Array[]): () => void {
  const copies = tensors.map((tensor) => tensor.slice());
  return () => zip(tensors, copies).forEach(([tensor, copy]) => tensor.set(copy));
}

/** Reports completion tokens, so that the numbers do not depend on how batches are made. */
function progressOf(sequences: readonly BatchSequence[], { onProgress }: CallHooks): Progress {
  const total = countTokens(sequences);
  let done = 0;
  return ({ blocks }) => {
    done += countTokens(blocks.flatMap(({ completions }) => completions));
    onProgress(done, total);
  };
}

function checkSignal({ signal }: CallHooks): void {
  if (signal.aborted) {
    throw new BoundaryError('interrupted', 'Training was interrupted.', 'Resume the run to repeat the step.');
  }
}

function scatter({ spans }: MicroBatchLayout, values: Float32Array, result: number[][]): void {
  for (const { index, first, count } of spans) {
    result[index] = Array.from(values.subarray(first, first + count));
  }
}
