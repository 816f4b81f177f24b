import { randomBytes } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { InferenceSession, type Tensor } from 'onnxruntime-node';
import type { Graph } from '../../onnx/graph.ts';
import { BoundaryError } from '../../base/errors.ts';
import type { Device } from '../settings.ts';
import { devices } from './devices.ts';

/** How a session is made. */
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
      //
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

/** First output of every graph that is run by {@link runInto}. */
export const sequenceOutput = 'sequence';

/** Declares the output that {@link runInto} stops at; call it before any other output is added. `value` is int32 []. */
export function addSequenceOutput(graph: Graph, value: string): void {
  const port = { name: sequenceOutput, type: 'int32' as const, dims: [], output: true, sequence: true };
  graph.outputOf('SequenceConstruct', [value], {}, [port]);
}

const sequenceRefusal = 'Non tensor type is temporarily not supported.';

/**
 * Runs a session so that its outputs are written to the buffers of `outputs`; an output may share its buffer with an input
 * (GroupQueryAttention then writes into the cache in place).
 *
 * onnxruntime-node 1.30 copies every fetched output into a new ArrayBuffer, pre-allocated or not, which for a KV cache
 * costs more than the step itself. It converts outputs in order and throws at the first that is no tensor: with a
 * sequence in front, everything has been computed into the pre-allocated buffers and nothing is copied.
 */
export async function runInto(session: InferenceSession, inputs: Tensors, outputs: Tensors): Promise<void> {
  try {
    await session.run(inputs, { [sequenceOutput]: null, ...outputs });
  } catch (error) {
    if (error instanceof Error && error.message === sequenceRefusal) {
      return;
    }
    throw error;
  }
  throw new Error('the binding converted a sequence');
}

let collect: ((options: Record<string, string>) => void) | undefined;

/**
 * Returns the memory of dead objects to the system. The collector waits for its heap to fill, since it does not know
 * how scarce memory is outside of it: a graph that was built leaves some 100 MB behind.
 */
export function collectGarbage(): void {
  if (!collect) {
    setFlagsFromString('--expose-gc');
    collect = runInNewContext('gc') as (options: Record<string, string>) => void;
  }
  collect({ type: 'major', execution: 'sync', flavor: 'last-resort' });
}
