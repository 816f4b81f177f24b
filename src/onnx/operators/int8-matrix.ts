import type { Graph, Value } from '../graph.ts';
import type { FrozenMatrix } from './linear.ts';

/** A matrix in 8 bit, [inputs, outputs] int8, times one scale per output, [outputs]. */
export interface Int8Weights {
  values: Value;
  scales: Value;
}

/**
 * Products of x [rows, inputs] with 8-bit matrices: each row of x is rounded to 8 bit by its largest element, the
 * product is computed in integers and scaled back. The rounded x is shared by all products that x enters.
 */
export function int8Products(graph: Graph): (x: Value, weights: Int8Weights) => Value {
  const rounded = new Map<Value, RoundedRows>();
  return (x, { values, scales }) => {
    const known = rounded.get(x);
    const { integers, largest } = known ?? roundRows(graph, x);
    rounded.set(x, { integers, largest });
    const inputs = [integers, values, stepOfOne(graph), scales, zeroPoint(graph)];
    return graph.op('Mul', [graph.contrib('MatMulIntegerToFloat', inputs), largest]);
  };
}

interface RoundedRows {
  /** uint8 around 128, 127 steps to each row's largest element. */
  integers: Value;
  /** [rows, 1] */
  largest: Value;
}

const stepOfOne = (graph: Graph) => graph.float(1 / 127);
const zeroPoint = (graph: Graph) => graph.constant('uint8', [], Uint8Array.of(128));

function roundRows(graph: Graph, x: Value): RoundedRows {
  const size = graph.op('ReduceMax', [graph.op('Abs', [x]), graph.int64([-1])], { keepdims: 1 });
  // A row of zeros must not be divided by zero.
  const largest = graph.op('Max', [size, graph.float(1e-30)]);
  const relative = graph.op('Div', [x, largest]);
  return { integers: graph.op('QuantizeLinear', [relative, stepOfOne(graph), zeroPoint(graph)]), largest };
}

/** W in 8 bit, rounded once for x W^T (scales of its rows) and once for gradient W (scales of its columns). */
export function int8Matrix(
  graph: Graph,
  product: (x: Value, weights: Int8Weights) => Value,
  forward: Int8Weights,
  backward: Int8Weights,
  bias?: Value,
): FrozenMatrix {
  const plus = (value: Value, added: Value | undefined) =>
    added === undefined ? value : graph.op('Add', [value, added]);
  return {
    forward: (x) => plus(product(x, forward), bias),
    backward: (gradient, soFar) => plus(product(gradient, backward), soFar),
  };
}
