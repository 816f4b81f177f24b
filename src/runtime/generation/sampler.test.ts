import assert from 'node:assert/strict';
import { uniform } from '../../base/random.ts';
import { sampleFiltered, Sampler, type RowSampling } from './sampler.ts';

/** Logits like a model's: a few likely tokens and a long tail. */
function logitsOf(row: number, vocabulary: number): Float32Array {
  return Float32Array.from({ length: vocabulary }, (_, i) => -Math.log(uniform(row, i)) * 2 + uniform(row, i, 1) * 3);
}

function softmax(logits: Float32Array, temperature: number): number[] {
  const largest = Math.max(...logits);
  const weights = Array.from(logits, (logit) => Math.exp((logit - largest) / temperature));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}

const plain = { temperature: 1, topP: 1, topK: 0 };

describe('Sampler', () => {
  const samplers: Sampler[] = [];
  after(() => Promise.all(samplers.map((sampler) => sampler.close())));

  async function load(vocabulary: number): Promise<Sampler> {
    const sampler = await Sampler.load(vocabulary, { threads: 1 });
    samplers.push(sampler);
    return sampler;
  }

  async function sampleEach(vocabulary: number, rows: readonly RowSampling[], logits: readonly Float32Array[]) {
    const sampler = await load(vocabulary);
    const flat = new Float32Array(rows.length * vocabulary);
    logits.forEach((own, i) => flat.set(own, i * vocabulary));
    return sampler.sample(flat, rows);
  }

  // 1,187 is prime (one block), 384 and 2,048 have blocks.
  for (const vocabulary of [384, 1187, 2048]) {
    it(`is the inverse of the cumulative distribution over ${vocabulary} tokens`, async () => {
      const rows = Array.from({ length: 200 }, (_, i) => ({
        ...plain,
        temperature: [1, 0.6, 1.8][i % 3]!,
        uniform: [0, 0.5, 1 - 2 ** -53, uniform(9, i)][Math.min(i, 3)]!,
      }));
      const logits = rows.map((_, i) => logitsOf(i, vocabulary));
      const { tokens, logprobs } = await sampleEach(vocabulary, rows, logits);
      for (const [i, row] of rows.entries()) {
        const probabilities = softmax(logits[i]!, row.temperature);
        const token = tokens[i]!;
        const before = probabilities.slice(0, token).reduce((sum, value) => sum + value, 0);
        const slack = 3e-6;
        assert.ok(before <= row.uniform + slack, `row ${i}: token ${token} comes too late`);
        assert.ok(before + probabilities[token]! >= row.uniform - slack, `row ${i}: token ${token} comes too early`);
        const expected = Math.log(softmax(logits[i]!, 1)[token]!);
        assert.ok(Math.abs(logprobs[i]! - expected) < 1e-5, `row ${i}: ${logprobs[i]} for ${expected}`);
      }
    });
  }

  it('never draws a token of probability 0, even at the ends', async () => {
    const vocabulary = 384;
    const logits = new Float32Array(vocabulary).fill(-1e9);
    logits[10] = 3;
    logits[200] = 3.5;
    const rows = [0, 1e-9, 0.3, 0.37, 0.9, 1 - 2 ** -53].map((value) => ({ ...plain, uniform: value }));
    const { tokens } = await sampleEach(
      vocabulary,
      rows,
      rows.map(() => logits),
    );
    assert.deepEqual([...tokens], [10, 10, 10, 10, 200, 200]);
  });

  it('draws with the frequencies of the distribution', async () => {
    const vocabulary = 384;
    const logits = new Float32Array(vocabulary).fill(-20);
    [0, 1, 2, 3].forEach((token, i) => (logits[token * 100] = i * 0.5));
    const rows = Array.from({ length: 20_000 }, (_, i) => ({ ...plain, uniform: uniform(4, i) }));
    const { tokens } = await sampleEach(
      vocabulary,
      rows,
      rows.map(() => logits),
    );
    const probabilities = softmax(logits, 1);
    for (const token of [0, 100, 200, 300]) {
      const share = tokens.filter((drawn) => drawn === token).length / rows.length;
      const deviation = Math.sqrt((probabilities[token]! * (1 - probabilities[token]!)) / rows.length);
      assert.ok(Math.abs(share - probabilities[token]!) < 4 * deviation, `${token}: ${share}`);
    }
  });

  it('takes the first of the most probable tokens at temperature 0, whatever the uniform number', async () => {
    const vocabulary = 384;
    const logits = logitsOf(1, vocabulary);
    logits[50] = logits[60] = 40;
    logits[70] = 39.9999;
    const rows = [0, 0.7, 1 - 2 ** -53].map((value) => ({ ...plain, temperature: 0, uniform: value }));
    const { tokens } = await sampleEach(vocabulary, rows.slice(0, 1), [logits]);
    assert.equal(tokens[0], 50);
    logits[60] = 0;
    assert.deepEqual(
      [
        ...(
          await sampleEach(
            vocabulary,
            rows,
            rows.map(() => logits),
          )
        ).tokens,
      ],
      [50, 50, 50],
    );
  });

  it('uses top-p and top-k for the rows that ask for them', async () => {
    const vocabulary = 384;
    const rows = [0.05, 0.5, 0.999].flatMap((value) => [
      { ...plain, uniform: value, topK: 3 },
      { ...plain, uniform: value },
    ]);
    const logits = rows.map(() => logitsOf(7, vocabulary));
    const { tokens, logprobs } = await sampleEach(vocabulary, rows, logits);
    const unfiltered = await sampleEach(
      vocabulary,
      rows.map((row) => ({ ...row, topK: 0 })),
      logits,
    );
    const best = [...logits[0]!.keys()].sort((a, b) => logits[0]![b]! - logits[0]![a]!).slice(0, 3);
    for (const i of rows.keys()) {
      if (i % 2 === 0) {
        assert.ok(best.includes(tokens[i]!));
        assert.ok(Math.abs(logprobs[i]! - Math.log(softmax(logits[i]!, 1)[tokens[i]!]!)) < 1e-5);
      } else {
        assert.deepEqual([tokens[i], logprobs[i]], [unfiltered.tokens[i], unfiltered.logprobs[i]]);
      }
    }
  });
});

describe('sampleFiltered', () => {
  const logits = Float32Array.from([0.5, 0.3, 0.1, 0.06, 0.04], Math.log);
  const drawnWith = (settings: Partial<RowSampling>) =>
    new Set(
      Array.from({ length: 500 }, (_, i) => sampleFiltered(logits, { ...plain, ...settings, uniform: i / 500 })[0]),
    );

  it('keeps the smallest set of best tokens that reaches top-p', () => {
    assert.deepEqual(drawnWith({ topP: 0.45 }), new Set([0]));
    assert.deepEqual(drawnWith({ topP: 0.79 }), new Set([0, 1]));
    assert.deepEqual(drawnWith({ topP: 0.85 }), new Set([0, 1, 2]));
    assert.deepEqual(drawnWith({ topP: 0.9999 }), new Set([0, 1, 2, 3, 4]));
  });

  it('applies top-p to what top-k leaves', () => {
    assert.deepEqual(drawnWith({ topK: 2, topP: 0.6 }), new Set([0]));
    assert.deepEqual(drawnWith({ topK: 2, topP: 0.65 }), new Set([0, 1]));
    assert.deepEqual(drawnWith({ topK: 50 }), new Set([0, 1, 2, 3, 4]));
  });

  it('draws in proportion to the tempered probabilities', () => {
    const draws = Array.from({ length: 4000 }, (_, i) =>
      sampleFiltered(logits, { temperature: 0.5, topK: 2, topP: 1, uniform: (i + 0.5) / 4000 }),
    );
    const share = draws.filter(([token]) => token === 0).length / 4000;
    assert.ok(Math.abs(share - 0.25 / (0.25 + 0.09)) < 1e-3);
    assert.ok(draws.every(([token, logprob]) => Math.abs(logprob - logits[token]!) < 1e-6));
  });

  it('finds the tokens of a flat distribution, where none stands out', () => {
    const flat = new Float32Array(1000);
    const drawn = new Set(
      Array.from({ length: 3000 }, (_, i) => sampleFiltered(flat, { ...plain, topP: 0.5, uniform: i / 3000 })[0]),
    );
    assert.ok(Math.abs(drawn.size - 500) <= 1);
    assert.ok(Math.max(...drawn) <= 500, 'ties go to the lower ids');
  });
});
