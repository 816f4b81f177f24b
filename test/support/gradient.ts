import type { DecoderConfig } from '../../src/model/model.ts';
import type { TrainOptions } from '../../src/protocol/runtime.ts';
import type { Adapter } from '../../src/runtime/decoder/adapter.ts';
import { adaptedLinears } from '../../src/runtime/decoder/decoder.ts';
import type { OptimizerState } from '../../src/runtime/training/optimizer.ts';

/** An update that changes nothing and leaves the gradient in the first moments of the optimiser. */
export const gradientAlone: TrainOptions = {
  lossType: 'dapo',
  epsilonLow: 0.2,
  epsilonHigh: 0.2,
  dualClip: 3,
  beta: 0,
  learningRate: 0,
  adamBeta1: 0,
  adamBeta2: 0.999,
  weightDecay: 0,
  maxGradNorm: Infinity,
  miniBatchSequences: 0,
  maxCompletionTokens: 32,
};

/** What {@link gradientAlone} left, by the names that PEFT gives the matrices, in the order of the adapter. */
export function gradientByName({ pairs }: Adapter, { first }: OptimizerState): Map<string, Float32Array> {
  return new Map(
    pairs.flatMap(({ name }, i): [string, Float32Array][] => [
      [`${name}.lora_A.weight`, first[2 * i]!],
      [`${name}.lora_B.weight`, first[2 * i + 1]!],
    ]),
  );
}

/** An adapter that scripts/fixtures/noise_adapter.py makes as well; B is uniform in -widthOfB / 2 .. widthOfB / 2. */
export function noiseAdapter(config: DecoderConfig, rank: number, alpha: number, widthOfB: number): Adapter {
  const pairs = adaptedLinears(config).map(({ name, inputs, outputs }, i) => ({
    ...{ name, inputs, outputs, rank, alpha, scale: alpha / rank },
    a: centred(2 * i, rank * inputs, 2 / Math.sqrt(inputs)),
    b: centred(2 * i + 1, rank * outputs, widthOfB),
  }));
  return { rank, alpha, rankStabilized: false, pairs };
}

/** Sums of a tensor's elements with the 32 random signs of each position; `index` is the tensor's place in the adapter. */
export function projections(tensor: Float32Array, index: number): number[] {
  const sums = new Array<number>(32).fill(0);
  for (let i = 0; i < tensor.length; i++) {
    const word = noise(2000 + index, i);
    for (let bit = 0; bit < 32; bit++) {
      sums[bit]! += (word >>> bit) & 1 ? tensor[i]! : -tensor[i]!;
    }
  }
  return sums;
}

function centred(stream: number, count: number, width: number): Float32Array {
  return Float32Array.from({ length: count }, (_, i) => (noise(stream, i) / 2 ** 32 - 0.5) * width);
}

/** 32 bits that depend on (stream, position) alone. */
function noise(stream: number, position: number): number {
  let h = Math.imul(position + 1, 0x9e3779b1) ^ Math.imul(stream + 1, 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 16), 0x7feb352d);
  h = Math.imul(h ^ (h >>> 15), 0x846ca68b);
  return (h ^ (h >>> 16)) >>> 0;
}
