import { InferenceSession, Tensor } from 'onnxruntime-node';
import { elementType, Graph, type ElementType, type Value } from '../../onnx/graph.ts';
import { at } from '../../base/arrays.ts';
import { BoundaryError } from '../../base/errors.ts';
import type { Device, RuntimeSettings } from '../settings.ts';
import { devices } from './devices.ts';
import { assertAttention } from './attention-probe.ts';

/**
 * Computes a product on the device alone, with no way back to the processor, then attention with its cache. Throws
 * BoundaryError('environment') that says why the device is of no use here. To be called in a separate process: a driver
 * that does not fit can end it.
 */
export async function probeDevice(device: Device): Promise<void> {
  const { provider, platforms, needs } = devices[device];
  const platform = `${process.platform}-${process.arch}`;
  if (!platforms.includes(platform)) {
    throw absent(device, `onnxruntime-node has it on ${platforms.join(', ')} alone`);
  }
  try {
    await computeProduct(provider, 'float');
    await assertAttention(device);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw absent(device, `${explain(reason)}; it needs ${needs}`, error);
  }
}

/** Whether the device, which works, computes in fp16. */
export async function computesHalf(device: Device): Promise<boolean> {
  try {
    await computeProduct(devices[device].provider, 'float16');
    return true;
  } catch {
    return false;
  }
}

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

function absent(device: Device, reason: string, cause?: unknown): BoundaryError {
  const message = `The device ${device} does not work here: ${reason}.`;
  return new BoundaryError('environment', message, 'Use the device cpu; `selfq doctor` shows what works.', { cause });
}

const rows = 2;
const width = 32;
const tolerance = { float: 1e-3, float16: 5e-2 };

/** In numbers of `type`, on the device alone. */
async function computeProduct(provider: string, type: 'float' | 'float16'): Promise<void> {
  const graph = new Graph();
  const x = graph.input('x', 'float', [rows, width]);
  const weights = Float32Array.from({ length: width * width }, (_, i) => Math.sin(i));
  const cast = (value: Value, to: ElementType) => graph.op('Cast', [value], { to: elementType[to] });
  const product = graph.op('MatMul', [cast(x, type), cast(graph.constant('float', [width, width], weights), type)]);
  graph.output('y', cast(product, 'float'), 'float', [rows, width]);
  const session = await InferenceSession.create(graph.serialize(), {
    executionProviders: [provider],
    logSeverityLevel: 4,
    extra: { session: { disable_cpu_ep_fallback: provider === 'cpu' ? '0' : '1' } },
  });
  try {
    const values = Float32Array.from({ length: rows * width }, (_, i) => Math.cos(i));
    const { y } = await session.run({ x: new Tensor('float32', values, [rows, width]) });
    for (let i = 0; i < rows * width; i++) {
      const row = values.subarray(i - (i % width), i - (i % width) + width);
      const sum = row.reduce((total, value, k) => total + value * at(weights, k * width + (i % width)), 0);
      if (!(Math.abs(Number(y?.data[i]) - sum) < tolerance[type])) {
        throw new Error(`it computes wrongly: ${String(y?.data[i])} instead of ${sum}`);
      }
    }
  } finally {
    await session.release();
  }
}

/** onnxruntime's reports name its source files; what a person needs is the last clause. */
function explain(report: string): string {
  if (/No supported adapters|libvulkan/.test(report)) {
    return 'no graphics card was found';
  }
  if (/Failed to load shared library|backend not found/.test(report)) {
    return 'its library is not installed';
  }
  const [line = ''] = report.split('\n');
  return line.slice(-200);
}
