import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { exactRuntime } from '../../test/support/runtime-settings.ts';
import { cacheDir } from '../base/cache-dir.ts';
import { resolveModel } from '../model/installed.ts';
import type { ModelFile } from '../model/model.ts';
import { openModel } from '../model/open.ts';
import type { Prompt } from '../protocol/runtime.ts';
import { createGenerator } from './generation/generation.ts';
import { Inference } from './generation/inference.ts';
import { prepareWeights } from './weights/weights.ts';

interface Reference {
  modelHash: string;
  prompts: (Prompt & {
    promptTokenIds: number[];
    greedy: { tokenIds: number[]; text: string; logprobs: number[] };
    sampled: { tokenIds: number[]; logprobs: number[] };
  })[];
}

/** Made by scripts/fixtures/torch-logprobs.py with transformers on the dequantised weights of the same file. */
const reference = JSON.parse(
  readFileSync(new URL('fixtures/torch-logprobs.json', import.meta.url), 'utf8'),
) as Reference;

describe('generation with the default model', function () {
  this.timeout(300_000);
  const cache = cacheDir();
  let model: ModelFile;

  before(async () => {
    // Where it is absent this says which command fetches it.
    model = await openModel(await resolveModel('qwen2.5-coder-0.5b', cache), { cacheDir: cache });
    assert.equal(model.hash, reference.modelHash);
  });
  after(() => model.close());

  // Sums in another order still turn the nearest ties.
  it('continues greedily as transformers does, for 90 % of the prompts to the end', async () => {
    const generator = await createGenerator(model, {
      ...exactRuntime,
      threads: 0,
      cacheDir: cache,
      contextTokens: 256,
    });
    const results = await generator.generate(
      reference.prompts.map(({ messages, prefill }) => ({
        prompt: { messages, ...(prefill !== undefined && { prefill }) },
        samples: 1,
        maxTokens: 64,
        temperature: 0,
        seed: 1,
      })),
      { adapter: false },
    );
    await generator.close();
    let equal = 0;
    for (const [i, { promptTokenIds, greedy }] of reference.prompts.entries()) {
      const [completion] = results[i]!;
      assert.deepEqual(completion?.promptTokenIds, promptTokenIds);
      const at = greedy.tokenIds.findIndex((id, position) => id !== completion.tokenIds[position]);
      if (at < 0) {
        assert.equal(completion.tokenIds.length, greedy.tokenIds.length);
        equal++;
        continue;
      }
      // The best token there and the best token here are two: equally probable ones, if nothing is wrong.
      const gap = Math.abs(completion.logprobs[at]! - greedy.logprobs[at]!);
      assert.ok(
        gap < 0.02,
        `prompt ${i} leaves at token ${at}: ${completion.logprobs[at]} against ${greedy.logprobs[at]}`,
      );
    }
    assert.ok(equal >= 0.9 * reference.prompts.length, `${equal} of ${reference.prompts.length} are equal`);
  });

  it('gives logprobs within 0.05 nats of those in fp32, on average over sampled tokens', async () => {
    const weights = await prepareWeights(model, cache, 'nb32');
    const inference = await Inference.load(model.config, weights, { threads: 0, contextTokens: 256 });
    const differences = await forcedDifferences(inference, model.config.vocabulary);
    await inference.close();
    const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    const absolute = mean(differences.map(Math.abs));
    assert.ok(absolute <= 0.05, `mean |difference| ${absolute}`);
    assert.ok(Math.abs(mean(differences)) <= 0.01, `mean difference ${mean(differences)}`);
  });
});

/** Decodes the sampled tokens of the reference, all prompts as one batch; logprob here minus logprob there. */
async function forcedDifferences(inference: Inference, vocabulary: number): Promise<number[]> {
  const rows = reference.prompts;
  inference.reserve(rows.length, 128);
  for (const [slot, { promptTokenIds }] of rows.entries()) {
    await inference.prefill(slot, 0, promptTokenIds.slice(0, -1), () => undefined);
  }
  const longest = Math.max(...rows.map(({ sampled }) => sampled.tokenIds.length));
  const differences: number[] = [];
  for (let position = 0; position < longest; position++) {
    const inputs = rows.map(({ promptTokenIds, sampled }) => [
      sampled.tokenIds[position - 1] ?? promptTokenIds.at(-1)!,
    ]);
    const lengths = rows.map(({ promptTokenIds }) => promptTokenIds.length + position);
    const logits = await inference.decode(inputs, lengths);
    for (const [row, { sampled }] of rows.entries()) {
      const token = sampled.tokenIds[position];
      if (token !== undefined) {
        const own = logits.subarray(row * vocabulary, (row + 1) * vocabulary);
        differences.push(logprobOf(own, token) - sampled.logprobs[position]!);
      }
    }
  }
  return differences;
}

function logprobOf(logits: Float32Array, token: number): number {
  const largest = logits.reduce((most, logit) => Math.max(most, logit), -Infinity);
  const total = logits.reduce((sum, logit) => sum + Math.exp(logit - largest), 0);
  return logits[token]! - largest - Math.log(total);
}
