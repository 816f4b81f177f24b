import type { DecoderConfig } from '../model/model.ts';
import type { CheckpointPolicy } from '../onnx/autodiff.ts';
import { elementType, type ElementType, type Graph, type Value } from '../onnx/graph.ts';
import { rotationWidth } from './int8.ts';

/** What the backward pass of an update computes again instead of keeping it. */
export type GradientCheckpointing = 'none' | 'selective' | 'full';

/**
 * What a layer keeps for its backward pass besides its input.
 * `selective`: the results of matrix products that are dear, and of attention; norms, rotations, gates, attention weights
 * and the product behind attention are computed again. `full`: the result of attention alone.
 * `rounded`: where products are rounded to 8 bit anyway, so are the widest of what is kept (blocks with a scale each),
 * and the rest is kept in half precision: a gradient differs by less than one rounding of the products makes.
 */
export function checkpointPolicy(
  graph: Graph,
  checkpointing: GradientCheckpointing,
  { ffn }: DecoderConfig,
  rounded: boolean,
): CheckpointPolicy | undefined {
  if (checkpointing === 'none') {
    return undefined;
  }
  const cast = (value: Value, to: ElementType) => graph.op('Cast', [value], { to: elementType[to] });
  const wide = roundedBlocks(graph, ffn);
  return {
    store(value, kind) {
      const isKept = checkpointing === 'full' ? kind === 'attended' : kind !== 'residual' && kind !== 'term';
      if (!isKept) {
        return undefined;
      }
      if (!rounded) {
        return [value];
      }
      return kind === 'wide' ? wide.store(value) : [cast(value, 'float16')];
    },
    restore(stored, kind) {
      if (!rounded) {
        return stored[0]!;
      }
      return kind === 'wide' ? wide.restore(stored) : cast(stored[0]!, 'float');
    },
  };
}

/** Rows of `width` numbers in 8 bit, in blocks with a scale each. */
function roundedBlocks(graph: Graph, width: number) {
  const block = rotationWidth(width);
  const shaped = (value: Value, ...shape: number[]) => graph.op('Reshape', [value, graph.int64(shape)]);
  return {
    store(value: Value): readonly Value[] {
      const blocks = shaped(value, -1, block);
      const largest = graph.op('ReduceMax', [blocks, graph.int64([-1])], { keepdims: 0 });
      const smallest = graph.op('ReduceMin', [blocks, graph.int64([-1])], { keepdims: 0 });
      const size = graph.op('Max', [largest, graph.op('Neg', [smallest]), graph.float(1e-30)]);
      const scales = graph.op('Mul', [size, graph.float(1 / 127)]);
      const integers = graph.op('QuantizeLinear', [blocks, scales], { axis: 0, output_dtype: elementType.int8 });
      return [shaped(integers, -1, width), shaped(scales, -1, width / block)];
    },
    restore([integers, scales]: readonly Value[]): Value {
      const operands = [shaped(integers!, -1, block), shaped(scales!, -1)];
      return shaped(graph.op('DequantizeLinear', operands, { axis: 0 }), -1, width);
    },
  };
}
