import type { DecoderConfig } from '../../model/model.ts';

/** Tables of rotary embeddings, from position 0 on. */
export interface RopeTables {
  /** [positions, headSize / 2] fp32. */
  cos: Float32Array;
  sin: Float32Array;
}

/**
 * Cosines and sines of rotary embeddings, computed in fp64: angle(p, i) = p * ropeBase^(-2 i / headSize) /
 * ropeFactors[i].
 * Source: Su et al., RoFormer (arXiv 2104.09864), section 3.2.2.
 */
export function ropeTables({ headSize, ropeBase, ropeFactors }: DecoderConfig, positions: number): RopeTables {
  const half = headSize / 2;
  const cos = new Float32Array(positions * half);
  const sin = new Float32Array(positions * half);
  for (let i = 0; i < half; i++) {
    const frequency = ropeBase ** ((-2 * i) / headSize) / (ropeFactors?.[i] ?? 1);
    for (let position = 0; position < positions; position++) {
      cos[position * half + i] = Math.cos(position * frequency);
      sin[position * half + i] = Math.sin(position * frequency);
    }
  }
  return { cos, sin };
}
