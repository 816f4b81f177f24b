import { BoundaryError } from '../../base/errors.ts';
import type { DecoderConfig } from '../model.ts';
import { interleaveRotaryHalves, permutedHeads, tensorNames } from './gguf-tensors.ts';
import { writeGguf } from './gguf-writer.ts';
import type { LowRankUpdate } from './merged.ts';

/** ggml's number of F32. */
const float32 = 0;

/**
 * Writes an adapter as llama.cpp's `--lora` and Ollama's `ADAPTER` load it beside a GGUF file of its base model, in fp32.
 * llama.cpp scales a pair by alpha / rank with one alpha for all: what a pair's own scale differs by goes into its B.
 * Throws BoundaryError: 'model' when the adapter does not fit the model, 'environment' when the file cannot be written.
 * Returns the number of bytes of its matrices.
 */
export function writeGgufAdapter(
  path: string,
  config: DecoderConfig,
  { alpha, pairs }: LowRankUpdate & { alpha: number },
): number {
  const names = tensorNames(config);
  const permuted = permutedHeads(config);
  const tensors = pairs.flatMap(({ name, inputs, outputs, rank, scale, a, b }) => {
    const stored = names.get(`${name}.weight`);
    if (stored === undefined) {
      throw new BoundaryError(
        'model',
        `The adapter changes ${name}, for which llama.cpp has no name.`,
        'Take the model that the run was begun with, or export with --format peft.',
      );
    }
    const factor = scale / (alpha / rank);
    const scaled = factor === 1 ? b : b.map((value) => value * factor);
    const heads = permuted.get(`${name}.weight`);
    const up = heads === undefined ? scaled : interleaveRotaryHalves(scaled, heads, [outputs, rank]);
    return [tensor(`${stored}.lora_a`, [rank, inputs], a), tensor(`${stored}.lora_b`, [outputs, rank], up)];
  });
  writeGguf(path, {
    metadata: {
      'general.type': 'adapter',
      'general.architecture': config.architecture,
      'adapter.type': 'lora',
      'adapter.lora.alpha': { float: alpha },
    },
    tensors,
  });
  return tensors.reduce((sum, { bytes }) => sum + bytes.length, 0);
}

function tensor(name: string, shape: readonly number[], values: Float32Array) {
  return { name, shape, type: float32, bytes: new Uint8Array(values.buffer, values.byteOffset, values.byteLength) };
}
