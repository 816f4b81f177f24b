import type { DecoderConfig } from './model.ts';

/** Numbers in a tensor of this shape. */
export function elementsOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** Name (Hugging Face) and shape of every tensor that a decoder of this configuration has. */
export function expectedTensors(config: DecoderConfig): Map<string, number[]> {
  const { hidden, ffn, vocabulary } = config;
  const queries = config.heads * config.headSize;
  const keys = config.kvHeads * config.headSize;
  const expected = new Map<string, number[]>([
    ['model.embed_tokens.weight', [vocabulary, hidden]],
    ['model.norm.weight', [hidden]],
  ]);
  if (!config.tiedEmbedding) {
    expected.set('lm_head.weight', [vocabulary, hidden]);
  }
  for (let layer = 0; layer < config.layers; layer++) {
    const prefix = `model.layers.${layer}`;
    expected.set(`${prefix}.input_layernorm.weight`, [hidden]);
    expected.set(`${prefix}.post_attention_layernorm.weight`, [hidden]);
    expected.set(`${prefix}.self_attn.q_proj.weight`, [queries, hidden]);
    expected.set(`${prefix}.self_attn.k_proj.weight`, [keys, hidden]);
    expected.set(`${prefix}.self_attn.v_proj.weight`, [keys, hidden]);
    expected.set(`${prefix}.self_attn.o_proj.weight`, [hidden, queries]);
    expected.set(`${prefix}.mlp.gate_proj.weight`, [ffn, hidden]);
    expected.set(`${prefix}.mlp.up_proj.weight`, [ffn, hidden]);
    expected.set(`${prefix}.mlp.down_proj.weight`, [hidden, ffn]);
    if (config.headNorm) {
      expected.set(`${prefix}.self_attn.q_norm.weight`, [config.headSize]);
      expected.set(`${prefix}.self_attn.k_norm.weight`, [config.headSize]);
    }
    if (config.attentionBias) {
      expected.set(`${prefix}.self_attn.q_proj.bias`, [queries]);
      expected.set(`${prefix}.self_attn.k_proj.bias`, [keys]);
      expected.set(`${prefix}.self_attn.v_proj.bias`, [keys]);
    }
  }
  return expected;
}

export interface StoredTensor {
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
