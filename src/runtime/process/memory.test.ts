import assert from 'node:assert/strict';
import { catalogue, catalogueEntry } from '../../model/catalogue.ts';
import { defaultsOf } from '../../base/setting.ts';
import { selfPlaySettings } from '../../selfplay/settings.ts';
import { runtimeSettings } from '../settings.ts';
import type { GradientCheckpointing, TrainPrecision } from '../settings.ts';
import { estimateMemory, type MemorySettings } from './memory.ts';

const qwen = catalogueEntry('qwen2.5-coder-0.5b').config;
const quick = { ...defaultsOf(runtimeSettings, 'quick'), contextTokens: 768 };

describe('the memory that a model needs', () => {
  it('counts the weights as the prepared files hold them', () => {
    const { parts } = estimateMemory(qwen, { ...quick, samplerPrecision: 'strict', trainPrecision: 'exact' });
    // Sizes of the prepared files of this model, which begin each tensor at a new page.
    assert.ok(Math.abs(parts.generationWeights / 709_355_520 - 1) < 0.002, String(parts.generationWeights));
    assert.ok(Math.abs(parts.trainingWeights / 2_520_878_592 - 1) < 0.002, String(parts.trainingWeights));
  });

  it('counts keys and values of every slot: 24.6 KB a token for the default model', () => {
    assert.equal(estimateMemory(qwen, { ...quick, slots: 1, contextTokens: 1 }).parts.cache, 24_576);
    assert.equal(estimateMemory(qwen, quick).parts.cache, 24_576 * 32 * 768);
  });

  it('grows with slots, context and rank, and generation needs less than a run', () => {
    const need = (change: Partial<MemorySettings>) => estimateMemory(qwen, { ...quick, ...change });
    const usual = need({});
    assert.ok(usual.generation < usual.training);
    assert.ok(need({ slots: 8 }).generation < usual.generation);
    assert.ok(need({ contextTokens: 2048 }).training > usual.training);
    assert.ok(need({ loraRank: 64 }).training > usual.training);
  });

  it('shrinks with what is computed again, and is less with 8-bit products', () => {
    const need = (gradientCheckpointing: GradientCheckpointing, trainPrecision: TrainPrecision = 'balanced') =>
      estimateMemory(qwen, { ...quick, gradientCheckpointing, trainPrecision }).training;
    assert.ok(need('full') < need('selective') && need('selective') < need('none'));
    assert.ok(need('selective') < need('selective', 'exact'));
    assert.ok(need('selective') < need('selective', 'half'));
  });

  it('is the sum of sampler and trainer where neither sleeps', () => {
    const { parts, training } = estimateMemory(qwen, { ...quick, sleepMode: 'off' });
    const { trainingWeights, activations, generationWeights, cache, generationBuffers } = parts;
    const both = trainingWeights + activations + generationWeights + cache + generationBuffers;
    assert.equal(training, parts.process + parts.trained + both);
  });

  it('is within a quarter of the measured peaks', () => {
    const peak = (id: string, change: Partial<MemorySettings>) =>
      estimateMemory(catalogueEntry(id).config, { ...quick, ...change }).training;
    // docs/log.md, "Blocks that stay in caches": bytes, on Linux.
    const measured: [string, Partial<MemorySettings>, number][] = [
      ['qwen2.5-coder-0.5b', {}, 2.38e9],
      ['qwen2.5-coder-0.5b', { gradientCheckpointing: 'full', contextTokens: 3584, slots: 1 }, 3.12e9],
      ['qwen2.5-coder-0.5b', { gradientCheckpointing: 'full' }, 1.86e9],
      ['qwen2.5-coder-0.5b', { gradientCheckpointing: 'none' }, 5.62e9],
      ['smollm2-135m', { gradientCheckpointing: 'full', slots: 1 }, 0.86e9],
    ];
    for (const [id, change, bytes] of measured) {
      const ratio = peak(id, change) / bytes;
      assert.ok(
        ratio > 0.75 && ratio < 1.25,
        `${id} ${JSON.stringify(change)}: ${ratio.toFixed(2)} of what was measured`,
      );
    }
  });

  it('is so many GiB for a run of each model of the catalogue with the default settings', () => {
    const expected: Record<string, number> = {
      'qwen2.5-coder-0.5b': 3,
      'qwen2.5-coder-1.5b': 6,
      'smollm2-135m': 2,
      'qwen2.5-coder-3b': 9,
      'qwen2.5-3b': 9,
    };
    const { maxPromptTokens, maxProposalTokens, maxAnswerTokens } = defaultsOf(selfPlaySettings, 'quick');
    const contextTokens = maxPromptTokens + Math.max(maxProposalTokens, maxAnswerTokens);
    for (const entry of catalogue) {
      const { training } = estimateMemory(entry.config, { ...quick, contextTokens });
      assert.equal(expected[entry.id], Math.ceil(training / 2 ** 30), entry.id);
    }
  });
});
