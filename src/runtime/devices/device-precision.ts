import type { RuntimeSettings } from '../settings.ts';
import { computesHalf } from './device-probe.ts';
import { devices } from './devices.ts';

type Precisions = Pick<RuntimeSettings, 'device' | 'samplerPrecision' | 'trainPrecision'>;

/** The request with precisions that its device has kernels for: of graphics cards, not all compute in fp16. */
export async function forDevice<Request extends Precisions>(request: Request): Promise<Request> {
  const { device, trainPrecision } = request;
  if (devices[device].int8Products) {
    return request;
  }
  const half = trainPrecision !== 'exact' && (await computesHalf(device));
  return { ...request, samplerPrecision: 'strict', trainPrecision: half ? 'half' : 'exact' };
}
