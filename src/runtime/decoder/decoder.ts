import {
  decoderLayout,
  linearsOf,
  type DecoderLayer,
  type DecoderLayout,
  type Linear,
  type Norm,
} from '../../model/layout.ts';
import type { DecoderConfig } from '../../model/model.ts';

/**
 * The operations that a decoder is made of. Each way of running the model (generation, training) implements them over
 * its own kind of value; {@link decode} is the one place where the architecture is written down.
 */
export interface DecoderOps<Value> {
  /** Rows of the embedding for the input tokens: [tokens, hidden]. */
  embed(embedding: DecoderLayout['embedding']): Value;
  /** x [tokens, hidden] with every row normalised by its root mean square. */
  rmsNorm(x: Value, norm: Norm): Value;
  /** x W^T (+ bias where the model has one) (+ LoRA): [tokens, inputs] -> [tokens, outputs]. */
  linear(x: Value, linear: Linear): Value;
  /** Rotary embedding and causal grouped-query attention over q, k and v of `layer`: [tokens, heads * headSize]. */
  attention(x: Value, layer: DecoderLayer): Value;
  /** silu(gate) * up. */
  gate(gate: Value, up: Value): Value;
  add(a: Value, b: Value): Value;
  /**
   * `build`, a part whose rows do not depend on each other, with these operations, or with others that compute the same.
   * Training alone makes use of it.
   */
  byRows(x: Value, build: (ops: DecoderOps<Value>, x: Value) => Value): Value;
  /**
   * A whole layer: `build` with these operations, or with others that compute the same. Training alone makes use of it.
   */
  layer(x: Value, build: (ops: DecoderOps<Value>, x: Value) => Value): Value;
}

/** Final hidden states [tokens, hidden], after the last norm; the head is the caller's. */
export function decode<Value>(config: DecoderConfig, ops: DecoderOps<Value>): Value {
  const { embedding, layers, norm } = decoderLayout(config);
  let x = ops.embed(embedding);
  for (const layer of layers) {
    x = ops.layer(x, (inner, input) => decodeLayer(input, layer, inner));
  }
  return ops.rmsNorm(x, norm);
}

function decodeLayer<Value>(x: Value, layer: DecoderLayer, ops: DecoderOps<Value>): Value {
  const attended = ops.attention(ops.rmsNorm(x, layer.inputNorm), layer);
  const between = ops.add(x, ops.linear(attended, layer.o));
  return ops.byRows(between, (inner, rows) => {
    const h = inner.rmsNorm(rows, layer.postAttentionNorm);
    const gated = inner.gate(inner.linear(h, layer.gate), inner.linear(h, layer.up));
    return inner.add(rows, inner.linear(gated, layer.down));
  });
}

/** The linear layers that carry LoRA, in checkpoint order. */
export function adaptedLinears(config: DecoderConfig): Linear[] {
  return decoderLayout(config).layers.flatMap(linearsOf);
}
