import * as z from 'zod';

/** `rope_scaling` of a config.json. */
export const RopeScaling = z.object({
  rope_type: z.string().optional(),
  factor: z.number().optional(),
  low_freq_factor: z.number().optional(),
  high_freq_factor: z.number().optional(),
  original_max_position_embeddings: z.number().optional(),
});
export type RopeScaling = z.infer<typeof RopeScaling>;

/**
 * Divisors of the inverse rotary frequencies, headSize / 2 of them, as Llama 3.1 stretches its context: wavelengths
 * beyond the original context are scaled by `factor`, short ones not at all, those between gradually.
 * Undefined for any other scaling.
 */
export function llama3RopeFactors(
  scaling: RopeScaling | undefined,
  ropeBase: number,
  headSize: number,
): number[] | undefined {
  if (scaling?.rope_type !== 'llama3') {
    return undefined;
  }
  const { factor = 8, low_freq_factor: low = 1, high_freq_factor: high = 4 } = scaling;
  const context = scaling.original_max_position_embeddings ?? 8192;
  return Array.from({ length: headSize / 2 }, (_, i) => {
    const wavelength = 2 * Math.PI * ropeBase ** ((2 * i) / headSize);
    const turns = context / wavelength;
    const share = Math.min(1, Math.max(0, (turns - low) / (high - low)));
    return 1 / ((1 - share) / factor + share);
  });
}
