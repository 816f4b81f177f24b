import { basename, dirname, join } from 'node:path';
import type { Graph, Value } from '../onnx/graph.ts';
import { int8Matrix, int8Products, type Int8Weights } from '../onnx/operators/int8-matrix.ts';
import { exactMatrix, type FrozenMatrix } from '../onnx/operators/linear.ts';
import type { Head } from '../onnx/operators/log-probability.ts';
import { adaptedLinears } from './decoder.ts';
import { rotationsOf } from './weight-plan.ts';
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

/** Products in 8 bit; layers whose names end with one of `exactLayers` (`down_proj`, `lm_head`) stay in fp32. */
export function int8Matrices(
  graph: Graph,
  weights: PreparedWeights,
  int8: PreparedWeights,
  exactLayers: readonly string[],
): FrozenMatrices {
  const { config } = weights;
  const exact = exactMatrices(graph, weights);
  const product = int8Products(graph);
  const isExact = (name: string) => exactLayers.some((layer) => name.split('.').at(-1) === layer);
  const sizes = new Map(adaptedLinears(config).map((linear) => [linear.name, linear]));
  const weightsOf = (name: string, rotation: number): Int8Weights => ({
    values: int8.addTo(graph, name),
    scales: int8.addTo(graph, `${name}.scale`),
    rotation,
  });
  const matrix = (name: string): FrozenMatrix => {
    if (isExact(name)) {
      return exact.matrix(name);
    }
    const { inputs, outputs } = sizes.get(name)!;
    const rotations = rotationsOf(name, outputs, inputs);
    const bias = `${name}.bias`;
    return int8Matrix(graph, product, {
      forward: weightsOf(`${name}.forward`, rotations.forward),
      backward: weightsOf(`${name}.backward`, rotations.backward),
      ...(weights.has(bias) && { bias: weights.addTo(graph, bias) }),
    });
  };
  const head = (): Head => {
    const { rows, ...matrix } = exact.head();
    if (isExact('lm_head')) {
      return { rows, ...matrix };
    }
    const rotations = rotationsOf('lm_head', config.vocabulary, config.hidden);
    const forward = weightsOf('lm_head.forward', rotations.forward);
    const backward = weightsOf('lm_head.backward', rotations.backward);
    return {
      rows,
      forward: (x) => product(x, forward),
      // Probabilities come back: they are rounded without a sign.
      backward: (probabilities) => product(probabilities, backward, 'unsigned'),
    };
  };
  return { matrix, head };
}

/** The same weights for an ONNX file in the folder above: one graph can then refer to several prepared folders. */
export function seenFromAbove(weights: PreparedWeights): PreparedWeights {
  return {
    ...weights,
    folder: dirname(weights.folder),
    addTo(graph: Graph, name: string): Value {
      const { type, dims, data } = weights.tensor(name);
      return graph.external(name, type, dims, { ...data, location: join(basename(weights.folder), data.location) });
    },
  };
}
