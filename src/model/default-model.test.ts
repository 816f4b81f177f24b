import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { cacheDir } from '../base/cache-dir.ts';
import { catalogueEntry } from './catalogue.ts';
import { readTokenizerFixture } from './fixtures/tokenizer-fixture.ts';
import { resolveModel } from './installed.ts';
import { expectedTensors } from './layout.ts';
import type { ModelFile } from './model.ts';
import { openModel } from './open.ts';

const id = 'qwen2.5-coder-0.5b';

/** Made by scripts/fixtures/model-tensors.py with transformers: numbers at flat positions `at`. */
const tensors = JSON.parse(readFileSync(new URL('fixtures/default-model-tensors.json', import.meta.url), 'utf8')) as {
  name: string;
  type: string;
  at: number[];
  values: number[];
}[];

describe('the default model', function () {
  // Half a gigabyte is hashed and, in one test, decoded.
  this.timeout(120_000);
  let model: ModelFile;

  before(async () => {
    // Where it is absent this says which command fetches it.
    model = await openModel(await resolveModel(id, cacheDir()), { cacheDir: cacheDir() });
  });
  after(() => model.close());

  it('has the checksum of the catalogue and the shape of Qwen2.5-Coder-0.5B', () => {
    assert.equal(model.hash, catalogueEntry(id).sha256);
    assert.deepEqual(model.config, {
      architecture: 'qwen2',
      layers: 24,
      hidden: 896,
      ffn: 4864,
      heads: 14,
      kvHeads: 2,
      headSize: 64,
      vocabulary: 151_936,
      ropeBase: 1_000_000,
      rmsEpsilon: Math.fround(1e-6),
      contextLength: 32_768,
      attentionBias: true,
      headNorm: false,
      tiedEmbedding: false,
    });
  });

  it('has the numbers that transformers reads, in every number format that it uses', async () => {
    assert.deepEqual(new Set(tensors.map(({ type }) => type)), new Set(['F32', 'Q4_K', 'Q5_0', 'Q6_K', 'Q8_0']));
    for (const { name, at, values } of tensors) {
      const tensor = await model.tensor(name);
      for (const [i, position] of at.entries()) {
        assert.ok(Math.abs(tensor[position]! - values[i]!) <= 1e-6, `${name}[${position}]`);
      }
    }
  });

  it('has all its tensors, 630 million finite numbers', async () => {
    let count = 0;
    for (const [name, shape] of expectedTensors(model.config)) {
      const values = await model.tensor(name);
      assert.equal(
        values.length,
        shape.reduce((product, size) => product * size, 1),
        name,
      );
      // Not-a-number and infinity survive every sum.
      assert.ok(Number.isFinite(values.reduce((sum, value) => sum + value, 0)), name);
      count += values.length;
    }
    assert.equal(count, 630_167_424);
  });

  it('turns 980 texts and 20 conversations into the ids of transformers', () => {
    const { texts, chats } = readTokenizerFixture('qwen2');
    assert.equal(texts.length + chats.length, 1000);
    for (const { text, ids } of texts) {
      assert.deepEqual(model.tokenizer.encode(text), ids, JSON.stringify(text));
    }
    for (const { messages, prefill, ids } of chats) {
      assert.deepEqual(model.tokenizer.encode(model.tokenizer.renderChat(messages, prefill)), ids);
    }
  });

  it('adds the default system message of its template where none is given', () => {
    assert.equal(
      model.tokenizer.renderChat([{ role: 'user', content: 'hi' }], '/**'),
      '<|im_start|>system\nYou are Qwen, created by Alibaba Cloud. You are a helpful assistant.<|im_end|>\n' +
        '<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n/**',
    );
  });

  it('ends completions at the end of a turn, of the text, and at tokens that start another document', () => {
    const texts = model.tokenizer.endIds.map((end) => model.tokenizer.decode([end]));
    assert.deepEqual(texts, ['<|endoftext|>', '<|im_end|>', '<|fim_pad|>', '<|repo_name|>', '<|file_sep|>']);
  });
});
