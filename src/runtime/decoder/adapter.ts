import type { DecoderConfig } from '../../model/model.ts';
import { adaptedLinears } from './decoder.ts';

/**
 * One LoRA pair in the layout of PEFT: y += scale * (x A^T) B^T.
 * `a` [rank, inputs] starts random (Kaiming uniform with a = sqrt 5, as PEFT does), `b` [outputs, rank] starts zero.
 */
export interface LoraPair {
  /** The linear layer that it adapts. */
  name: string;
  inputs: number;
  outputs: number;
  rank: number;
  alpha: number;
  /** {@link loraScale} of alpha and rank. */
  scale: number;
  a: Float32Array;
  b: Float32Array;
}

/** All trainable parameters of the policy; trained in place. */
export interface Adapter {
  /** Of the pairs that a `rank_pattern` of PEFT does not name. */
  rank: number;
  /** Of the pairs that an `alpha_pattern` of PEFT does not name. */
  alpha: number;
  /** Whether pairs are scaled by the square root of their rank: Kalajdzievski, rsLoRA (arXiv 2312.03732). */
  rankStabilized: boolean;
  pairs: LoraPair[];
}

/** The factor of the product of a pair: alpha / rank, with rsLoRA alpha / sqrt(rank). */
export function loraScale(alpha: number, rank: number, rankStabilized: boolean): number {
  return alpha / (rankStabilized ? Math.sqrt(rank) : rank);
}

/** An adapter that adds nothing yet; `random()` is uniform in [0, 1). */
export function createAdapter(config: DecoderConfig, rank: number, alpha: number, random: () => number): Adapter {
  const scale = loraScale(alpha, rank, false);
  const pairs = adaptedLinears(config).map(({ name, inputs, outputs }) => {
    const bound = 1 / Math.sqrt(inputs);
    const a = Float32Array.from({ length: rank * inputs }, () => (random() * 2 - 1) * bound);
    return { name, inputs, outputs, rank, alpha, scale, a, b: new Float32Array(outputs * rank) };
  });
  return { rank, alpha, rankStabilized: false, pairs };
}
