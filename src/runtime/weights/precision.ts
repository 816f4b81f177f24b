import type { EvalPrecision, SamplerPrecision, TrainPrecision } from '../settings.ts';
import type { WeightFormat } from './weight-plan.ts';

/**
 * The stored format of each precision of the sampler: how the frozen matrices of a model are multiplied. LoRA, norms, attention and the embedding's sums are fp32 in all of
 * them.
 *
 * sampler `strict`: 8-bit weights in blocks of 32, activations rounded in blocks of 32 (`MatMulNBits`).
 * sampler `balanced`: integer products of rotated rows and columns, one scale for each row and column.
 * trainer `exact`: fp32.
 * trainer `half`: fp16, each row scaled to its largest element; for devices that have no integer products.
 * trainer `balanced`: forward as the sampler; backward integer products without rotation.
 */
export const samplerFormats: Record<SamplerPrecision, WeightFormat> = {
  strict: 'nb32',
  balanced: 'int8-rotated',
};

/** The stored format of each precision of evaluations. */
export const evalFormats: Record<EvalPrecision, WeightFormat> = { ...samplerFormats, exact: 'fp32' };

/** The stored format of each precision of the trainer. */
export const trainerFormats: Record<TrainPrecision, WeightFormat> = {
  exact: 'fp32',
  half: 'fp16',
  balanced: 'int8-rotated',
};
