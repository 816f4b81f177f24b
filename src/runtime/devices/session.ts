import { randomBytes } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { contrib, Graph } from '../../onnx/graph.ts';
import { BoundaryError } from '../../base/errors.ts';
import type { Device } from '../settings.ts';
import { devices } from './devices.ts';

export interface SessionOptions {
  /** Default `cpu`. */
  device?: Device;
  /** Threads of one operator; 0 = physical cores. */
  threads: number;
  /**
   * Default true: constant matrices are copied into the kernels' own layout when the session is made. False: they stay
   * in the mapped file, which sessions share, and each product packs what it needs.
   */
  prepack?: boolean;
  /**
   * Default true: for each combination of input shapes, memory is planned as one block. False for sessions that meet
   * many shapes: their arena would keep a block for each of them (11.8 GB in a run of coding).
   */
  memoryPattern?: boolean;
  /** Outputs that stay in the memory of the device (`gpu-buffer`); default none. */
  onDevice?: readonly string[];
  /** Where to write a profile by operator (Chrome's trace format), a prefix; default none. */
  profile?: string;
}

/**
 * An inference session on `graph`. `folder` is where its external data lies; the ONNX file lives there only while it
 * is loaded.
 */
export async function createSession(
  graph: Graph,
  { device = 'cpu', threads, prepack = true, memoryPattern = true, onDevice = [], profile }: SessionOptions,
  folder: string = tmpdir(),
): Promise<InferenceSession> {
  const path = join(folder, `graph-${process.pid}-${randomBytes(4).toString('hex')}.onnx`);
  try {
    await writeFile(path, graph.serialize());
    return await InferenceSession.create(path, {
      executionProviders: providersOf(device),
      ...(threads > 0 && { intraOpNumThreads: threads }),
      graphOptimizationLevel: 'all',
      executionMode: 'sequential',
      enableMemPattern: memoryPattern,
      ...(onDevice.length > 0 && {
        preferredOutputLocation: Object.fromEntries(onDevice.map((name) => [name, 'gpu-buffer' as const])),
      }),
      ...(profile !== undefined && { enableProfiling: true, profileFilePrefix: profile }),
      logSeverityLevel: 3,
      // `disable_quant_qdq`: otherwise what is restored from 8 bit is restored again for each of its readers.
      // Threads that spin for long while they wait take 40 % more CPU time, and when other programs need the cores they
      // spin through the time slice in which the others could have finished. 20 microseconds bridge the next operator.
      extra: {
        session: {
          intra_op: { spin_duration_us: '20' },
          disable_quant_qdq: '1',
          ...(!prepack && { disable_prepacking: '1' }),
        },
      },
    });
  } finally {
    await rm(path, { force: true });
  }
}

/**
 * What the device has no kernel for goes to the processor. Throws BoundaryError('environment') for a device that is not of
 * this platform: onnxruntime would compute everything on the processor and say nothing.
 */
function providersOf(device: Device): string[] {
  const { provider, platforms } = devices[device];
  const platform = `${process.platform}-${process.arch}`;
  if (!platforms.includes(platform)) {
    throw new BoundaryError(
      'environment',
      `The device ${device} does not exist on ${platform}.`,
      'Use the device cpu; `selfq doctor` shows what works.',
    );
  }
  return device === 'cpu' ? ['cpu'] : [provider, 'cpu'];
}

/** Tensors by the names of a graph's inputs or outputs. */
export type Tensors = Record<string, Tensor>;

/**
 * Runs a session so that its outputs stand in the buffers of `outputs`; an output may share its buffer with an input
 * (GroupQueryAttention then writes into the cache in place).
 */
export type RunInto = (session: InferenceSession, inputs: Tensors, outputs: Tensors) => Promise<void>;

/** First output of every graph that is run by {@link RunInto}: see `withoutCopies`. */
export const sequenceOutput = 'sequence';

/** Declares the output that `withoutCopies` stops at; call it before any other output is added. `value` is int32 []. */
export function addSequenceOutput(graph: Graph, value: string): void {
  const port = { name: sequenceOutput, type: 'int32' as const, dims: [], output: true, sequence: true };
  graph.outputOf('SequenceConstruct', [value], {}, [port]);
}

const sequenceRefusal = 'Non tensor type is temporarily not supported.';

/**
 * onnxruntime-node 1.30 copies every fetched output into a new ArrayBuffer, pre-allocated or not, which for a KV cache
 * costs more than the step itself. It converts outputs in order and throws at the first that is no tensor: with a
 * sequence in front, everything has been computed into the pre-allocated buffers and nothing is copied.
 */
const withoutCopies: RunInto = async (session, inputs, outputs) => {
  try {
    await session.run(inputs, { [sequenceOutput]: null, ...outputs });
  } catch (error) {
    if (error instanceof Error && error.message === sequenceRefusal) {
      return;
    }
    throw error;
  }
  throw new Error('the binding converted a sequence');
};

/** For bindings that write pre-allocated outputs and return at the end. */
const preallocated: RunInto = async (session, inputs, outputs) => {
  await session.run(inputs, outputs);
};

/** For bindings that ignore pre-allocated outputs: right, but slow. */
const copying: RunInto = async (session, inputs, outputs) => {
  const results = await session.run(inputs, Object.keys(outputs));
  for (const [name, { data }] of Object.entries(outputs)) {
    const source = results[name]!.data;
    if (data instanceof Float32Array && source instanceof Float32Array) {
      data.set(source);
    } else if (data instanceof Int32Array && source instanceof Int32Array) {
      data.set(source);
    } else {
      throw new TypeError(`output ${name} has an unexpected type`);
    }
  }
};

export const runModes = { withoutCopies, preallocated, copying };
export type RunMode = keyof typeof runModes;

/**
 * The fastest way of running that passes a test on this machine's binding: a small attention with its cache in place.
 * Throws BoundaryError('environment') when none does.
 */
export async function chooseRunMode(device: Device = 'cpu'): Promise<RunMode> {
  const failures: unknown[] = [];
  const session = await createSession(probeGraph(), { device, threads: 1 });
  try {
    for (const mode of ['withoutCopies', 'preallocated', 'copying'] as const) {
      try {
        if (await passesProbe(session, runModes[mode])) {
          return mode;
        }
      } catch (error) {
        failures.push(error);
      }
    }
  } finally {
    await session.release();
  }
  throw new BoundaryError(
    'environment',
    'onnxruntime-node on this machine does not compute attention with a key-value cache.',
    'Install the dependencies again (`npm ci --ignore-scripts`); `selfq doctor` shows what is found.',
    { cause: failures },
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
async function passesProbe(session: InferenceSession, run: RunInto): Promise<boolean> {
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
  await run(session, inputs, { attended, key, value });
  const holds = (tensor: Tensor, from: number) =>
    qkv.subarray(from, from + headSize).every((expected, i) => tensor.data[i] === expected);
  return holds(key, headSize) && holds(value, 2 * headSize) && holds(attended, 2 * headSize);
}
