import { Tensor } from 'onnxruntime-node';
import type { DecoderConfig } from '../../model/model.ts';
import type { Adapter, LoraPair } from './adapter.ts';
import { adaptedLinears } from './decoder.ts';
import type { Tensors } from '../devices/session.ts';

/** Graph inputs of one (packed) linear layer: A [inputs, rank] and B [rank, outputs], alpha / rank folded into B. */
export const loraPorts = (linear: string) => ({ a: `${linear}.lora_a`, b: `${linear}.lora_b` });

/** One linear layer of the generation graph and the layers of the checkpoint that it is packed from. */
interface PackedLinear {
  name: string;
  members: readonly { name: string; inputs: number; outputs: number }[];
}

/** q, k and v are one layer in the generation graph, the others stand alone. */
function packedLinears(config: DecoderConfig): PackedLinear[] {
  const packed: PackedLinear[] = [];
  const linears = adaptedLinears(config);
  for (let i = 0; i < linears.length; i++) {
    const linear = linears[i]!;
    if (linear.name.endsWith('.q_proj')) {
      packed.push({ name: linear.name.replace('.q_proj', '.qkv_proj'), members: linears.slice(i, i + 3) });
      i += 2;
    } else {
      packed.push({ name: linear.name, members: [linear] });
    }
  }
  return packed;
}

/**
 * The adapter as the generation graph takes it: transposed, and q, k, v as one pair whose A stands side by side and
 * whose B is block-diagonal.
 */
export function packAdapter(config: DecoderConfig, adapter: Adapter): Tensors {
  const pairs = new Map(adapter.pairs.map((pair) => [pair.name, pair]));
  const inputs: Tensors = {};
  for (const { name, members } of packedLinears(config)) {
    const own = members.map((member) => {
      const pair = pairs.get(member.name);
      if (!pair) {
        throw new Error(`the adapter lacks ${member.name}`);
      }
      return pair;
    });
    Object.assign(inputs, packPairs(name, own, adapter.rank, adapter.alpha / adapter.rank));
  }
  return inputs;
}

function packPairs(name: string, pairs: readonly LoraPair[], rank: number, scale: number): Tensors {
  const width = pairs[0]!.inputs;
  const outputs = pairs.reduce((sum, pair) => sum + pair.outputs, 0);
  const inner = rank * pairs.length;
  const a = new Float32Array(width * inner);
  const b = new Float32Array(inner * outputs);
  let firstOutput = 0;
  for (const [member, pair] of pairs.entries()) {
    const firstInner = member * rank;
    for (let r = 0; r < rank; r++) {
      for (let i = 0; i < width; i++) {
        a[i * inner + firstInner + r] = pair.a[r * width + i]!;
      }
      for (let o = 0; o < pair.outputs; o++) {
        b[(firstInner + r) * outputs + firstOutput + o] = pair.b[o * rank + r]! * scale;
      }
    }
    firstOutput += pair.outputs;
  }
  const ports = loraPorts(name);
  return {
    [ports.a]: new Tensor('float32', a, [width, inner]),
    [ports.b]: new Tensor('float32', b, [inner, outputs]),
  };
}

/** Inputs that add nothing (rank 1 of zeros): the base model. */
export function noAdapter(config: DecoderConfig): Tensors {
  const inputs: Tensors = {};
  for (const { name, members } of packedLinears(config)) {
    const outputs = members.reduce((sum, member) => sum + member.outputs, 0);
    const width = members[0]!.inputs;
    const ports = loraPorts(name);
    inputs[ports.a] = new Tensor('float32', new Float32Array(width), [width, 1]);
    inputs[ports.b] = new Tensor('float32', new Float32Array(outputs), [1, outputs]);
  }
  return inputs;
}
