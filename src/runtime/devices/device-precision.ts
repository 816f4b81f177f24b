import type { LoadRequest } from '../../protocol/runtime.ts';
import { computesHalf } from './device-probe.ts';
import { devices } from './devices.ts';

/** The request with precisions that its device has kernels for: of graphics cards, not all compute in fp16. */
export async function forDevice(request: LoadRequest): Promise<LoadRequest> {
  const { device, trainPrecision = 'exact' } = request;
  if (devices[device].int8Products) {
    return request;
  }
  const half = trainPrecision !== 'exact' && (await computesHalf(device));
  return { ...request, samplerPrecision: 'strict', trainPrecision: half ? 'half' : 'exact' };
}
