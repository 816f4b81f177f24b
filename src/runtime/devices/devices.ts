import type { Device } from '../settings.ts';

/** Where a device's programs run, and what is used there. */
export interface DeviceTraits {
  /** onnxruntime's name of the execution provider. */
  provider: string;
  /** Platforms on which onnxruntime-node brings the provider: `process.platform`-`process.arch`. */
  platforms: readonly string[];
  /**
   * Whether it has kernels for products of 8-bit numbers. Without them sampling uses 8-bit weights in blocks with
   * activations in fp32, and training fp16 where the device computes in it. Whether the processor's kernels are exact
   * depends on its instructions: integer-products.ts asks them.
   */
  int8Products: boolean;
  /**
   * Whether keys and values stay in its own memory from one run to the next (`gpu-buffer`). Elsewhere they are in main
   * memory: on the processor because it is the same, on other devices because nothing of it could be tried.
   */
  cacheOnDevice: boolean;
  /**
   * Whether training computes blocks of rows and of attention one after the other, for the sake of caches. The loops of a
   * graph are the processor's: elsewhere each turn of one would wait for copies.
   */
  loops: boolean;
  /** What it wants beside the package, for a person. */
  needs: string;
  /** Whether tests have run on it: what it computes is compared with the processor's. */
  proven: boolean;
}

/** What a person should know of a processor without exact integer products; docs/performance.md has the figures. */
export const saturationNote =
  'integer products saturate on this processor; sampling takes about 1.5 times as long, training twice';

/**
 * Every device that a model can run on. What a provider has no kernel for, onnxruntime computes on the processor, so
 * that each device computes the same.
 */
export const devices: Readonly<Record<Device, DeviceTraits>> = {
  cpu: {
    provider: 'cpu',
    platforms: ['linux-x64', 'linux-arm64', 'darwin-arm64', 'win32-x64', 'win32-arm64'],
    int8Products: true,
    cacheOnDevice: false,
    loops: true,
    needs: 'nothing else',
    proven: true,
  },
  webgpu: {
    provider: 'webgpu',
    platforms: ['linux-x64', 'darwin-arm64', 'win32-x64', 'win32-arm64'],
    int8Products: false,
    cacheOnDevice: true,
    loops: false,
    needs: 'a graphics card with a driver for Vulkan (Linux: libvulkan1), Metal or Direct3D 12',
    proven: true,
  },
  cuda: {
    provider: 'cuda',
    platforms: ['linux-x64'],
    int8Products: false,
    cacheOnDevice: false,
    loops: false,
    needs: 'an NVIDIA card with CUDA and cuDNN, and the CUDA libraries of onnxruntime beside onnxruntime-node',
    proven: false,
  },
  dml: {
    provider: 'dml',
    platforms: ['win32-x64', 'win32-arm64'],
    int8Products: false,
    cacheOnDevice: false,
    loops: false,
    needs: 'a graphics card with Direct3D 12',
    proven: false,
  },
  coreml: {
    provider: 'coreml',
    platforms: ['darwin-arm64'],
    int8Products: false,
    cacheOnDevice: false,
    loops: false,
    needs: 'an Apple processor',
    proven: false,
  },
};

/** Devices whose provider onnxruntime-node brings to a platform (`process.platform`-`process.arch`). */
export function devicesOf(platform: string): Device[] {
  const names = Object.keys(devices) as Device[];
  return names.filter((name) => devices[name].platforms.includes(platform));
}
