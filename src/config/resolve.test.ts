import assert from 'node:assert/strict';
import { BoundaryError } from '../base/errors.ts';
import { choice, integer, parseSetting, presets, type Preset, type SettingValue } from '../base/setting.ts';
import { domainSettings } from '../domains/settings.ts';
import { resolveConfig, resolveIn, type SettingValues } from './resolve.ts';
import { findSetting, sectionsOf, settingNames, tables, type Tables } from './tables.ts';

/** Values of quick, laptop and paper; one where all three are the same. Changing a line changes what runs do. */
const codingDefaults: Record<
  string,
  [SettingValue] | [quick: SettingValue, laptop: SettingValue, paper: SettingValue]
> = {
  domain: ['coding'],
  topic: [''],
  model: ['qwen2.5-coder-0.5b'],
  runWhen: ['always'],
  device: ['cpu'],
  seed: [1],
  steps: [6, 60, 100],
  proposerPrompts: [6, 8, 64],
  proposalsPerPrompt: [4, 1, 4],
  answersPerQuestion: [4, 8, 4],
  dynamicSampling: [0],
  pool: [''],
  poolShare: [1],
  questionsBeforehand: [0, 30, 0],
  labelled: [''],
  labelledShare: [0.05],
  temperature: [1],
  topP: [1],
  topK: [0],
  maxPromptTokens: [512],
  maxProposalTokens: [256, 320, 512],
  maxAnswerTokens: [160, 256, 512],
  testsMode: ['executed', 'executed', 'written'],
  maxTests: [10],
  minDistinctTests: [3],
  multiplyTests: [0, 10, 0],
  nearDuplicate: [0.8],
  behaviourDuplicates: ['reject'],
  safetyGuard: ['words'],
  minAgreement: [0],
  shortReferences: [1],
  questionEmbeddings: [16],
  solverReward: ['tests'],
  proposerReward: ['mean'],
  proposerUpdateEvery: [2, 0, 5],
  lossType: ['dapo'],
  epsilonLow: [0.2],
  epsilonHigh: [0.2],
  dualClip: [3],
  beta: [0, 0, 0.001],
  oldLogprobs: ['sampler', 'sampler', 'trainer'],
  importanceSamplingCorrection: ['none'],
  importanceSamplingCap: [2],
  samplerPrecision: ['balanced'],
  trainPrecision: ['balanced'],
  microBatchTokens: [1400],
  gradientCheckpointing: ['selective', 'selective', 'full'],
  miniBatchSequences: [0, 0, 128],
  learningRate: [0.00002, 0.00005, 0.00001],
  adamBeta1: [0.9],
  adamBeta2: [0.999],
  weightDecay: [0.01],
  maxGradNorm: [1],
  trainedWeights: ['lora'],
  sleepMode: ['on', 'off', 'on'],
  loraRank: [16],
  loraAlpha: [32],
  evalEvery: [0, 10, 5],
  evalBenchmark: [''],
  evalQuestions: [24, 60, 100],
  evalSamples: [1, 4, 4],
  testQuestions: [96, 200, 100_000],
  testSamples: [1, 4, 1],
  paperSelection: ['off'],
  evalPrecision: ['balanced'],
  slots: [32],
  threads: [0],
  sandboxWorkers: [0],
};

/** The real tables with a second domain beside coding. */
const withVotes: Tables = {
  ...tables,
  domains: {
    ...domainSettings,
    votes: {
      settings: {
        minVotes: { kind: integer(1, 64), description: 'Votes.', default: 2 },
        // Both domains have one of this name.
        testsMode: { kind: choice('none'), description: 'Tests.', default: 'none' },
      },
      defaults: { maxAnswerTokens: { quick: 96 }, maxProposalTokens: { paper: 1024 }, temperature: 0.7 },
    },
  },
};

const refusal = (resolve: () => unknown): BoundaryError => {
  try {
    resolve();
  } catch (error) {
    assert.ok(error instanceof BoundaryError);
    return error;
  }
  throw new assert.AssertionError({ message: 'it was accepted' });
};
const refused = (overrides: SettingValues): BoundaryError => refusal(() => resolveConfig('quick', overrides));

describe('settings', () => {
  it('have these values in a run of coding', () => {
    for (const [index, preset] of presets.entries()) {
      const expected = Object.entries(codingDefaults).map(([name, values]) => [name, values[index] ?? values[0]]);
      assert.deepEqual(resolveConfig(preset, {}), Object.fromEntries(expected), preset);
    }
  });

  it('accept their own defaults in every preset', () => {
    for (const preset of presets) {
      const config = resolveConfig(preset, {});
      assert.deepEqual(resolveConfig(preset, { ...config }), config);
    }
  });

  it('belong to one owner each, within every domain', () => {
    for (const domain of Object.keys(tables.domains)) {
      const names = sectionsOf(domain).flatMap(({ settings }) => Object.keys(settings));
      assert.deepEqual(names.length, new Set(names).size, domain);
    }
  });

  it('have the published values in the paper preset', () => {
    const config = resolveConfig('paper', {});
    const { proposerPrompts, proposalsPerPrompt, answersPerQuestion, steps, beta, miniBatchSequences } = config;
    assert.deepEqual(
      [proposerPrompts, proposalsPerPrompt, answersPerQuestion, steps, beta, miniBatchSequences],
      [64, 4, 4, 100, 0.001, 128],
    );
    assert.ok(config.domain === 'coding');
    assert.equal(config.testsMode, 'written');
  });

  it('are the published ones in each domain of values, in its paper preset', () => {
    for (const [domain, tokens] of [
      ['arithmetic', 1024],
      ['algebra', 3072],
    ] as const) {
      const config = resolveConfig('paper', { domain });
      assert.ok(config.domain === 'arithmetic' || config.domain === 'algebra');
      const { label, answerForm, maxAnswerTokens, temperature, proposerUpdateEvery } = config;
      assert.deepEqual(
        [label, answerForm, maxAnswerTokens, temperature, proposerUpdateEvery],
        ['majority', 'think', tokens, 1, 5],
      );
    }
  });

  it('take text as a number where one is meant', () => {
    assert.equal(resolveConfig('quick', { learningRate: '3e-5' }).learningRate, 3e-5);
  });

  it('suggest the nearest name for one that does not exist, of whichever domain', () => {
    const error = refused({ learningrate: 1 });
    assert.equal(error.boundary, 'usage');
    assert.match(error.remedy, /"learningRate"/);
    assert.match(refused({ setps: 3 }).remedy, /"steps"/);
    assert.match(refusal(() => resolveIn(withVotes, 'quick', { minVote: 1 })).remedy, /"minVotes"/);
    assert.match(refused({ zzzzzzzzzz: 1 }).remedy, /--settings/);
  });

  it('say the range or the choices for a value that does not fit', () => {
    assert.match(refused({ steps: 0 }).remedy, /from 1 to 100000 \(steps\)/);
    assert.match(refused({ lossType: 'ppo' }).remedy, /dapo, grpo, dr_grpo/);
    assert.match(refused({ samplerPrecision: 'fast' }).remedy, /strict, balanced\./);
  });

  it('each say what they mean', () => {
    for (const name of settingNames()) {
      assert.match(findSetting(name)?.description ?? '', /\.$/, name);
    }
  });
});

describe('settings of a domain', () => {
  const resolve = (preset: Preset, overrides: SettingValues) => resolveIn(withVotes, preset, overrides);

  it('are there in runs of it alone, with its defaults for settings of others', () => {
    const votes = resolve('quick', { domain: 'votes' });
    assert.deepEqual([votes['domain'], votes['minVotes'], votes['testsMode']], ['votes', 2, 'none']);
    assert.ok(!('maxTests' in votes));
    assert.deepEqual([votes['maxAnswerTokens'], votes['temperature']], [96, 0.7]);
    // Presets that it does not name keep their values.
    const laptop = resolve('laptop', { domain: 'votes' });
    assert.deepEqual([laptop['maxAnswerTokens'], laptop['maxProposalTokens'], laptop['temperature']], [256, 320, 0.7]);
    assert.equal(resolve('paper', { domain: 'votes' })['maxProposalTokens'], 1024);
    const coding = resolve('quick', { domain: 'coding' });
    assert.deepEqual([coding['maxAnswerTokens'], 'minVotes' in coding], [160, false]);
    assert.equal(resolve('quick', { domain: 'votes', maxAnswerTokens: 50 })['maxAnswerTokens'], 50);
  });

  it('are refused by name in a run of another one', () => {
    const error = refusal(() => resolve('quick', { domain: 'votes', maxTests: 3 }));
    assert.equal(error.boundary, 'usage');
    assert.match(error.message, /^maxTests is a setting of coding, and the domain of this run is votes\.$/);
    assert.match(refusal(() => resolve('quick', { minVotes: 3 })).message, /^minVotes is a setting of votes/);
  });

  it('name what other owners have, in its range', () => {
    for (const [domain, { defaults = {} }] of Object.entries(tables.domains)) {
      for (const [name, value] of Object.entries(defaults)) {
        const setting = tables.shared.map(({ settings }) => settings[name]).find((found) => found !== undefined);
        assert.ok(setting, `${domain}: ${name}`);
        for (const each of typeof value === 'object' ? Object.values(value) : [value]) {
          assert.equal(parseSetting(name, setting, each), each, `${domain}: ${name}`);
        }
      }
    }
  });

  it('are those of a domain that exists: the nearest name is suggested for another', () => {
    assert.match(refusal(() => resolve('quick', { domain: 'codng' })).remedy, /"coding"/);
    assert.match(refusal(() => resolve('quick', { domain: 'vote' })).remedy, /"votes"/);
    const error = refused({ domain: 'constructor' });
    assert.deepEqual(
      [error.message, error.remedy],
      ['There is no domain "constructor".', 'Choose one of coding, arithmetic, algebra, workspace, user.'],
    );
  });
});
