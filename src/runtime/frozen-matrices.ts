import type { Graph } from '../onnx/graph.ts';
import { exactMatrix, type FrozenMatrix } from '../onnx/operators/linear.ts';
import type { Head } from '../onnx/operators/log-probability.ts';
import type { PreparedWeights } from './weights.ts';

/** The matrices of a model that are not trained, in the precision that a graph computes with. */
export interface FrozenMatrices {
  /** A linear layer by its name in the checkpoint, with its bias where it has one. */
  matrix(name: string): FrozenMatrix;
  /** `lm_head`. */
  head(): Head;
}

/** Everything in fp32, as the checkpoint has it. */
export function exactMatrices(graph: Graph, weights: PreparedWeights): FrozenMatrices {
  const matrix = (name: string): FrozenMatrix => {
    const bias = `${name}.bias`;
    const weight = weights.addTo(graph, `${name}.weight`);
    return exactMatrix(graph, weight, weights.has(bias) ? weights.addTo(graph, bias) : undefined);
  };
  return {
    matrix,
    head: () => {
      const weight = weights.addTo(graph, 'lm_head.weight');
      const rows: Head['rows'] = (ids) =>
        graph.op('Gather', [weight, graph.op('Squeeze', [ids, graph.int64([1])])], { axis: 0 });
      return { ...matrix('lm_head'), rows };
    },
  };
}
