import assert from 'node:assert/strict';
import { Tape } from '../../onnx/autodiff.ts';
import { Graph } from '../../onnx/graph.ts';
import { policyLoss } from '../../onnx/operators/policy-loss.ts';
import { evaluator } from '../devices/evaluator.ts';
import { tokenLoss, tokenWeights } from './loss.ts';

const settings = { epsilonLow: 0.2, epsilonHigh: 0.28, dualClip: 3, beta: 0 };
const near = (actual: number, expected: number) =>
  assert.ok(Math.abs(actual - expected) < 1e-9, `${actual} is not ${expected}`);

describe('tokenLoss', () => {
  const policyAt = (ratio: number, advantage: number) =>
    tokenLoss(-2 + Math.log(ratio), -2, undefined, advantage, settings);

  it('is minus the advantage where the policy has not moved', () => {
    near(policyAt(1, 1.5).loss, -1.5);
    near(policyAt(1, -0.5).loss, 0.5);
  });

  it('stops rewarding a ratio beyond the clip range, and never forgives one that went the wrong way', () => {
    near(policyAt(1.5, 2).loss, -2 * 1.28);
    near(policyAt(0.5, 2).loss, -2 * 0.5);
    near(policyAt(0.5, -2).loss, 2 * 0.8);
    near(policyAt(1.5, -2).loss, 2 * 1.5);
    assert.deepEqual(
      [policyAt(1.5, 2), policyAt(0.5, 2), policyAt(0.5, -2), policyAt(1.5, -2)].map(({ clipped }) => clipped),
      [true, false, true, false],
    );
  });

  it('bounds the loss of a negative advantage by the dual clip', () => {
    near(policyAt(7, -0.5).loss, 0.5 * 3);
    near(policyAt(7, 0.5).loss, -0.5 * 1.28);
  });

  it('adds beta times the k3 estimate of the KL, at most 10', () => {
    const withKl = (gap: number) => tokenLoss(-2, -2, -2 + gap, 0, { ...settings, beta: 0.5 });
    near(withKl(1).kl, Math.E - 2);
    near(withKl(1).loss, 0.5 * (Math.E - 2));
    near(withKl(-1).kl, 1 / Math.E);
    near(withKl(5).kl, 10);
    near(withKl(-500).kl, 10);
    near(tokenLoss(-2, -2, undefined, 0, { ...settings, beta: 0.5 }).loss, 0);
  });

  it('stays finite whatever the logprobs are', () => {
    for (const logprob of [-1e4, 0]) {
      for (const advantage of [-1, 0, 1]) {
        assert.ok(Number.isFinite(tokenLoss(logprob, -5000, -5000, advantage, { ...settings, beta: 1 }).loss));
      }
    }
  });

  it('agrees with the graph on a grid of ratios, references and advantages', async () => {
    const grid = [-30, -1, -0.3, -0.1, 0, 0.2, 0.25, 1, 1.2, 30].flatMap((logRatio) =>
      [-30, -11, -1, 0, 0.5, 2.4, 2.6, 30].flatMap((gap) =>
        [-1.5, 0, 0.7].map((advantage) => ({ old: -2 - logRatio, reference: -2 + gap, advantage })),
      ),
    );
    const options = { ...settings, beta: 0.1 };
    const graph = new Graph();
    const column = (name: string) => graph.input(name, 'float', [grid.length, 1]);
    const loss = policyLoss(new Tape(graph), column('logprobs'), {
      oldLogprobs: column('old'),
      refLogprobs: column('reference'),
      advantages: column('advantage'),
      epsilonLow: graph.float(options.epsilonLow),
      epsilonHigh: graph.float(options.epsilonHigh),
      dualClip: graph.float(options.dualClip),
      beta: graph.float(options.beta),
    });
    graph.output('loss', loss, 'float', [grid.length, 1]);
    const { run, close } = await evaluator(graph);
    const feed = (value: (point: (typeof grid)[number]) => number) => ({
      dims: [grid.length, 1],
      data: Float32Array.from(grid, value),
    });
    const result = await run({
      logprobs: feed(() => -2),
      old: feed(({ old }) => old),
      reference: feed(({ reference }) => reference),
      advantage: feed(({ advantage }) => advantage),
    });
    await close();
    grid.forEach(({ old, reference, advantage }, i) => {
      const expected = tokenLoss(-2, old, reference, advantage, options).loss;
      const actual = result['loss']![i]!;
      const error = Math.abs(actual - expected) / Math.max(1, Math.abs(expected));
      assert.ok(error < 1e-5, `${JSON.stringify(grid[i])}: ${actual}, not ${expected}`);
    });
  });
});

describe('tokenWeights', () => {
  const lengths = [1, 3, 4];
  it('dapo: every token of the mini-batch counts the same', () => {
    assert.deepEqual(tokenWeights(lengths, { lossType: 'dapo', maxCompletionTokens: 9 }), [1 / 8, 1 / 8, 1 / 8]);
  });
  it('grpo: every sequence counts the same', () => {
    assert.deepEqual(tokenWeights(lengths, { lossType: 'grpo', maxCompletionTokens: 9 }), [1 / 3, 1 / 9, 1 / 12]);
  });
  it('dr_grpo: every token counts the same whatever the lengths are', () => {
    assert.deepEqual(tokenWeights(lengths, { lossType: 'dr_grpo', maxCompletionTokens: 9 }), [1 / 27, 1 / 27, 1 / 27]);
  });
  it('empty completions weigh nothing and break nothing', () => {
    assert.ok(tokenWeights([0, 0], { lossType: 'dapo', maxCompletionTokens: 9 }).every(Number.isFinite));
    assert.ok(tokenWeights([0, 2], { lossType: 'grpo', maxCompletionTokens: 9 }).every(Number.isFinite));
  });
});
