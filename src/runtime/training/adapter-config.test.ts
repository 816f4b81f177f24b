import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exactRuntime } from '../../../test/support/runtime-settings.ts';
import { writeTinyModel } from '../../../test/support/tiny-model.ts';
import { at } from '../../base/arrays.ts';
import { uniform } from '../../base/random.ts';
import { expectedTensors } from '../../model/layout.ts';
import type { ModelFile } from '../../model/model.ts';
import { openModel } from '../../model/open.ts';
import { readSafetensors, writeSafetensors } from '../../model/formats/safetensors.ts';
import { adaptedLinears } from '../decoder/decoder.ts';
import { createGenerator } from '../generation/generation.ts';
import { readCheckpoint, writeCheckpoint } from './checkpoint.ts';
import { createOptimizerState } from './optimizer.ts';
import { createTrainer } from './training.ts';

/** What PEFT's settings say of one layer, written out by hand in each case below. */
type Scaling = (role: string, layer: number) => { rank: number; scale: number };

const plain = { peft_type: 'LORA', r: 4, lora_alpha: 8 };

const sequence = { promptTokenIds: [104, 105, 32, 97, 98], tokenIds: [99, 100, 33, 257, 65, 66, 200, 7, 31, 104] };

describe('an adapter of PEFT', () => {
  let folder = '';
  let model: ModelFile;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'adapter-'));
    await writeTinyModel(join(folder, 'model'), { embeddingScale: 0.15 });
    model = await openModel(join(folder, 'model'));
  });
  after(async () => {
    await model.close();
    await rm(folder, { recursive: true });
  });

  /** Writes random matrices and these settings; returns the matrices. */
  async function writeAdapter(dir: string, config: object, scaling: Scaling) {
    const tensors = new Map<string, { shape: number[]; data: Float32Array }>();
    for (const [i, { name, inputs, outputs, role }] of adaptedLinears(model.config).entries()) {
      const { rank } = scaling(role, Number(/\d+/.exec(name)?.[0]));
      const numbers = (length: number, stream: number, width: number) =>
        Float32Array.from({ length }, (_, at) => (uniform(stream, i, at) - 0.5) * width);
      const stem = `base_model.model.${name}`;
      tensors.set(`${stem}.lora_A.weight`, { shape: [rank, inputs], data: numbers(rank * inputs, 1, 0.3) });
      tensors.set(`${stem}.lora_B.weight`, { shape: [outputs, rank], data: numbers(outputs * rank, 2, 0.3) });
    }
    await mkdir(dir, { recursive: true });
    await writeSafetensors(join(dir, 'adapter_model.safetensors'), tensors);
    await writeFile(join(dir, 'adapter_config.json'), JSON.stringify(config));
    return tensors;
  }

  /** The model with W + scale * B A in place of each W, summed element by element. */
  async function mergedModel(dir: string, tensors: Awaited<ReturnType<typeof writeAdapter>>, scaling: Scaling) {
    await writeTinyModel(dir, { embeddingScale: 0.15 });
    const weights = new Map<string, { shape: number[]; data: Float32Array }>();
    for (const [name, shape] of expectedTensors(model.config)) {
      weights.set(name, { shape, data: await model.tensor(name) });
    }
    for (const { name, inputs, outputs, role } of adaptedLinears(model.config)) {
      const { rank, scale } = scaling(role, Number(/\d+/.exec(name)?.[0]));
      const a = tensors.get(`base_model.model.${name}.lora_A.weight`)?.data ?? new Float32Array(0);
      const b = tensors.get(`base_model.model.${name}.lora_B.weight`)?.data ?? new Float32Array(0);
      const w = weights.get(`${name}.weight`)?.data ?? new Float32Array(0);
      for (let o = 0; o < outputs; o++) {
        for (let i = 0; i < inputs; i++) {
          let sum = 0;
          for (let r = 0; r < rank; r++) {
            sum += at(b, o * rank + r) * at(a, r * inputs + i);
          }
          w[o * inputs + i] = at(w, o * inputs + i) + scale * sum;
        }
      }
    }
    await writeSafetensors(join(dir, 'model.safetensors'), weights);
    return openModel(dir);
  }

  const cases: { name: string; config: object; scaling: Scaling }[] = [
    {
      name: 'scales each layer by its alpha_pattern',
      config: { ...plain, alpha_pattern: { q_proj: 64, 'layers.1.mlp.down_proj': 2 } },
      scaling: (role, layer) => ({
        rank: 4,
        scale: (role === 'q' ? 64 : role === 'down' && layer === 1 ? 2 : 8) / 4,
      }),
    },
    {
      name: 'reads ranks of a rank_pattern, whose keys are expressions and of which the first counts',
      config: { ...plain, rank_pattern: { '[qk]_proj': 7, q_proj: 1, 'layers.\\d+.mlp.up_proj': 2 } },
      scaling: (role) => {
        const rank = role === 'q' || role === 'k' ? 7 : role === 'up' ? 2 : 4;
        return { rank, scale: 8 / rank };
      },
    },
    {
      name: 'is scaled by the square root of its ranks with use_rslora',
      config: { ...plain, use_rslora: true, rank_pattern: { v_proj: 9 }, alpha_pattern: { v_proj: 6, o_proj: 1 } },
      scaling: (role) => ({
        rank: role === 'v' ? 9 : 4,
        scale: role === 'v' ? 2 : (role === 'o' ? 1 : 8) / 2,
      }),
    },
  ];

  for (const [index, { name, config, scaling }] of cases.entries()) {
    it(`${name}, in training and generation, as weights merged by hand`, async () => {
      const dir = join(folder, `case-${index}`);
      const tensors = await writeAdapter(dir, config, scaling);
      const { adapter } = await readCheckpoint(dir, model.config);
      const merged = await mergedModel(join(folder, `merged-${index}`), tensors, scaling);
      try {
        const [adapted, base] = await Promise.all([scores(model, adapter, true), scores(model, adapter, false)]);
        const expected = await scores(merged, adapter, false);
        assert.ok(distance(adapted, expected) < 1e-5, `${adapted.join()} against ${expected.join()}`);
        assert.ok(distance(base, expected) > 0.1, 'the adapter is not felt');
        assert.deepEqual(await greedy(model, adapter), await greedy(merged, undefined));
      } finally {
        await merged.close();
      }
    });
  }

  async function scores(of: ModelFile, adapter: Parameters<typeof createOptimizerState>[0], adapted: boolean) {
    const optimizer = createOptimizerState(adapter);
    const options = { model: of, cacheDir: folder, trained: adapter, optimizer, onLoad: () => undefined };
    const trainer = await createTrainer({ ...exactRuntime, ...options });
    const hooks = { onProgress: () => undefined, signal: new AbortController().signal };
    const [logprobs] = await trainer.logprobs([sequence], adapted, hooks);
    await trainer.close();
    return logprobs ?? [];
  }

  async function greedy(of: ModelFile, adapter: Awaited<ReturnType<typeof readCheckpoint>>['adapter'] | undefined) {
    const generator = await createGenerator(of, { ...exactRuntime, cacheDir: folder, contextTokens: 64 });
    if (adapter) {
      generator.setAdapter(adapter);
    }
    const request = { prompt: { text: 'hi ab' }, samples: 1, maxTokens: 12, temperature: 0, seed: 1 };
    const [[completion] = []] = await generator.generate([request], { adapter: adapter !== undefined });
    await generator.close();
    return completion?.tokenIds;
  }

  it('is written with the ranks and alphas that it was read with', async () => {
    const dir = join(folder, 'again');
    const config = { ...plain, use_rslora: true, rank_pattern: { v_proj: 9 }, alpha_pattern: { o_proj: 1 } };
    await writeAdapter(dir, config, (role) => ({ rank: role === 'v' ? 9 : 4, scale: 0 }));
    const checkpoint = await readCheckpoint(dir, model.config);
    await writeCheckpoint(dir, checkpoint, 'some/model');
    assert.deepEqual(await readCheckpoint(dir, model.config), checkpoint);
    const written = JSON.parse(await readFile(join(dir, 'adapter_config.json'), 'utf8')) as Record<string, unknown>;
    assert.deepEqual(
      [written['use_rslora'], written['r'], written['rank_pattern'], written['alpha_pattern']],
      [
        true,
        4,
        { 'model.layers.0.self_attn.v_proj': 9, 'model.layers.1.self_attn.v_proj': 9 },
        { 'model.layers.0.self_attn.o_proj': 1, 'model.layers.1.self_attn.o_proj': 1 },
      ],
    );
  });

  it('is refused by the name of an option that asks for another computation', async () => {
    const dir = join(folder, 'refused');
    for (const [option, value] of Object.entries({
      use_dora: true,
      lora_bias: true,
      bias: 'all',
      modules_to_save: ['lm_head'],
      layer_replication: [[0, 1]],
      init_lora_weights: 'pissa',
      trainable_token_indices: [3],
      some_later_option: { a: 1 },
    })) {
      await writeAdapter(dir, { ...plain, [option]: value }, () => ({ rank: 4, scale: 2 }));
      await assert.rejects(readCheckpoint(dir, model.config), {
        boundary: 'model',
        message: new RegExp(`sets ${option} to .*not computed here`),
      });
    }
    const harmless = { bias: 'none', init_lora_weights: 'gaussian', modules_to_save: null, use_dora: false };
    const more = { lora_dropout: 0.1, peft_version: '0.19.0', loftq_config: {}, some_later_option: false };
    await writeAdapter(dir, { ...plain, ...harmless, ...more }, () => ({ rank: 4, scale: 2 }));
    await readCheckpoint(dir, model.config);
  });

  it('is refused with a pattern that is no expression, or that takes for ever', async () => {
    const dir = join(folder, 'patterns');
    for (const key of ['(', '([a-z0-9._]+)+!']) {
      await writeAdapter(dir, { ...plain, alpha_pattern: { [key]: 3 } }, () => ({ rank: 4, scale: 2 }));
      const started = performance.now();
      await assert.rejects(readCheckpoint(dir, model.config), /alpha_pattern that cannot be used/);
      assert.ok(performance.now() - started < 5_000);
    }
  });

  it('is refused where a matrix has numbers that are not finite', async () => {
    const dir = join(folder, 'nan');
    await writeAdapter(dir, plain, () => ({ rank: 4, scale: 2 }));
    const path = join(dir, 'adapter_model.safetensors');
    const tensors = await readSafetensors(path);
    const name = 'base_model.model.model.layers.1.mlp.up_proj.lora_B.weight';
    tensors.get(name)?.data.fill(NaN, 3, 4);
    await writeSafetensors(path, tensors);
    await assert.rejects(readCheckpoint(dir, model.config), new RegExp(`numbers in ${name} that are not finite`));
  });
});

function distance(a: readonly number[], b: readonly number[]): number {
  assert.equal(a.length, b.length);
  return Math.max(...a.map((x, i) => Math.abs(x - at(b, i))));
}
