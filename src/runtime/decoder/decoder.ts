import type { DecoderConfig } from '../../model/model.ts';

/**
 * The operations that a decoder is made of. Each way of running the model (generation, training) implements them over
 * its own kind of value; {@link decode} is the one place where the architecture is written down.
 * Linear layers and norms are named as in Hugging Face checkpoints, without `.weight`.
 */
export interface DecoderOps<Value> {
  /** Rows of the embedding for the input tokens: [tokens, hidden]. */
  embed(name: string): Value;
  rmsNorm(x: Value, name: string): Value;
  /** x W^T (+ bias where the model has one) (+ LoRA). */
  linear(x: Value, name: string): Value;
  /** Rotary embedding, causal grouped-query attention over q, k, v = linear(x, `${prefix}.{q,k,v}_proj`): [tokens, heads * headSize]. */
  attention(x: Value, layer: number, prefix: string): Value;
  /** silu(gate) * up. */
  gate(gate: Value, up: Value): Value;
  add(a: Value, b: Value): Value;
  /** `build`, a part whose rows do not depend on each other, with these operations, or with others that compute the same. */
  byRows(x: Value, build: (ops: DecoderOps<Value>, x: Value) => Value): Value;
  /** A whole layer: `build` with these operations, or with others that compute the same. */
  layer(x: Value, build: (ops: DecoderOps<Value>, x: Value) => Value): Value;
}

/** Final hidden states [tokens, hidden], after the last norm; the head (`lm_head`) is left to the caller. */
export function decode<Value>(config: DecoderConfig, ops: DecoderOps<Value>): Value {
  let x = ops.embed('model.embed_tokens');
  for (let layer = 0; layer < config.layers; layer++) {
    x = ops.layer(x, (own, input) => decodeLayer(input, layer, own));
  }
  return ops.rmsNorm(x, 'model.norm');
}

function decodeLayer<Value>(x: Value, layer: number, ops: DecoderOps<Value>): Value {
  const prefix = `model.layers.${layer}`;
  const attended = ops.attention(ops.rmsNorm(x, `${prefix}.input_layernorm`), layer, `${prefix}.self_attn`);
  const between = ops.add(x, ops.linear(attended, `${prefix}.self_attn.o_proj`));
  return ops.byRows(between, (own, rows) => {
    const h = own.rmsNorm(rows, `${prefix}.post_attention_layernorm`);
    const gated = own.gate(own.linear(h, `${prefix}.mlp.gate_proj`), own.linear(h, `${prefix}.mlp.up_proj`));
    return own.add(rows, own.linear(gated, `${prefix}.mlp.down_proj`));
  });
}

/** The linear layers that carry LoRA, with their sizes, in checkpoint order. */
export function adaptedLinears(config: DecoderConfig): { name: string; inputs: number; outputs: number }[] {
  const { hidden, ffn, heads, kvHeads, headSize } = config;
  return Array.from({ length: config.layers }, (_, layer) => {
    const attention = `model.layers.${layer}.self_attn`;
    const mlp = `model.layers.${layer}.mlp`;
    return [
      { name: `${attention}.q_proj`, inputs: hidden, outputs: heads * headSize },
      { name: `${attention}.k_proj`, inputs: hidden, outputs: kvHeads * headSize },
      { name: `${attention}.v_proj`, inputs: hidden, outputs: kvHeads * headSize },
      { name: `${attention}.o_proj`, inputs: heads * headSize, outputs: hidden },
      { name: `${mlp}.gate_proj`, inputs: hidden, outputs: ffn },
      { name: `${mlp}.up_proj`, inputs: hidden, outputs: ffn },
      { name: `${mlp}.down_proj`, inputs: ffn, outputs: hidden },
    ];
  }).flat();
}
