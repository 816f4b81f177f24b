import { Tensor, type InferenceSession } from 'onnxruntime-node';
import { BoundaryError } from '../../base/errors.ts';
import { contrib, Graph } from '../../onnx/graph.ts';
import type { Device } from '../settings.ts';
import { addSequenceOutput, createSession, runInto } from './session.ts';

/**
 * Computes a small attention with its cache in place. Throws BoundaryError('environment') when this machine's binding or
 * the device does not.
 */
export async function assertAttention(device: Device = 'cpu'): Promise<void> {
  const session = await createSession(probeGraph(), { device, threads: 1 });
  let cause: unknown;
  try {
    if (await passesProbe(session)) {
      return;
    }
  } catch (error) {
    cause = error;
  } finally {
    await session.release();
  }
  throw new BoundaryError(
    'environment',
    'onnxruntime-node on this machine does not compute attention with a key-value cache.',
    'Install the dependencies again (`npm ci --ignore-scripts`); `selfq doctor` shows what is found.',
    { cause },
  );
}

const probe = { headSize: 16, positions: 4 };

/** One head, one layer, batch 1: cache in and out, and one more output. */
function probeGraph(): Graph {
  const { headSize, positions } = probe;
  const graph = new Graph();
  const qkv = graph.input('qkv', 'float', [1, 1, 3 * headSize]);
  const lengths = graph.input('lengths', 'int32', [1]);
  const total = graph.input('total', 'int32', []);
  addSequenceOutput(graph, total);
  const cache = [1, 1, positions, headSize];
  const inputs = [qkv, '', '', graph.input('pastKey', 'float', cache), graph.input('pastValue', 'float', cache)];
  graph.outputOf(
    'GroupQueryAttention',
    [...inputs, lengths, total],
    { num_heads: 1, kv_num_heads: 1 },
    [
      { name: 'attended', type: 'float', dims: [1, 1, headSize], output: true },
      { name: 'key', type: 'float', dims: cache, output: true },
      { name: 'value', type: 'float', dims: cache, output: true },
    ],
    contrib,
  );
  return graph;
}

/** At position 0 attention returns the value itself; key and value must stand in the first row of the cache. */
async function passesProbe(session: InferenceSession): Promise<boolean> {
  const { headSize, positions } = probe;
  const shape = [1, 1, positions, headSize];
  const qkv = Float32Array.from({ length: 3 * headSize }, (_, i) => i + 1);
  const key = new Tensor('float32', new Float32Array(positions * headSize).fill(-1), shape);
  const value = new Tensor('float32', new Float32Array(positions * headSize).fill(-1), shape);
  const attended = new Tensor('float32', new Float32Array(headSize), [1, 1, headSize]);
  const inputs = {
    qkv: new Tensor('float32', qkv, [1, 1, 3 * headSize]),
    lengths: new Tensor('int32', Int32Array.of(0), [1]),
    total: new Tensor('int32', Int32Array.of(1), []),
    pastKey: key,
    pastValue: value,
  };
  await runInto(session, inputs, { attended, key, value });
  const holds = (tensor: Tensor, from: number) =>
    qkv.subarray(from, from + headSize).every((expected, i) => tensor.data[i] === expected);
  return holds(key, headSize) && holds(value, 2 * headSize) && holds(attended, 2 * headSize);
}
