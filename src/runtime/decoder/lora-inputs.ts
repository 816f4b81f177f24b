import { Tensor } from 'onnxruntime-node';
import { decoderLayout, packedLinearsOf, type PackedLinear } from '../../model/layout.ts';
import type { DecoderConfig } from '../../model/model.ts';
import type { Adapter, LoraPair } from './adapter.ts';
import type { Tensors } from '../devices/session.ts';

/** Graph inputs of one (packed) linear layer: A [inputs, rank] and B [rank, outputs], with the scale folded into B. */
export const loraPorts = (linear: string) => ({ a: `${linear}.lora_a`, b: `${linear}.lora_b` });

/**
 * The adapter as the generation graph takes it: transposed, and q, k, v as one pair whose A stands side by side and
 * whose B is block-diagonal. Pairs of smaller rank are padded with zeros to the largest one, since the graph has one
 * rank. Throws RangeError where the adapter lacks a linear layer.
 */
export function packAdapter(config: DecoderConfig, adapter: Adapter): Tensors {
  const pairs = new Map(adapter.pairs.map((pair) => [pair.name, pair]));
  const rank = Math.max(...adapter.pairs.map((pair) => pair.rank));
  const inputs: Tensors = {};
  for (const linear of productsOf(config)) {
    const members = linear.members.map(({ name }) => {
      const pair = pairs.get(name);
      if (!pair) {
        throw new RangeError(`the adapter lacks ${name}`);
      }
      return pair;
    });
    Object.assign(inputs, packPairs(linear, members, rank));
  }
  return inputs;
}

function productsOf(config: DecoderConfig): PackedLinear[] {
  return decoderLayout(config).layers.flatMap(packedLinearsOf);
}

function packPairs({ name, inputs, outputs }: PackedLinear, pairs: readonly LoraPair[], rank: number): Tensors {
  const inner = rank * pairs.length;
  const a = new Float32Array(inputs * inner);
  const b = new Float32Array(inner * outputs);
  let firstOutput = 0;
  for (const [member, pair] of pairs.entries()) {
    const firstInner = member * rank;
    transposeInto(a, inner, firstInner, pair.a, pair.rank, inputs);
    transposeInto(b, outputs, firstInner * outputs + firstOutput, pair.b, pair.outputs, pair.rank, pair.scale);
    firstOutput += pair.outputs;
  }
  return loraTensors(name, { a, inputs, inner, b, outputs });
}

/** Writes scale * source^T, source [rows, columns], to `target`, whose rows have `width` numbers, from `first` on. */
function transposeInto(
  target: Float32Array,
  width: number,
  first: number,
  source: Float32Array,
  rows: number,
  columns: number,
  scale = 1,
): void {
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      target[first + column * width + row] = source[row * columns + column]! * scale;
    }
  }
}

/** Inputs that add nothing (rank 1 of zeros): the base model. */
export function noAdapter(config: DecoderConfig): Tensors {
  const tensors: Tensors = {};
  for (const { name, inputs, outputs } of productsOf(config)) {
    const zeros = { a: new Float32Array(inputs), b: new Float32Array(outputs) };
    Object.assign(tensors, loraTensors(name, { ...zeros, inputs, inner: 1, outputs }));
  }
  return tensors;
}

function loraTensors(
  linear: string,
  {
    a,
    b,
    inputs,
    inner,
    outputs,
  }: { a: Float32Array; b: Float32Array; inputs: number; inner: number; outputs: number },
): Tensors {
  const ports = loraPorts(linear);
  return {
    [ports.a]: new Tensor('float32', a, [inputs, inner]),
    [ports.b]: new Tensor('float32', b, [inner, outputs]),
  };
}
