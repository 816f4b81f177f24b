import { Tensor } from 'onnxruntime-node';
import type { Graph } from '../../onnx/graph.ts';
import { createSession } from './session.ts';

/** A tensor in plain data. BigInt64Array stands for int64. */
export interface Feed {
  dims: readonly number[];
  data: Float32Array | BigInt64Array;
}

/** A graph that is ready to run. */
export interface Evaluator {
  run: (feeds: Readonly<Record<string, Feed>>) => Promise<Record<string, Float32Array>>;
  close: () => Promise<void>;
}

/** A small graph made ready to run on one thread; `run` returns its fp32 outputs by name. For tests and self-checks. */
export async function evaluator(graph: Graph): Promise<Evaluator> {
  const session = await createSession(graph, { threads: 1 });
  return {
    run: async (feeds) => {
      const tensors = Object.entries(feeds).map(([name, { dims, data }]): [string, Tensor] => [
        name,
        data instanceof Float32Array ? new Tensor('float32', data, dims) : new Tensor('int64', data, dims),
      ]);
      const results = await session.run(Object.fromEntries(tensors));
      return Object.fromEntries(
        Object.entries(results).map(([name, { data }]) => {
          if (!(data instanceof Float32Array)) {
            throw new TypeError(`${name} is not fp32`);
          }
          return [name, data];
        }),
      );
    },
    close: () => session.release(),
  };
}
