import assert from 'node:assert/strict';
import { catalogue, catalogueEntry } from '../model/catalogue.ts';
import { resolveConfig } from '../selfplay/config.ts';
import { estimateMemory } from './memory.ts';

const qwen = catalogueEntry('qwen2.5-coder-0.5b').config;
const quick = { slots: 32, contextTokens: 768, loraRank: 16 };

describe('the memory that a model needs', () => {
  it('counts the weights as the prepared files hold them', () => {
    const { parts } = estimateMemory(qwen, quick);
    // Sizes of the prepared files of this model, which begin each tensor at a new page.
    assert.ok(Math.abs(parts.generationWeights / 709_355_520 - 1) < 0.002, String(parts.generationWeights));
    assert.ok(Math.abs(parts.trainingWeights / 2_520_878_592 - 1) < 0.002, String(parts.trainingWeights));
  });

  it('counts keys and values of every slot: 24.6 KB a token for the default model', () => {
    assert.equal(estimateMemory(qwen, { ...quick, slots: 1, contextTokens: 1 }).parts.cache, 24_576);
    assert.equal(estimateMemory(qwen, quick).parts.cache, 24_576 * 32 * 768);
  });

  it('grows with slots, context and rank, and generation needs less than a run', () => {
    const need = (change: Partial<typeof quick>) => estimateMemory(qwen, { ...quick, ...change });
    const usual = need({});
    assert.ok(usual.generation < usual.training);
    assert.ok(need({ slots: 8 }).generation < usual.generation);
    assert.ok(need({ contextTokens: 2048 }).training > usual.training);
    assert.ok(need({ loraRank: 64 }).training > usual.training);
    assert.ok(need({ slots: 8 }).training > need({ slots: 8 }).generation);
  });

  it('is what the catalogue states for a run with the default settings', () => {
    const config = resolveConfig('quick', {});
    const contextTokens = config.maxPromptTokens + Math.max(config.maxProposalTokens, config.maxAnswerTokens);
    for (const entry of catalogue) {
      const { training } = estimateMemory(entry.config, {
        slots: config.slots,
        contextTokens,
        loraRank: config.loraRank,
      });
      assert.equal(entry.memoryGiB, Math.ceil(training / 2 ** 30), entry.id);
    }
  });
});
