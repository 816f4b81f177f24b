import type { DecoderConfig } from '../../model/model.ts';
import { adaptedLinears } from './decoder.ts';

/**
 * One LoRA pair in the layout of PEFT: y += (alpha / rank) * (x A^T) B^T.
 * `a` [rank, inputs] starts random (Kaiming uniform with a = sqrt 5, as PEFT does), `b` [outputs, rank] starts zero.
 */
export interface LoraPair {
  name: string;
  inputs: number;
  outputs: number;
  a: Float32Array;
  b: Float32Array;
}

/** All trainable parameters of the policy; trained in place. */
export interface Adapter {
  rank: number;
  alpha: number;
  pairs: LoraPair[];
}

/** A fresh adapter; `random()` is uniform in [0, 1). */
export function createAdapter(config: DecoderConfig, rank: number, alpha: number, random: () => number): Adapter {
  const pairs = adaptedLinears(config).map(({ name, inputs, outputs }) => {
    const bound = 1 / Math.sqrt(inputs);
    const a = Float32Array.from({ length: rank * inputs }, () => (random() * 2 - 1) * bound);
    return { name, inputs, outputs, a, b: new Float32Array(outputs * rank) };
  });
  return { rank, alpha, pairs };
}
