import { writeGguf } from '../../test/support/gguf-writer.ts';
import type { DecoderConfig } from '../../src/model/model.ts';
import { adaptedLinears } from '../../src/runtime/decoder.ts';

const names: Readonly<Record<string, string>> = {
  'self_attn.q_proj': 'attn_q',
  'self_attn.k_proj': 'attn_k',
  'self_attn.v_proj': 'attn_v',
  'self_attn.o_proj': 'attn_output',
  'mlp.gate_proj': 'ffn_gate',
  'mlp.up_proj': 'ffn_up',
  'mlp.down_proj': 'ffn_down',
};

/** A LoRA adapter of small numbers on every linear layer, as llama.cpp reads it: only its shapes matter for speed. */
export async function writeLlamaAdapter(path: string, config: DecoderConfig, rank: number): Promise<void> {
  const tensor = (name: string, shape: number[]) => {
    const values = Float32Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) => 1e-3 * Math.sin(i));
    return { name, shape, type: 0, bytes: new Uint8Array(values.buffer) };
  };
  await writeGguf(path, {
    metadata: {
      'general.type': 'adapter',
      'general.architecture': config.architecture,
      'adapter.type': 'lora',
      'adapter.lora.alpha': { float: 2 * rank },
    },
    tensors: adaptedLinears(config).flatMap(({ name, inputs, outputs }) => {
      const [, layer = '', part = ''] = /^model\.layers\.(\d+)\.(.+)$/.exec(name) ?? [];
      const stem = `blk.${layer}.${names[part] ?? part}.weight`;
      return [tensor(`${stem}.lora_a`, [rank, inputs]), tensor(`${stem}.lora_b`, [outputs, rank])];
    }),
  });
}
