import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assertRefused } from '../../../test/support/refusal.ts';
import { tinyTokens, writeTinyModel } from '../../../test/support/tiny-model.ts';
import { BoundaryError } from '../../base/errors.ts';
import { expectedTensors } from '../layout.ts';
import { openModel, readModelConfig } from '../open.ts';
import { readSafetensors, writeSafetensors } from './safetensors.ts';

describe('a model folder in the format of Hugging Face', () => {
  let dir = '';
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'selfq-hf-'));
    await writeTinyModel(dir);
  });
  afterEach(() => rm(dir, { recursive: true }));

  async function editConfig(change: Record<string, unknown>): Promise<void> {
    const path = join(dir, 'config.json');
    const config = JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>;
    await writeFile(path, JSON.stringify({ ...config, ...change }));
  }

  it('opens with its configuration and gives every tensor as it was written', async () => {
    const written = await readSafetensors(join(dir, 'model.safetensors'));
    const model = await openModel(dir);
    assert.equal(model.config.architecture, 'qwen2');
    assert.equal(model.config.headSize, 32);
    assert.equal(model.config.vocabulary, 384);
    assert.equal(model.config.attentionBias, true);
    const names = [...expectedTensors(model.config).keys()];
    assert.deepEqual(names.sort(), [...written.keys()].sort());
    for (const name of names) {
      assert.deepEqual(await model.tensor(name), written.get(name)?.data, name);
    }
    assert.equal(model.has('lm_head.weight'), false);
    await assert.rejects(model.tensor('lm_head.weight'), BoundaryError);
    await model.close();
  });

  it('reads a model that is split over several files', async () => {
    const whole = await readSafetensors(join(dir, 'model.safetensors'));
    const entries = [...whole];
    await writeSafetensors(join(dir, 'model-00001-of-00002.safetensors'), new Map(entries.slice(0, 9)));
    await writeSafetensors(join(dir, 'model-00002-of-00002.safetensors'), new Map(entries.slice(9)));
    await rm(join(dir, 'model.safetensors'));
    const model = await openModel(dir);
    for (const [name, { data }] of entries) {
      assert.deepEqual(await model.tensor(name), data, name);
    }
    await model.close();
  });

  it('has a tokenizer whose special tokens, end tokens and template come from the folder', async () => {
    const model = await openModel(dir);
    const { tokenizer } = model;
    assert.deepEqual(tokenizer.encode('aé<|im_end|>'), [0x61, 0xc3, 0xa9, tinyTokens.endOfTurn]);
    assert.equal(tokenizer.decode([0x61, 0xc3, 0xa9, tinyTokens.endOfTurn]), 'aé<|im_end|>');
    assert.deepEqual([...tokenizer.endIds], [tinyTokens.endOfText, tinyTokens.endOfTurn]);
    assert.equal(
      tokenizer.renderChat([{ role: 'user', content: 'hi' }], 'So'),
      '<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\nSo',
    );
    await model.close();
  });

  it('has one hash while nothing changes and another once a weight does', async () => {
    const cacheDir = join(dir, 'cache');
    const hashOf = async (): Promise<string> => {
      const model = await openModel(dir, { cacheDir });
      await model.close();
      return model.hash;
    };
    const before = await hashOf();
    assert.equal(await hashOf(), before);
    await writeTinyModel(dir, { seed: 2 });
    assert.notEqual(await hashOf(), before);
  });

  it('computes the rotary factors of Llama 3.1 as transformers does', async () => {
    await writeTinyModel(dir, { architecture: 'llama' });
    const scaling = {
      rope_type: 'llama3',
      factor: 8,
      low_freq_factor: 1,
      high_freq_factor: 4,
      original_max_position_embeddings: 8192,
    };
    await editConfig({ rope_theta: 500_000, rope_scaling: scaling });
    const model = await openModel(dir);
    // 1 / (ROPE_INIT_FUNCTIONS["llama3"] / default frequencies) for head size 32, transformers 5.23.
    const expected = [1, 1, 1, 1, 1, 1, 1, 1, 2.69453, 8, 8, 8, 8, 8, 8, 8];
    assert.equal(model.config.ropeFactors?.length, 16);
    for (const [i, factor] of expected.entries()) {
      assert.ok(Math.abs(model.config.ropeFactors[i]! - factor) < 1e-3, `${i}: ${model.config.ropeFactors[i]}`);
    }
    await model.close();
  });

  it('names a torn weights file', async () => {
    await truncate(join(dir, 'model.safetensors'), 20_000);
    await assertRefused(dir, /model\.safetensors is torn: it ends after 20000 bytes/);
  });

  it('names a missing tensor and one of the wrong shape', async () => {
    await editConfig({ num_hidden_layers: 3 });
    await assertRefused(dir, /has no tensor model\.layers\.2\.input_layernorm\.weight/);
    await editConfig({ num_hidden_layers: 2, intermediate_size: 96 });
    await assertRefused(dir, /gate_proj\.weight of shape \[128, 64\] where its configuration asks for \[96, 64\]/);
  });

  it('refuses what it would compute wrongly', async () => {
    await editConfig({ model_type: 'gemma' });
    await assertRefused(dir, /architecture "gemma"; qwen2, qwen3, llama can be run/);
    await editConfig({ model_type: 'qwen2', hidden_act: 'gelu' });
    await assertRefused(dir, /activation gelu/);
    await editConfig({ hidden_act: 'silu', rope_scaling: { rope_type: 'yarn', factor: 4 } });
    await assertRefused(dir, /scales its rotary positions \(yarn\)/);
  });

  it('reads the kind of a rotary scaling under the older name as under the newer one', async () => {
    const yarn = { factor: 4, original_max_position_embeddings: 256 };
    await editConfig({ rope_scaling: { type: 'yarn', ...yarn } });
    await assertRefused(dir, /scales its rotary positions \(yarn\)/);
    await editConfig({ rope_scaling: { type: 'llama3', rope_type: 'yarn', ...yarn } });
    await assertRefused(dir, /scales its rotary positions \(yarn\)/);
    await editConfig({ rope_scaling: { type: 'linear', rope_type: 'default', factor: 4 } });
    await assertRefused(dir, /two ways to scale its rotary positions \(default and linear\)/);
    await editConfig({ rope_scaling: { factor: 4 } });
    await assertRefused(dir, /scales its rotary positions by 4 without saying in which way/);
    await editConfig({ rope_scaling: null, rope_parameters: { type: 'yarn', rope_theta: 10_000, ...yarn } });
    await assertRefused(dir, /scales its rotary positions \(yarn\)/);
    const factorsOf = async (key: 'type' | 'rope_type') => {
      await editConfig({ rope_parameters: null, rope_scaling: { [key]: 'llama3', factor: 8, low_freq_factor: 2 } });
      return (await readModelConfig(dir)).ropeFactors;
    };
    const factors = await factorsOf('type');
    assert.equal(factors?.length, 16);
    assert.deepEqual(factors, await factorsOf('rope_type'));
  });

  it('refuses by name whatever else changes the computation', async () => {
    await editConfig({ layer_types: ['full_attention', 'sliding_attention'] });
    await assertRefused(dir, /sliding-window attention/);
    await editConfig({ layer_types: null, partial_rotary_factor: 0.5 });
    await assertRefused(dir, /partial_rotary_factor/);
    await editConfig({ partial_rotary_factor: 1, quantization_config: { quant_method: 'gptq', bits: 4 } });
    await assertRefused(dir, /is quantised \(gptq\)/);
    await editConfig({ quantization_config: null });
    const path = join(dir, 'model.safetensors');
    const tensors = new Map<string, { shape: readonly number[]; data: Float32Array }>(await readSafetensors(path));
    const bias = { shape: [64], data: new Float32Array(64) };
    const stray = 'model.layers.0.self_attn.o_proj.bias';
    await writeSafetensors(path, tensors.set(stray, bias));
    await assertRefused(dir, /holds model\.layers\.0\.self_attn\.o_proj\.bias, which a qwen2 model/);
    tensors.delete(stray);
    await writeSafetensors(path, tensors.set('model.layers.0.self_attn.rotary_emb.inv_freq', bias));
    await (await openModel(dir)).close();
  });

  it('refuses absurd sizes at once, before anything is made of them', async () => {
    for (const [name, value] of Object.entries({
      num_hidden_layers: 1e9,
      hidden_size: 2 ** 40,
      vocab_size: 1e12,
      num_attention_heads: 0,
      head_dim: 7,
      num_key_value_heads: 3,
      max_position_embeddings: -1,
      rope_theta: 0,
    })) {
      await writeTinyModel(dir);
      await editConfig({ [name]: value });
      const started = performance.now();
      await assert.rejects(readModelConfig(dir), { boundary: 'model' }, name);
      await assert.rejects(openModel(dir), { boundary: 'model' }, name);
      assert.ok(performance.now() - started < 2_000, name);
    }
  });

  it('names a file of weights that its index asks for and that is missing', async () => {
    const entries = [...(await readSafetensors(join(dir, 'model.safetensors')))];
    await writeSafetensors(join(dir, 'model-00001-of-00002.safetensors'), new Map(entries.slice(0, 9)));
    await rm(join(dir, 'model.safetensors'));
    const index = (second: string) =>
      writeFile(
        join(dir, 'model.safetensors.index.json'),
        JSON.stringify({
          weight_map: Object.fromEntries(
            entries.map(([name], i) => [name, i < 9 ? 'model-00001-of-00002.safetensors' : second]),
          ),
        }),
      );
    await index('model-00002-of-00002.safetensors');
    await assertRefused(dir, /lacks model-00002-of-00002\.safetensors, one of the 2 files that its index names/);
    await index('../other.safetensors');
    await assertRefused(dir, /is no index of weights/);
    await rm(join(dir, 'model.safetensors.index.json'));
    await writeSafetensors(join(dir, 'model-copy.safetensors'), new Map(entries.slice(0, 9)));
    await assertRefused(dir, /model-copy\.safetensors and model-00001-of-00002\.safetensors both hold/);
  });

  it('is asked for where one of its files is given, also by what reads sizes alone', async () => {
    for (const [name, words] of [
      ['model.safetensors', /holds tensors alone/],
      ['config.json', /is a part of a model folder/],
    ] as const) {
      await assert.rejects(readModelConfig(join(dir, name)), { boundary: 'model', message: words });
      await assertRefused(join(dir, name), words);
    }
  });

  it('never reads what has no end', async function () {
    if (process.platform === 'win32') {
      this.skip();
    }
    for (const name of ['config.json', 'tokenizer.json', 'model.safetensors']) {
      await writeTinyModel(dir);
      await rm(join(dir, name));
      await symlink('/dev/zero', join(dir, name));
      await assert.rejects(openModel(dir), { boundary: 'model' }, name);
      await rm(join(dir, name));
    }
    await assertRefused('/dev/zero', /not a regular file/);
  });

  it('says which file of the folder is missing or unreadable', async () => {
    await writeFile(join(dir, 'config.json'), '{"model_type": "qwen2"');
    await assertRefused(dir, /config\.json is not as expected/);
    await rm(join(dir, 'config.json'));
    await assertRefused(dir, /config\.json cannot be read/);
    await writeTinyModel(dir);
    await rm(join(dir, 'tokenizer.json'));
    await assertRefused(dir, /has no tokenizer\.json/);
  });
});
