import { at } from '../../base/arrays.ts';
import type { CheckpointPolicy, SavedKind } from '../../onnx/autodiff.ts';
import { elementType, type Graph, type Typed, type Value } from '../../onnx/graph.ts';
import type { GradientCheckpointing } from '../settings.ts';

const keptKinds: Record<Exclude<GradientCheckpointing, 'none'>, readonly SavedKind[]> = {
  selective: ['input', 'attended', 'wide', 'reduced'],
  full: ['input', 'attended'],
};

/**
 * What a layer keeps for its backward pass besides its input.
 * `selective`: the result of attention and the products that gate the feed-forward part; norms, q, k and v, attention
 * weights, gates and the product after attention are computed again. `full`: the result of attention alone.
 * `rounded`: where products are rounded to 8 bit anyway, so are the widest of what is kept, and the rest to 16 bit: the
 * gradient differs by less than the products' own rounding makes.
 */
export function checkpointPolicy(checkpointing: GradientCheckpointing, rounded: boolean): CheckpointPolicy | undefined {
  if (checkpointing === 'none') {
    return undefined;
  }
  const kinds = keptKinds[checkpointing];
  return {
    store(graph, value, kind) {
      if (!kinds.includes(kind)) {
        return undefined;
      }
      return rounded && kind !== 'reduced'
        ? roundRows(graph, value, kind === 'wide' ? 8 : 16)
        : [{ value, type: 'float' }];
    },
    restore(graph, stored, deferred) {
      const values = at(stored, 0);
      const scales = stored[1];
      return scales === undefined
        ? deferred(values)
        : graph.op('DequantizeLinear', [values, deferred(scales)], { axis: 0 });
    },
  };
}

/** x [rows, width] as integers and the size of a step of each row, [rows]. */
function roundRows(graph: Graph, x: Value, bits: 8 | 16): Typed[] {
  const largest = graph.op('ReduceMax', [x, graph.int64([-1])], { keepdims: 0 });
  const smallest = graph.op('ReduceMin', [x, graph.int64([-1])], { keepdims: 0 });
  const size = graph.op('Max', [largest, graph.op('Neg', [smallest]), graph.float(1e-30)]);
  const scales = graph.op('Mul', [size, graph.float(1 / (2 ** (bits - 1) - 1))]);
  const type = `int${bits}` as const;
  const integers = graph.op('QuantizeLinear', [x, scales], { axis: 0, output_dtype: elementType[type] });
  return [
    { value: integers, type },
    { value: scales, type: 'float' },
  ];
}
