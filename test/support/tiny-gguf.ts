import { byteLevelAlphabet } from '../../src/model/tokenizer/byte-level.ts';
import type { GgufContent } from '../../src/model/formats/gguf-writer.ts';

/** ggml's number of F32. */
const f32 = 0;

/** A one-layer llama model: hidden 8, two heads of size 4, one of them for keys; number i of a tensor is i. */
export function tinyLlama(): GgufContent & {
  tensors: { name: string; shape: number[]; type: number; bytes: Uint8Array }[];
} {
  const shapes: Record<string, number[]> = {
    'token_embd.weight': [257, 8],
    'output_norm.weight': [8],
    'blk.0.attn_norm.weight': [8],
    'blk.0.ffn_norm.weight': [8],
    'blk.0.attn_q.weight': [8, 8],
    'blk.0.attn_k.weight': [4, 8],
    'blk.0.attn_v.weight': [4, 8],
    'blk.0.attn_output.weight': [8, 8],
    'blk.0.ffn_gate.weight': [16, 8],
    'blk.0.ffn_up.weight': [16, 8],
    'blk.0.ffn_down.weight': [8, 16],
  };
  return {
    metadata: {
      'general.architecture': 'llama',
      'llama.block_count': 1,
      'llama.embedding_length': 8,
      'llama.feed_forward_length': 16,
      'llama.attention.head_count': 2,
      'llama.attention.head_count_kv': 1,
      'llama.attention.layer_norm_rms_epsilon': { float: 1e-5 },
      'llama.context_length': 128,
      'tokenizer.ggml.model': 'gpt2',
      'tokenizer.ggml.pre': 'smollm',
      'tokenizer.ggml.tokens': { strings: [...byteLevelAlphabet(), '<|im_end|>'] },
      'tokenizer.ggml.token_type': { ints: [...Array<number>(256).fill(1), 3] },
      'tokenizer.ggml.merges': { strings: [] },
      'tokenizer.ggml.eos_token_id': 256,
    },
    tensors: Object.entries(shapes).map(([name, shape]) => ({
      name,
      shape,
      type: f32,
      bytes: new Uint8Array(Float32Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) => i).buffer),
    })),
  };
}
