import type { DecoderConfig } from './model.ts';

/** Numbers in a tensor of this shape. */
export function elementsOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** What a linear layer does: the projections of attention and of the gated feed-forward part, or the output layer. */
export type LinearRole = 'q' | 'k' | 'v' | 'o' | 'gate' | 'up' | 'down' | 'head';

/** A matrix W [outputs, inputs] of the decoder, and its bias [outputs] where it has one. */
export interface Linear {
  /** `qkv`: q, k and v of one layer below each other, as one product. */
  role: LinearRole | 'qkv';
  /** Its name in a Hugging Face checkpoint, without `.weight`; for ports and files. */
  name: string;
  inputs: number;
  outputs: number;
  bias: boolean;
  /**
   * Names of the checkpoint's matrices that it is made of, from top to bottom: usually its own, those of q, k and v for
   * `qkv`, that of the embedding for a tied head.
   */
  stored: readonly [string, ...string[]];
}

/** A layer of the decoder that may carry LoRA; `qkv` has three members, every other one itself. */
export interface PackedLinear extends Linear {
  members: readonly Linear[];
}

/** An RMS norm, of the whole hidden state or of each head. */
export interface Norm {
  /** Its name in a Hugging Face checkpoint, without `.weight`. */
  name: string;
  width: number;
}

/** One transformer layer. */
export interface DecoderLayer {
  /** From 0. */
  index: number;
  /** Name of its attention in a Hugging Face checkpoint; for ports. */
  attention: string;
  inputNorm: Norm;
  postAttentionNorm: Norm;
  q: Linear;
  k: Linear;
  v: Linear;
  qkv: PackedLinear;
  o: Linear;
  gate: Linear;
  up: Linear;
  down: Linear;
  /** Norms of each head of q and k (qwen3). */
  headNorms: { q: Norm; k: Norm } | undefined;
}

/** Every part of a decoder with its sizes: the one place where they are derived from the configuration. */
export interface DecoderLayout {
  /** A table [vocabulary, hidden]. */
  embedding: { name: string; rows: number; width: number };
  layers: readonly DecoderLayer[];
  norm: Norm;
  /** [vocabulary, hidden], without a bias. */
  head: Linear;
}

/** The parts of a decoder of this configuration. */
export function decoderLayout(config: DecoderConfig): DecoderLayout {
  const { hidden, vocabulary, tiedEmbedding } = config;
  const embedding = { name: 'model.embed_tokens', rows: vocabulary, width: hidden };
  const name = 'lm_head';
  const stored = [tiedEmbedding ? embedding.name : name] as const;
  return {
    embedding,
    layers: Array.from({ length: config.layers }, (_, index) => layerLayout(config, index)),
    norm: { name: 'model.norm', width: hidden },
    head: { role: 'head', name, inputs: hidden, outputs: vocabulary, bias: false, stored },
  };
}

function layerLayout(config: DecoderConfig, index: number): DecoderLayer {
  const { hidden, ffn, headSize, attentionBias, headNorm } = config;
  const queries = config.heads * headSize;
  const keys = config.kvHeads * headSize;
  const prefix = `model.layers.${index}`;
  const attention = `${prefix}.self_attn`;
  const linear = (role: LinearRole, part: string, inputs: number, outputs: number, bias = false): Linear => {
    const name = `${part}.${role}_proj`;
    return { role, name, inputs, outputs, bias, stored: [name] };
  };
  const q = linear('q', attention, hidden, queries, attentionBias);
  const k = linear('k', attention, hidden, keys, attentionBias);
  const v = linear('v', attention, hidden, keys, attentionBias);
  return {
    index,
    attention,
    inputNorm: { name: `${prefix}.input_layernorm`, width: hidden },
    postAttentionNorm: { name: `${prefix}.post_attention_layernorm`, width: hidden },
    ...{ q, k, v },
    qkv: {
      role: 'qkv',
      name: `${attention}.qkv_proj`,
      inputs: hidden,
      outputs: queries + 2 * keys,
      bias: attentionBias,
      stored: [q.name, k.name, v.name],
      members: [q, k, v],
    },
    o: linear('o', attention, queries, hidden),
    gate: linear('gate', `${prefix}.mlp`, hidden, ffn),
    up: linear('up', `${prefix}.mlp`, hidden, ffn),
    down: linear('down', `${prefix}.mlp`, ffn, hidden),
    headNorms: headNorm
      ? { q: { name: `${attention}.q_norm`, width: headSize }, k: { name: `${attention}.k_norm`, width: headSize } }
      : undefined,
  };
}

/** The linear layers of one transformer layer, one by one, in the order of the checkpoint. */
export function linearsOf({ q, k, v, o, gate, up, down }: DecoderLayer): Linear[] {
  return [q, k, v, o, gate, up, down];
}

/** The products of one transformer layer: q, k and v as one, the others by themselves. */
export function packedLinearsOf({ qkv, o, gate, up, down }: DecoderLayer): PackedLinear[] {
  return [qkv, ...[o, gate, up, down].map((linear) => ({ ...linear, members: [linear] }))];
}

/** Name (Hugging Face) and shape of every tensor that a decoder of this configuration has. */
export function expectedTensors(config: DecoderConfig): Map<string, number[]> {
  const { embedding, layers, norm, head } = decoderLayout(config);
  const expected = new Map<string, number[]>();
  const addNorm = ({ name, width }: Norm) => expected.set(`${name}.weight`, [width]);
  const addMatrix = ({ name, outputs, inputs }: Linear) => expected.set(`${name}.weight`, [outputs, inputs]);
  expected.set(`${embedding.name}.weight`, [embedding.rows, embedding.width]);
  addNorm(norm);
  if (!config.tiedEmbedding) {
    addMatrix(head);
  }
  for (const layer of layers) {
    [layer.inputNorm, layer.postAttentionNorm].forEach(addNorm);
    linearsOf(layer).forEach(addMatrix);
    if (layer.headNorms) {
      [layer.headNorms.q, layer.headNorms.k].forEach(addNorm);
    }
    for (const { name, outputs } of linearsOf(layer).filter(({ bias }) => bias)) {
      expected.set(`${name}.bias`, [outputs]);
    }
  }
  return expected;
}

/** A tensor as a file holds it. */
export interface StoredTensor {
  /** Slowest axis first. */
  shape: readonly number[];
  /** As the file calls it. */
  type: string;
}

/**
 * What is wrong with the tensors of a file, in words that follow its path; undefined when all are there and right.
 * `find` maps a Hugging Face name to what the file holds.
 */
export function findLayoutFault(
  config: DecoderConfig,
  find: (name: string) => StoredTensor | undefined,
  readableTypes: readonly string[],
): string | undefined {
  for (const [name, shape] of expectedTensors(config)) {
    const stored = find(name);
    if (stored === undefined) {
      return `has no tensor ${name}`;
    }
    if (stored.shape.length !== shape.length || stored.shape.some((size, axis) => size !== shape[axis])) {
      return `has ${name} of shape [${stored.shape.join(', ')}] where its configuration asks for [${shape.join(', ')}]`;
    }
    if (!readableTypes.includes(stored.type)) {
      return `stores ${name} as ${stored.type}, which cannot be read (readable: ${readableTypes.join(', ')})`;
    }
  }
  return undefined;
}

/** The largest sizes that are believed, far beyond every published model of these families. */
const largestSizes = {
  layers: 1_024,
  hidden: 65_536,
  ffn: 1_048_576,
  heads: 1_024,
  kvHeads: 1_024,
  headSize: 4_096,
  vocabulary: 4_194_304,
  contextLength: 2 ** 31,
} as const satisfies Partial<Record<keyof DecoderConfig, number>>;

/**
 * What makes no sense in a configuration, in words that follow the path of its file; undefined when nothing does. Looks
 * at the numbers alone, before anything is allocated for them.
 */
export function findConfigFault(config: DecoderConfig): string | undefined {
  for (const [what, most] of Object.entries(largestSizes)) {
    const size = config[what as keyof typeof largestSizes];
    if (!Number.isInteger(size) || size < 1 || size > most) {
      return `gives its ${what} as ${size}, which is not a whole number from 1 to ${most}`;
    }
  }
  if (config.heads % config.kvHeads !== 0) {
    return `has ${config.heads} heads, which is not a multiple of its ${config.kvHeads} key-value heads`;
  }
  if (config.headSize % 2 !== 0) {
    return `has heads of ${config.headSize} numbers, which cannot be rotated in pairs`;
  }
  const halfHead = config.headSize / 2;
  if (config.ropeFactors && config.ropeFactors.length !== halfHead) {
    return `has ${config.ropeFactors.length} rotary factors where its heads need ${halfHead}`;
  }
  const positive = [config.ropeBase, ...(config.ropeFactors ?? [])];
  if (!positive.every((value) => value > 0 && value < Infinity)) {
    return 'gives a rotary base or factor that is not a positive number';
  }
  if (!(config.rmsEpsilon >= 0 && config.rmsEpsilon < 1)) {
    return `gives ${config.rmsEpsilon} as the epsilon of its norms, which is not a number from 0 to 1`;
  }
  return undefined;
}
