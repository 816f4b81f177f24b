import { InferenceSession, Tensor } from 'onnxruntime-node';
import { elementType, Graph, type ElementType, type Value } from '../../onnx/graph.ts';
import { BoundaryError } from '../../base/errors.ts';
import type { Device } from '../settings.ts';
import { devices } from './devices.ts';
import { chooseRunMode } from './session.ts';

/**
 * Computes a product on the device alone, with no way back to the processor, then attention with its cache. Throws
 * BoundaryError('environment') that says why the device is of no use here. To be called in a process of its own: a
 * driver that does not fit can end it.
 */
export async function probeDevice(device: Device): Promise<void> {
  const { provider, platforms, needs } = devices[device];
  const platform = `${process.platform}-${process.arch}`;
  if (!platforms.includes(platform)) {
    throw absent(device, `onnxruntime-node has it on ${platforms.join(', ')} alone`);
  }
  try {
    await computeProduct(provider, 'float');
    await chooseRunMode(device);
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
      const [row, column] = [Math.floor(i / width), i % width];
      let sum = 0;
      for (let k = 0; k < width; k++) {
        sum += values[row * width + k]! * weights[k * width + column]!;
      }
      if (!(Math.abs(Number(y?.data[i]) - sum) < tolerance[type])) {
        throw new Error(`it computes wrongly: ${String(y?.data[i])} instead of ${sum}`);
      }
    }
  } finally {
    await session.release();
  }
}

/** onnxruntime's reports name source files of its own; what a person needs is the last clause. */
function explain(report: string): string {
  if (/No supported adapters|libvulkan/.test(report)) {
    return 'no graphics card was found';
  }
  if (/Failed to load shared library|backend not found/.test(report)) {
    return 'its library is not installed';
  }
  return report.split('\n')[0]!.slice(-200);
}
