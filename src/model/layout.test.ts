import assert from 'node:assert/strict';
import { decoderLayout, expectedTensors, findConfigFault, linearsOf, packedLinearsOf } from './layout.ts';
import type { DecoderConfig } from './model.ts';

const config: DecoderConfig = {
  architecture: 'qwen2',
  layers: 2,
  hidden: 64,
  ffn: 96,
  heads: 4,
  kvHeads: 2,
  headSize: 8,
  vocabulary: 50,
  ropeBase: 10_000,
  rmsEpsilon: 1e-6,
  contextLength: 128,
  attentionBias: true,
  headNorm: false,
  tiedEmbedding: true,
};

describe('the layout of a decoder', () => {
  it('gives each linear layer its role, sizes and bias', () => {
    const [, layer] = decoderLayout(config).layers;
    assert.ok(layer);
    assert.deepEqual(
      linearsOf(layer).map(({ role, inputs, outputs, bias }) => [role, inputs, outputs, bias]),
      [
        ['q', 64, 32, true],
        ['k', 64, 16, true],
        ['v', 64, 16, true],
        ['o', 32, 64, false],
        ['gate', 64, 96, false],
        ['up', 64, 96, false],
        ['down', 96, 64, false],
      ],
    );
    assert.deepEqual(
      linearsOf(layer).map(({ name }) => name.replace('model.layers.1.', '')),
      ['q', 'k', 'v', 'o']
        .map((part) => `self_attn.${part}_proj`)
        .concat(['gate', 'up', 'down'].map((part) => `mlp.${part}_proj`)),
    );
  });

  it('makes one product of q, k and v', () => {
    const [layer] = decoderLayout(config).layers;
    assert.ok(layer);
    const [qkv, ...others] = packedLinearsOf(layer);
    assert.deepEqual([qkv?.role, qkv?.inputs, qkv?.outputs, qkv?.bias], ['qkv', 64, 64, true]);
    assert.deepEqual(qkv?.members, [layer.q, layer.k, layer.v]);
    assert.deepEqual(qkv.stored, [layer.q.name, layer.k.name, layer.v.name]);
    assert.ok(others.every(({ members, name }) => members.length === 1 && members[0]?.name === name));
  });

  it('reads a tied head from the embedding, and expects no tensor of it', () => {
    assert.deepEqual(decoderLayout(config).head.stored, ['model.embed_tokens']);
    assert.equal(expectedTensors(config).has('lm_head.weight'), false);
    const untied = { ...config, tiedEmbedding: false };
    assert.deepEqual(decoderLayout(untied).head.stored, ['lm_head']);
    assert.deepEqual(expectedTensors(untied).get('lm_head.weight'), [50, 64]);
  });
});

describe('findConfigFault', () => {
  it('names a size that makes no sense', () => {
    assert.equal(findConfigFault(config), undefined);
    for (const [change, words] of [
      [{ layers: 1e9 }, /layers as 1000000000/],
      [{ hidden: 0.5 }, /hidden as 0.5/],
      [{ kvHeads: 3 }, /4 heads, which is not a multiple of its 3/],
      [{ headSize: 7 }, /cannot be rotated in pairs/],
      [{ ropeFactors: [1, 1] }, /2 rotary factors where its heads need 4/],
      [{ ropeFactors: [1, 1, 0, 1] }, /rotary base or factor/],
      [{ rmsEpsilon: NaN }, /epsilon/],
    ] as const) {
      assert.match(findConfigFault({ ...config, ...change }) ?? '', words);
    }
  });
});
