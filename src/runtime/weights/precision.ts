import type { SamplerPrecision, TrainPrecision } from '../../protocol/runtime.ts';
import type { WeightFormat } from './weight-plan.ts';

/**
 * The stored format of each precision of the sampler: how the frozen matrices of a model are multiplied. LoRA, norms, attention and the embedding's sums are fp32 in all of
 * them.
 *
 * sampler `strict`: 8-bit weights in blocks of 32, activations rounded in blocks of 32 (`MatMulNBits`).
 * sampler `balanced`: integer products of rotated rows and columns, one scale for each row and column.
 * sampler `fast`: the same without the rotation, except in front of `o_proj`.
 * trainer `exact`: fp32.
 * trainer `half`: fp16, each row scaled to its largest element; for devices that have no integer products.
 * trainer `balanced`, `fast`: forward as the sampler of that name; backward integer products without rotation.
 */
export const samplerFormats: Record<SamplerPrecision, WeightFormat> = {
  strict: 'nb32',
  balanced: 'int8-rotated',
  fast: 'int8',
};

/** The stored format of each precision of the trainer. */
export const trainerFormats: Record<TrainPrecision, WeightFormat> = {
  exact: 'fp32',
  half: 'fp16',
  balanced: 'int8-rotated',
  fast: 'int8',
};
