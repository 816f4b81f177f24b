import { decoderLayout, linearsOf, packedLinearsOf, type DecoderLayout, type Linear } from '../../model/layout.ts';
import type { DecoderConfig } from '../../model/model.ts';
import { BoundaryError } from '../../base/errors.ts';
import { quantizeBackward, quantizeForward, rotationWidth } from './int8.ts';
import { blockSize, quantizeBlocks } from './quantize.ts';

/**
 * How prepared weights are stored.
 * `fp32`: every tensor of the checkpoint under its own name, for exact training.
 * `fp16`: matrices in half precision (`NAME.half`), for products both ways. Everything else is in `fp32`.
 * `nb32`: matrices in 8 bit, blocks of 32 (`NAME.q`, `NAME.scale`), q, k and v stacked as `self_attn.qkv_proj`, for
 * generation.
 * `int8-rotated`: matrices rounded to 8 bit by columns, twice: with inputs rotated for x W^T (`NAME.forward`,
 * `NAME.forward.scale`; q, k and v stacked as `self_attn.qkv_proj`), and for gradient W (`NAME.backward`,
 * `NAME.backward.scale`). Everything else of the model is in the other formats.
 */
export const weightFormats = ['fp32', 'fp16', 'nb32', 'int8-rotated'] as const;
/** One of {@link weightFormats}. */
export type WeightFormat = (typeof weightFormats)[number];

/** Element types of prepared tensors. */
export const storedTypes = ['float', 'float16', 'uint8', 'int8'] as const;
type StoredType = (typeof storedTypes)[number];

/** Whether products with matrices of this format are those of 8-bit integers. */
export function isInt8(format: WeightFormat): boolean {
  return format === 'int8-rotated';
}

/** A tensor of the prepared file: its name there, element type and shape. */
export interface TensorShape {
  name: string;
  type: StoredType;
  dims: readonly number[];
}

/** Numbers of one prepared tensor, row-major. */
export type PreparedData = Float32Array | Float16Array | Uint8Array | Int8Array;

/** One tensor (or one matrix and its scales) of the prepared file: what to read and what becomes of it. */
export interface PreparationStep {
  sources: readonly string[];
  outputs: readonly [TensorShape, ...TensorShape[]];
  /** `parts` in the order of `sources`; returns the data of `outputs`. */
  build(parts: Float32Array[]): PreparedData[];
}

/** Everything that a prepared file holds, in the order in which it is written. */
export interface PreparationPlan {
  steps: readonly PreparationStep[];
  /** Tensors that lie where another one lies (a tied head): written once, indexed twice. */
  aliases: readonly (TensorShape & { of: string })[];
}

/**
 * What to read of a model and what to write for `format`. Throws BoundaryError('model') when a size is not made of
 * whole blocks.
 */
export function planPreparation(config: DecoderConfig, format: WeightFormat): PreparationPlan {
  switch (format) {
    case 'fp32':
      return planFp32(config);
    case 'fp16':
      return planHalves(config);
    case 'nb32':
      return planBlocks(config);
    case 'int8-rotated':
      return planColumns(config);
  }
}

const elementBytes: Record<StoredType, number> = { float: 4, float16: 2, uint8: 1, int8: 1 };

/** Bytes of a tensor of this type and shape. */
export function bytesOf({ type, dims }: TensorShape): number {
  return dims.reduce((product, size) => product * size, elementBytes[type]);
}

function planFp32(config: DecoderConfig): PreparationPlan {
  const layout = decoderLayout(config);
  const { embedding, head } = layout;
  const table = asIs(`${embedding.name}.weight`, [embedding.rows, embedding.width]);
  const matrices = [...layout.layers.flatMap(linearsOf), ...(config.tiedEmbedding ? [] : [head])];
  const steps = matrices.map(({ name, outputs, inputs }) => asIs(`${name}.weight`, [outputs, inputs]));
  const shape: TensorShape = { name: `${head.name}.weight`, type: 'float', dims: [head.outputs, head.inputs] };
  return {
    steps: [table, ...steps, ...norms(layout), ...layout.layers.flatMap(linearsOf).flatMap(biasesOf)],
    aliases: config.tiedEmbedding ? [{ ...shape, of: `${embedding.name}.weight` }] : [],
  };
}

function planHalves(config: DecoderConfig): PreparationPlan {
  const { layers, head } = decoderLayout(config);
  const steps = [...layers.flatMap(linearsOf), head].map((linear): PreparationStep => ({
    sources: weightsOf(linear),
    outputs: [{ name: `${linear.name}.half`, type: 'float16', dims: [linear.outputs, linear.inputs] }],
    build: (parts) => [new Float16Array(stack(parts))],
  }));
  return { steps, aliases: [] };
}

function planBlocks(config: DecoderConfig): PreparationPlan {
  const { hidden, heads, headSize, ffn } = config;
  for (const [what, size] of Object.entries({ hidden, ffn, 'heads * headSize': heads * headSize })) {
    if (size % blockSize !== 0) {
      throw new BoundaryError(
        'model',
        `The model's ${what} (${size}) is not a multiple of ${blockSize}, which 8-bit weights need.`,
        'Use a model of another size; `selfq models list` names models that work.',
      );
    }
  }
  const layout = decoderLayout(config);
  const { embedding, head } = layout;
  const table = { name: embedding.name, stored: [embedding.name], outputs: embedding.rows, inputs: embedding.width };
  const products = layout.layers.flatMap(packedLinearsOf);
  const steps = [
    quantized(table, true),
    ...products.flatMap((linear) => [quantized(linear), ...biasesOf(linear)]),
    ...norms(layout),
  ];
  if (!config.tiedEmbedding) {
    return { steps: [...steps, quantized(head)], aliases: [] };
  }
  const blocks = head.inputs / blockSize;
  const values = { name: `${head.name}.q`, type: 'uint8', dims: [head.outputs, blocks, blockSize] } as const;
  const scales = { name: `${head.name}.scale`, type: 'float', dims: [head.outputs * blocks] } as const;
  return {
    steps,
    aliases: [
      { ...values, of: `${embedding.name}.q` },
      { ...scales, of: `${embedding.name}.scale` },
    ],
  };
}

function planColumns(config: DecoderConfig): PreparationPlan {
  const { layers, head } = decoderLayout(config);
  return {
    steps: [
      ...layers.flatMap(packedLinearsOf).map(forwardColumns),
      ...layers.flatMap(linearsOf).map(backwardColumns),
      forwardColumns(head),
      backwardColumns(head),
    ],
    aliases: [],
  };
}

function forwardColumns(linear: Linear): PreparationStep {
  const { name, inputs, outputs } = linear;
  return {
    sources: weightsOf(linear),
    outputs: [
      { name: `${name}.forward`, type: 'int8', dims: [inputs, outputs] },
      { name: `${name}.forward.scale`, type: 'float', dims: [outputs] },
    ],
    build: (parts) => {
      const { values, scales } = quantizeForward(stack(parts), outputs, inputs, rotationWidth(inputs));
      return [values, scales];
    },
  };
}

function backwardColumns(linear: Linear): PreparationStep {
  const { name, inputs, outputs } = linear;
  return {
    sources: weightsOf(linear),
    outputs: [
      { name: `${name}.backward`, type: 'int8', dims: [outputs, inputs] },
      { name: `${name}.backward.scale`, type: 'float', dims: [inputs] },
    ],
    build: (parts) => {
      const { values, scales } = quantizeBackward(stack(parts), outputs, inputs);
      return [values, scales];
    },
  };
}

/** The checkpoint's tensors that a matrix is stacked from. */
function weightsOf({ stored }: { stored: readonly string[] }): string[] {
  return stored.map((name) => `${name}.weight`);
}

/** Matrices (or vectors) below each other. */
function stack(parts: readonly Float32Array[]): Float32Array {
  const [first] = parts;
  if (first && parts.length === 1) {
    return first;
  }
  const whole = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  parts.reduce((end, part) => (whole.set(part, end), end + part.length), 0);
  return whole;
}

/** Norms of all layers and the last one, as they are. */
function norms({ layers, norm }: DecoderLayout): PreparationStep[] {
  const all = layers.flatMap(({ inputNorm, postAttentionNorm, headNorms }) => [
    inputNorm,
    postAttentionNorm,
    ...(headNorms ? [headNorms.q, headNorms.k] : []),
  ]);
  return [...all, norm].map(({ name, width }) => asIs(`${name}.weight`, [width]));
}

/** The bias of a matrix, stacked as the matrix is; nothing where it has none. */
function biasesOf({ name, stored, outputs, bias }: Linear): PreparationStep[] {
  const step: PreparationStep = {
    sources: stored.map((part) => `${part}.bias`),
    outputs: [{ name: `${name}.bias`, type: 'float', dims: [outputs] }],
    build: (parts) => [stack(parts)],
  };
  return bias ? [step] : [];
}

function asIs(name: string, dims: readonly number[]): PreparationStep {
  return { sources: [name], outputs: [{ name, type: 'float', dims }], build: (parts) => parts };
}

/** A matrix rounded in blocks. As rows to gather from, the scales keep the shape of the blocks. */
function quantized(
  { name, stored, outputs, inputs }: Pick<Linear, 'name' | 'outputs' | 'inputs'> & { stored: readonly string[] },
  gathered = false,
): PreparationStep {
  const blocks = inputs / blockSize;
  return {
    sources: weightsOf({ stored }),
    outputs: [
      { name: `${name}.q`, type: 'uint8', dims: [outputs, blocks, blockSize] },
      { name: `${name}.scale`, type: 'float', dims: gathered ? [outputs, blocks, 1] : [outputs * blocks] },
    ],
    build: (parts) => {
      const { q, scale } = quantizeBlocks(parts);
      return [q, scale];
    },
  };
}
