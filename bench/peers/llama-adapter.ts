import { writeGguf } from '../../test/support/gguf-writer.ts';
import { tensorNames } from '../../src/model/formats/gguf-tensors.ts';
import type { DecoderConfig } from '../../src/model/model.ts';
import { adaptedLinears } from '../../src/runtime/decoder/decoder.ts';

/** A LoRA adapter of small numbers on every linear layer, as llama.cpp reads it: only its shapes matter for speed. */
export async function writeLlamaAdapter(path: string, config: DecoderConfig, rank: number): Promise<void> {
  const tensor = (name: string, shape: number[]) => {
    const values = Float32Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) => 1e-3 * Math.sin(i));
    return { name, shape, type: 0, bytes: new Uint8Array(values.buffer) };
  };
  const names = tensorNames(config);
  await writeGguf(path, {
    metadata: {
      'general.type': 'adapter',
      'general.architecture': config.architecture,
      'adapter.type': 'lora',
      'adapter.lora.alpha': { float: 2 * rank },
    },
    tensors: adaptedLinears(config).flatMap(({ name, inputs, outputs }) => {
      const stem = names.get(`${name}.weight`) ?? name;
      return [tensor(`${stem}.lora_a`, [rank, inputs]), tensor(`${stem}.lora_b`, [outputs, rank])];
    }),
  });
}
