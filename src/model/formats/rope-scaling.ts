import * as z from 'zod';

/** `rope_scaling` of a config.json; older files write `type` where newer ones write `rope_type`. */
export const RopeScaling = z.looseObject({
  rope_type: z.string().nullish(),
  type: z.string().nullish(),
  factor: z.number().nullish(),
  low_freq_factor: z.number().optional(),
  high_freq_factor: z.number().optional(),
  original_max_position_embeddings: z.number().optional(),
});
/** How rotary positions are stretched. */
export type RopeScaling = z.infer<typeof RopeScaling>;

/** The kind of scaling by either of its names; `default` = none. */
export function ropeScalingKind({ rope_type, type }: RopeScaling): string {
  return rope_type ?? type ?? 'default';
}

/**
 * Why a scaling cannot be computed, in words that follow the path of its file; undefined where it can, or where there is
 * none.
 */
export function findScalingFault(scaling: RopeScaling): string | undefined {
  const { rope_type, type, factor } = scaling;
  const kind = ropeScalingKind(scaling);
  if (kind !== 'default' && kind !== 'llama3') {
    return `scales its rotary positions (${kind}); only llama3's scaling can be run`;
  }
  if (rope_type && type && rope_type !== type) {
    return `names two ways to scale its rotary positions (${rope_type} and ${type})`;
  }
  if (kind === 'default' && (factor ?? 1) !== 1) {
    return `scales its rotary positions by ${factor} without saying in which way (rope_type)`;
  }
  return undefined;
}

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
  if (!scaling || ropeScalingKind(scaling) !== 'llama3') {
    return undefined;
  }
  const { low_freq_factor: low = 1, high_freq_factor: high = 4 } = scaling;
  const factor = scaling.factor ?? 8;
  const context = scaling.original_max_position_embeddings ?? 8192;
  return Array.from({ length: headSize / 2 }, (_, i) => {
    const wavelength = 2 * Math.PI * ropeBase ** ((2 * i) / headSize);
    const turns = context / wavelength;
    const unscaled = Math.min(1, Math.max(0, (turns - low) / (high - low)));
    return 1 / ((1 - unscaled) / factor + unscaled);
  });
}
