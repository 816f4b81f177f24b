import { at, zip } from '../../base/arrays.ts';
import type { TrainOptions } from '../../protocol/runtime.ts';
import { parametersOf, type Trained } from '../decoder/trained.ts';

/** What an update of the optimiser is told. */
export type OptimizerSettings = Pick<
  TrainOptions,
  'learningRate' | 'adamBeta1' | 'adamBeta2' | 'weightDecay' | 'maxGradNorm'
>;

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

/** The state before the first step: all moments zero. */
export function createOptimizerState(trained: Trained): OptimizerState {
  const zeros = () => parametersOf(trained).map(({ data }) => new Float32Array(data.length));
  return { step: 0, first: zeros(), second: zeros() };
}

/** What became of an update. */
export interface UpdateResult {
  /** Euclidean norm of all gradients together, before clipping. */
  gradNorm: number;
  /** False when the norm was not finite: parameters and moments are as before. */
  applied: boolean;
}

const epsilon = 1e-8;

/**
 * One step of AdamW, in place, with bias correction, decoupled weight decay and a global gradient norm that is clipped.
 * Throws RangeError where the lists do not match.
 * Loshchilov and Hutter, Decoupled Weight Decay Regularization (arXiv 1711.05101).
 */
export function applyUpdate(
  parameters: readonly Float32Array[],
  gradients: readonly Float32Array[],
  state: OptimizerState,
  settings: OptimizerSettings,
): UpdateResult {
  const gradNorm = globalNorm(gradients);
  if (!Number.isFinite(gradNorm)) {
    return { gradNorm, applied: false };
  }
  const shrink = gradNorm > settings.maxGradNorm ? settings.maxGradNorm / gradNorm : 1;
  state.step++;
  for (const [index, [values, gradient]] of zip(parameters, gradients).entries()) {
    updateTensor(values, gradient, at(state.first, index), at(state.second, index), state.step, shrink, settings);
  }
  return { gradNorm, applied: true };
}

function globalNorm(gradients: readonly Float32Array[]): number {
  let sum = 0;
  for (const gradient of gradients) {
    // An iterator over a typed array takes ten times as long.
    for (let i = 0; i < gradient.length; i++) {
      sum += gradient[i]! * gradient[i]!;
    }
  }
  return Math.sqrt(sum);
}

function updateTensor(
  values: Float32Array,
  gradient: Float32Array,
  mean: Float32Array,
  square: Float32Array,
  step: number,
  shrink: number,
  { learningRate, adamBeta1, adamBeta2, weightDecay }: OptimizerSettings,
): void {
  const meanCorrection = 1 / (1 - adamBeta1 ** step);
  const squareCorrection = 1 / (1 - adamBeta2 ** step);
  const decay = 1 - learningRate * weightDecay;
  for (let i = 0; i < values.length; i++) {
    const g = gradient[i]! * shrink;
    const m = adamBeta1 * mean[i]! + (1 - adamBeta1) * g;
    const v = adamBeta2 * square[i]! + (1 - adamBeta2) * g * g;
    mean[i] = m;
    square[i] = v;
    values[i] = values[i]! * decay - (learningRate * m * meanCorrection) / (Math.sqrt(v * squareCorrection) + epsilon);
  }
}
