import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assertRefused } from '../../../test/support/refusal.ts';
import { tinyTokens, writeTinyModel } from '../../../test/support/tiny-model.ts';
import { BoundaryError } from '../../base/errors.ts';
import { expectedTensors } from '../layout.ts';
import { openModel } from '../open.ts';
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
