import { writeGgufAdapter } from '../../src/model/formats/gguf-adapter.ts';
import type { DecoderConfig } from '../../src/model/model.ts';
import { createAdapter } from '../../src/runtime/decoder/adapter.ts';

/** A LoRA adapter of small numbers on every linear layer, as llama.cpp reads it: only its shapes matter for speed. */
export function writeLlamaAdapter(path: string, config: DecoderConfig, rank: number): void {
  let drawn = 0;
  const adapter = createAdapter(config, rank, 2 * rank, () => (Math.sin(drawn++) + 1) / 2);
  for (const { b } of adapter.pairs) {
    b.forEach((_, i) => (b[i] = 1e-3 * Math.sin(i)));
  }
  writeGgufAdapter(path, config, adapter);
}
