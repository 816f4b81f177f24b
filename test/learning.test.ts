import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StepResult } from '../src/selfplay/step.ts';
import { lettersDomain, shareOfLetters } from './support/letters-domain.ts';
import { recompute } from './support/recompute.ts';
import { selfPlay } from './support/self-play.ts';
import { writeTinyModel } from './support/tiny-model.ts';

/** Small enough for seconds, large enough that chance does not look like learning. */
const settings = {
  proposerPrompts: 1,
  proposalsPerPrompt: 4,
  answersPerQuestion: 8,
  maxPromptTokens: 64,
  maxProposalTokens: 24,
  maxAnswerTokens: 24,
  proposerUpdateEvery: 0,
  nearDuplicate: 1,
  learningRate: 0.01,
  weightDecay: 0,
};

/** Over the steps that had a question: the proposer, which learns nothing here, does not find one in each. */
const solverReward = (results: readonly StepResult[]): number => {
  const rewards = results.flatMap(({ metrics }) => metrics.solver.reward ?? []);
  return rewards.reduce((sum, reward) => sum + reward, 0) / rewards.length;
};

describe('self-play on a tiny model made on the spot', function () {
  this.timeout(120_000);
  let dir: string;
  let modelPath: string;
  let cacheDir: string;

  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'selfq-learning-'));
    modelPath = join(dir, 'model');
    cacheDir = join(dir, 'cache');
    await writeTinyModel(modelPath);
  });

  after(() => rm(dir, { recursive: true, force: true }));

  it('raises its reward well above a control without updates, on every seed', async () => {
    const steps = 40;
    for (const seed of [1, 2]) {
      const play = (learningRate: number) =>
        selfPlay({
          modelPath,
          cacheDir,
          domain: lettersDomain(),
          steps,
          settings: { ...settings, seed, learningRate },
        });
      const trained = await play(settings.learningRate);
      const control = await play(0);
      const [before, after, still] = [trained.slice(0, 5), trained.slice(-10), control.slice(-10)].map(solverReward);
      console.log(`seed ${seed}: reward ${before?.toFixed(3)} -> ${after?.toFixed(3)}, control ${still?.toFixed(3)}`);
      assert.ok((after ?? 0) > (still ?? 1) + 0.2, `trained ${after}, control ${still}`);
    }
  });

  it('raises its reward by training every weight, from the policy that its sampler has', async () => {
    const play = (learningRate: number) =>
      selfPlay({
        modelPath,
        cacheDir,
        domain: lettersDomain(),
        steps: 25,
        settings: { ...settings, trainedWeights: 'full', learningRate },
      });
    const trained = await play(0.003);
    const [before, after, still] = [trained.slice(0, 5), trained.slice(-5), (await play(0)).slice(-5)].map(
      solverReward,
    );
    console.log(`reward ${before?.toFixed(3)} -> ${after?.toFixed(3)}, control ${still?.toFixed(3)}`);
    assert.ok((after ?? 0) > (still ?? 1) + 0.2, `trained ${after}, control ${still}`);
    for (const { metrics } of trained) {
      assert.ok((metrics.solver.sampling_logp_difference ?? 0) < 0.03, `step ${metrics.step}`);
    }
  });

  it('records enough for another program to compute rewards, advantages and losses again', async () => {
    const variants = [
      { beta: 0, oldLogprobs: 'sampler' },
      { beta: 0.05, oldLogprobs: 'trainer', miniBatchSequences: 16 },
      {
        beta: 0,
        importanceSamplingCorrection: 'truncated',
        importanceSamplingCap: 1.001,
        samplerPrecision: 'balanced',
        trainPrecision: 'exact',
      },
    ];
    for (const variant of variants) {
      const used = { ...settings, ...variant, proposerUpdateEvery: 2, answersPerQuestion: 4, epsilonLow: 0.2 };
      const results = await selfPlay({ modelPath, cacheDir, domain: lettersDomain(), steps: 3, settings: used });
      for (const { lines } of results) {
        const overTheWire = lines.map((line): unknown => JSON.parse(JSON.stringify(line)));
        const again = recompute(overTheWire, { epsilonHigh: 0.2, dualClip: 3, ...used }, ({ text }) =>
          shareOfLetters(text),
        );
        assert.ok(again.rewards.count > 0 && again.rewards.worst < 1e-9, JSON.stringify(again));
        assert.ok(again.advantages.worst < 1e-9, JSON.stringify(again));
        assert.ok(again.losses.count > 0 && again.losses.worst < 1e-3, JSON.stringify(again));
      }
    }
  });

  it('gives the same step again from the same seed', async () => {
    const play = () => selfPlay({ modelPath, cacheDir, domain: lettersDomain(), steps: 2, settings });
    const [first, second] = [await play(), await play()];
    const { time: _, ...last } = first[1]?.metrics ?? {};
    const { time: __, ...again } = second[1]?.metrics ?? {};
    assert.deepEqual(last, again);
    assert.deepEqual(first[1]?.lines, second[1]?.lines);
  });
});
