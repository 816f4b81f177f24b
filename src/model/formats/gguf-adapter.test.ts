import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { uniform } from '../../base/random.ts';
import { writeTinyModel } from '../../../test/support/tiny-model.ts';
import { openModel } from '../open.ts';
import { writeGgufAdapter } from './gguf-adapter.ts';
import { readGgufHeader } from './gguf.ts';
import { interleaveRotaryHalves, splitRotaryHalves } from './gguf-tensors.ts';
import type { LowRankUpdate } from './merged.ts';

describe('an adapter for llama.cpp', () => {
  let dir: string;

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'gguf-adapter-'));
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  const random = (seed: number, length: number): Float32Array =>
    Float32Array.from({ length }, (_, i) => uniform(seed, i) - 0.5);

  /** Tensors of the written file by name. */
  async function written(architecture: 'qwen2' | 'llama', pairs: LowRankUpdate['pairs'], alpha: number) {
    await writeTinyModel(join(dir, 'base'));
    const model = await openModel(join(dir, 'base'));
    await model.close();
    const path = join(dir, 'adapter.gguf');
    writeGgufAdapter(path, { ...model.config, architecture }, { alpha, pairs });
    const { metadata, tensors } = await readGgufHeader(path);
    const bytes = readFileSync(path);
    const values = new Map(
      [...tensors.values()].map(({ name, shape, offset }) => {
        const length = shape.reduce((a, b) => a * b);
        return [name, new Float32Array(bytes.buffer.slice(bytes.byteOffset + offset).slice(0, 4 * length))];
      }),
    );
    return { metadata, tensors, values };
  }

  const pair = (name: string, [outputs, inputs]: [number, number], rank: number, scale: number) => ({
    ...{ name, inputs, outputs, rank, scale },
    a: random(1, rank * inputs),
    b: random(2, outputs * rank),
  });

  it('has its names, shapes and numbers, and says what it is', async () => {
    const down = pair('model.layers.1.mlp.down_proj', [8, 12], 2, 2);
    const { metadata, tensors, values } = await written('qwen2', [down], 4);
    assert.deepEqual(
      ['general.type', 'general.architecture', 'adapter.type', 'adapter.lora.alpha'].map((key) => metadata.get(key)),
      ['adapter', 'qwen2', 'lora', 4],
    );
    assert.deepEqual(
      [...tensors.values()].map(({ name, shape, type }) => [name, shape, type]),
      [
        ['blk.1.ffn_down.weight.lora_a', [2, 12], 'F32'],
        ['blk.1.ffn_down.weight.lora_b', [8, 2], 'F32'],
      ],
    );
    assert.deepEqual(values.get('blk.1.ffn_down.weight.lora_a'), down.a);
    assert.deepEqual(values.get('blk.1.ffn_down.weight.lora_b'), down.b);
  });

  it('has in B what a pair’s scale differs from alpha / rank by', async () => {
    const scaled = pair('model.layers.0.mlp.up_proj', [12, 8], 4, 3);
    const { values } = await written('qwen2', [scaled], 4);
    assert.deepEqual(
      values.get('blk.0.ffn_up.weight.lora_b'),
      scaled.b.map((value) => 3 * value),
    );
  });

  it('has q and k of architecture llama in the order of its rotary pairs', async () => {
    const q = pair('model.layers.0.self_attn.q_proj', [16, 8], 2, 1);
    const { values } = await written('llama', [q], 2);
    const stored = values.get('blk.0.attn_q.weight.lora_b');
    assert.ok(stored);
    assert.notDeepEqual(stored, q.b);
    assert.deepEqual([...stored].sort(), [...q.b].sort());
  });

  it('interleaves rows as the inverse of how the reader splits them', () => {
    const values = random(3, 24 * 5);
    assert.deepEqual(splitRotaryHalves(interleaveRotaryHalves(values, 3, [24, 5]), 3, [24, 5]), values);
    assert.deepEqual(
      [...interleaveRotaryHalves(Float32Array.of(0, 1, 2, 3, 4, 5, 6, 7), 2, [8, 1])],
      [0, 2, 1, 3, 4, 6, 5, 7],
    );
  });

  it('is refused for a layer that llama.cpp has no name for', async () => {
    await assert.rejects(written('qwen2', [pair('model.layers.0.self_attn.qkv_proj', [8, 8], 2, 1)], 2), {
      boundary: 'model',
    });
  });
});
