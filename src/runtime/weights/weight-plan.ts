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
export type WeightFormat = (typeof weightFormats)[number];

export const storedTypes = ['float', 'float16', 'uint8', 'int8'] as const;
type StoredType = (typeof storedTypes)[number];

/** Whether products with matrices of this format are those of 8-bit integers. */
export function isInt8(format: WeightFormat): boolean {
  return format === 'int8-rotated';
}

export interface TensorShape {
  name: string;
  type: StoredType;
  dims: readonly number[];
}

export type PreparedData = Float32Array | Float16Array | Uint8Array | Int8Array;

/** One tensor (or one matrix and its scales) of the prepared file: what to read and what becomes of it. */
export interface PreparationStep {
  sources: readonly string[];
  outputs: readonly TensorShape[];
  /** `parts` in the order of `sources`; returns the data of `outputs`. */
  build(parts: Float32Array[]): PreparedData[];
}

export interface PreparationPlan {
  steps: readonly PreparationStep[];
  /** Tensors that lie where another one lies (a tied head): written once, indexed twice. */
  aliases: readonly (TensorShape & { of: string })[];
}

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

export function bytesOf({ type, dims }: TensorShape): number {
  return dims.reduce((product, size) => product * size, elementBytes[type]);
}

function planFp32(config: DecoderConfig): PreparationPlan {
  const matrices = [...layerMatrices(config), embeddingOf(config)];
  const head = { name: 'lm_head.weight', type: 'float' as const, dims: [config.vocabulary, config.hidden] };
  if (!config.tiedEmbedding) {
    matrices.push({ name: 'lm_head', rows: config.vocabulary, columns: config.hidden });
  }
  const steps = matrices.map(({ name, rows, columns }) => asIs(`${name}.weight`, [rows, columns]));
  return {
    steps: [...steps, ...vectors(config).map(({ name, length }) => asIs(name, [length]))],
    aliases: config.tiedEmbedding ? [{ ...head, of: 'model.embed_tokens.weight' }] : [],
  };
}

function planHalves(config: DecoderConfig): PreparationPlan {
  const { columns, rows, source } = headOf(config);
  const half = (name: string, source: string, dims: readonly number[]): PreparationStep => ({
    sources: [`${source}.weight`],
    outputs: [{ name: `${name}.half`, type: 'float16', dims }],
    build: ([part]) => [new Float16Array(part!)],
  });
  const layers = layerMatrices(config).map((matrix) => half(matrix.name, matrix.name, [matrix.rows, matrix.columns]));
  return { steps: [...layers, half('lm_head', source, [rows, columns])], aliases: [] };
}

function planBlocks(config: DecoderConfig): PreparationPlan {
  const { hidden, vocabulary, heads, kvHeads, headSize, ffn } = config;
  for (const [what, size] of Object.entries({ hidden, ffn, 'heads * headSize': heads * headSize })) {
    if (size % blockSize !== 0) {
      throw new BoundaryError(
        'model',
        `The model's ${what} (${size}) is not a multiple of ${blockSize}, which 8-bit weights need.`,
        'Use a model of another size; `selfq models list` names models that work.',
      );
    }
  }
  const steps: PreparationStep[] = [quantized('model.embed_tokens', [embeddingOf(config)], true)];
  for (let layer = 0; layer < config.layers; layer++) {
    const own = layerMatrices(config).filter(({ name }) => name.startsWith(`model.layers.${layer}.`));
    const attention = `model.layers.${layer}.self_attn`;
    steps.push(quantized(`${attention}.qkv_proj`, own.slice(0, 3)));
    steps.push(...own.slice(3).map((matrix) => quantized(matrix.name, [matrix])));
    if (config.attentionBias) {
      steps.push(stackedBias(attention, (heads + 2 * kvHeads) * headSize));
    }
  }
  const norms = vectors(config).filter(({ name }) => !name.endsWith('.bias'));
  steps.push(...norms.map(({ name, length }) => asIs(name, [length])));
  const blocks = hidden / blockSize;
  if (!config.tiedEmbedding) {
    steps.push(quantized('lm_head', [{ name: 'lm_head', rows: vocabulary, columns: hidden }]));
    return { steps, aliases: [] };
  }
  return {
    steps,
    aliases: [
      { name: 'lm_head.q', type: 'uint8', dims: [vocabulary, blocks, blockSize], of: 'model.embed_tokens.q' },
      { name: 'lm_head.scale', type: 'float', dims: [vocabulary * blocks], of: 'model.embed_tokens.scale' },
    ],
  };
}

function planColumns(config: DecoderConfig): PreparationPlan {
  const { source, ...head } = headOf(config);
  const isStacked = ({ name }: Matrix) => /[qkv]_proj$/.test(name);
  const matrices = layerMatrices(config);
  const stacks = Map.groupBy(matrices.filter(isStacked), ({ name }) => name.replace(/[qkv]_proj$/, 'qkv_proj'));
  const single = matrices.filter((matrix) => !isStacked(matrix));
  return {
    steps: [
      ...[...stacks].map(([name, members]) => forwardColumns(name, members)),
      ...single.map((matrix) => forwardColumns(matrix.name, [matrix])),
      ...matrices.map((matrix) => backwardColumns(matrix)),
      forwardColumns('lm_head', [head], source),
      backwardColumns(head, source),
    ],
    aliases: [],
  };
}

/** The matrices below each other. */
function forwardColumns(name: string, matrices: readonly Matrix[], source?: string): PreparationStep {
  const columns = matrices[0]!.columns;
  const rows = matrices.reduce((sum, matrix) => sum + matrix.rows, 0);
  return {
    sources: source === undefined ? matrices.map((matrix) => `${matrix.name}.weight`) : [`${source}.weight`],
    outputs: [
      { name: `${name}.forward`, type: 'int8', dims: [columns, rows] },
      { name: `${name}.forward.scale`, type: 'float', dims: [rows] },
    ],
    build: (parts) => {
      const { values, scales } = quantizeForward(stack(parts), rows, columns, rotationWidth(columns));
      return [values, scales];
    },
  };
}

function backwardColumns({ name, rows, columns }: Matrix, source = name): PreparationStep {
  return {
    sources: [`${source}.weight`],
    outputs: [
      { name: `${name}.backward`, type: 'int8', dims: [rows, columns] },
      { name: `${name}.backward.scale`, type: 'float', dims: [columns] },
    ],
    build: (parts) => {
      const { values, scales } = quantizeBackward(stack(parts), rows, columns);
      return [values, scales];
    },
  };
}

function stack(parts: readonly Float32Array[]): Float32Array {
  if (parts.length === 1) {
    return parts[0]!;
  }
  const whole = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  parts.reduce((at, part) => (whole.set(part, at), at + part.length), 0);
  return whole;
}

interface Matrix {
  name: string;
  rows: number;
  columns: number;
}

function embeddingOf({ vocabulary, hidden }: DecoderConfig): Matrix {
  return { name: 'model.embed_tokens', rows: vocabulary, columns: hidden };
}

/** The output layer; `source`: what it is called in the checkpoint. */
function headOf({ vocabulary, hidden, tiedEmbedding }: DecoderConfig): Matrix & { source: string } {
  const source = tiedEmbedding ? 'model.embed_tokens' : 'lm_head';
  return { name: 'lm_head', rows: vocabulary, columns: hidden, source };
}

function layerMatrices({ layers, hidden, ffn, heads, kvHeads, headSize }: DecoderConfig): Matrix[] {
  return Array.from({ length: layers }, (_, layer) => {
    const attention = `model.layers.${layer}.self_attn`;
    const mlp = `model.layers.${layer}.mlp`;
    return [
      { name: `${attention}.q_proj`, rows: heads * headSize, columns: hidden },
      { name: `${attention}.k_proj`, rows: kvHeads * headSize, columns: hidden },
      { name: `${attention}.v_proj`, rows: kvHeads * headSize, columns: hidden },
      { name: `${attention}.o_proj`, rows: hidden, columns: heads * headSize },
      { name: `${mlp}.gate_proj`, rows: ffn, columns: hidden },
      { name: `${mlp}.up_proj`, rows: ffn, columns: hidden },
      { name: `${mlp}.down_proj`, rows: hidden, columns: ffn },
    ];
  }).flat();
}

/** Norms and biases with their full names. */
function vectors({ layers, hidden, heads, kvHeads, headSize, attentionBias, headNorm }: DecoderConfig) {
  const perLayer = Array.from({ length: layers }, (_, layer) => {
    const prefix = `model.layers.${layer}`;
    const norms = [
      { name: `${prefix}.input_layernorm.weight`, length: hidden },
      { name: `${prefix}.post_attention_layernorm.weight`, length: hidden },
      ...(headNorm ? ['q_norm', 'k_norm'] : []).map((norm) => ({
        name: `${prefix}.self_attn.${norm}.weight`,
        length: headSize,
      })),
    ];
    const biases = [
      { name: `${prefix}.self_attn.q_proj.bias`, length: heads * headSize },
      { name: `${prefix}.self_attn.k_proj.bias`, length: kvHeads * headSize },
      { name: `${prefix}.self_attn.v_proj.bias`, length: kvHeads * headSize },
    ];
    return attentionBias ? [...norms, ...biases] : norms;
  });
  return [...perLayer.flat(), { name: 'model.norm.weight', length: hidden }];
}

function asIs(name: string, dims: readonly number[]): PreparationStep {
  return { sources: [name], outputs: [{ name, type: 'float', dims }], build: (parts) => parts };
}

function stackedBias(attention: string, length: number): PreparationStep {
  return {
    sources: ['q', 'k', 'v'].map((part) => `${attention}.${part}_proj.bias`),
    outputs: [{ name: `${attention}.qkv_proj.bias`, type: 'float', dims: [length] }],
    build: (parts) => [stack(parts)],
  };
}

/** The matrices stacked and rounded. As rows to gather from, the scales keep the shape of the blocks. */
function quantized(name: string, matrices: readonly Matrix[], gathered = false): PreparationStep {
  const rows = matrices.reduce((sum, matrix) => sum + matrix.rows, 0);
  const blocks = matrices[0]!.columns / blockSize;
  return {
    sources: matrices.map((matrix) => `${matrix.name}.weight`),
    outputs: [
      { name: `${name}.q`, type: 'uint8', dims: [rows, blocks, blockSize] },
      { name: `${name}.scale`, type: 'float', dims: gathered ? [rows, blocks, 1] : [rows * blocks] },
    ],
    build: (parts) => {
      const { q, scale } = quantizeBlocks(parts);
      return [q, scale];
    },
  };
}
