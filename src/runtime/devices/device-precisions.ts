import type { Precisions, RuntimeSettings } from '../settings.ts';
import { computesHalf } from './device-probe.ts';
import { devices, saturationNote } from './devices.ts';

/** The precisions that a device computes in where it was asked for others. */
export interface UsedPrecisions extends Precisions {
  /** Why they are not those that were asked for, as a sentence for a person; absent where they are. */
  reason?: string;
}

/**
 * The nearest precisions to those of `asked` that its device computes: of graphics cards not all compute in fp16, of
 * processors not all have exact products of integers. `integerProducts` tells the latter of this processor.
 */
export async function usedPrecisions(
  asked: Precisions & Pick<RuntimeSettings, 'device'>,
  integerProducts: () => Promise<boolean>,
): Promise<UsedPrecisions> {
  const { device, samplerPrecision, evalPrecision, trainPrecision } = asked;
  const isBalanced = [samplerPrecision, evalPrecision, trainPrecision].includes('balanced');
  const blocks: Pick<Precisions, 'samplerPrecision' | 'evalPrecision'> = {
    samplerPrecision: 'strict',
    evalPrecision: evalPrecision === 'balanced' ? 'strict' : evalPrecision,
  };
  if (!devices[device].int8Products) {
    const half = trainPrecision !== 'exact' && (await computesHalf(device));
    return explained(asked, { ...blocks, trainPrecision: half ? 'half' : 'exact' }, `on ${device}`);
  }
  if (!isBalanced || (await integerProducts())) {
    return { samplerPrecision, evalPrecision, trainPrecision };
  }
  const used: Precisions = {
    ...blocks,
    trainPrecision: trainPrecision === 'balanced' ? 'exact' : trainPrecision,
  };
  return explained(asked, used, `because ${saturationNote}`);
}

/** `used` with what differs from `asked`. */
function explained(asked: Precisions, used: Precisions, why: string): UsedPrecisions {
  const names = ['samplerPrecision', 'evalPrecision', 'trainPrecision'] as const;
  const changes = names.filter((name) => asked[name] !== used[name]);
  const list = changes.map((name) => `${name}=${asked[name]} is computed as ${used[name]}`).join(', ');
  return changes.length === 0 ? used : { ...used, reason: `${list} ${why}.` };
}
