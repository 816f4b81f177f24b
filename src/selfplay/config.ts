import { BoundaryError } from '../base/errors.ts';
import { defaultIn, parseSetting as parseOwn, type Setting as OwnSetting, type ValuesOf } from '../base/setting.ts';
import type { algebraSettings } from '../domains/algebra/settings.ts';
import type { arithmeticSettings } from '../domains/arithmetic/settings.ts';
import { type DomainSettings, domainSettings } from '../domains/settings.ts';
import {
  deviceNames,
  gradientCheckpointings,
  samplerPrecisions,
  sleepModes,
  trainedWeights,
  trainPrecisions,
} from '../protocol/runtime.ts';

interface NumberSetting {
  type: 'number';
  integer: boolean;
  minimum: number;
  maximum: number;
}
interface ChoiceSetting {
  type: 'choice';
  choices: readonly string[];
}
interface TextSetting {
  type: 'text';
}

/** One hyper-parameter: its one home for default, unit, range, meaning and source. */
export interface Setting {
  kind: NumberSetting | ChoiceSetting | TextSetting;
  unit: string;
  description: string;
  /** Default per preset; `laptop` and `paper` fall back to `quick`. */
  quick: number | string;
  laptop?: number | string;
  paper?: number | string;
}

const integer = (minimum: number, maximum: number): NumberSetting => ({
  type: 'number',
  integer: true,
  minimum,
  maximum,
});
const real = (minimum: number, maximum: number): NumberSetting => ({
  type: 'number',
  integer: false,
  minimum,
  maximum,
});
const choice = <const Choices extends readonly string[]>(...choices: Choices) => ({ type: 'choice' as const, choices });
const text: TextSetting = { type: 'text' };

/** `paper` values are those of arXiv 2508.03682, appendix and published code (method section 1). */
export const settings = {
  domain: {
    kind: choice('coding', 'arithmetic', 'algebra'),
    unit: '',
    quick: 'coding',
    description: 'Field in which the model questions itself.',
  },
  topic: {
    kind: text,
    unit: '',
    quick: '',
    description: 'What the problems are about, in free text; empty = whatever the domain knows.',
  },
  model: { kind: text, unit: '', quick: 'qwen2.5-coder-0.5b', description: 'Name in the catalogue, or a model file.' },
  device: { kind: choice(...deviceNames), unit: '', quick: 'cpu', description: 'Where the model runs.' },
  seed: { kind: integer(0, 2 ** 31 - 1), unit: '', quick: 1, description: 'Everything random comes from it.' },
  steps: {
    kind: integer(1, 100_000),
    unit: 'steps',
    quick: 6,
    laptop: 60,
    paper: 100,
    description: 'Steps of self-play.',
  },
  proposerPrompts: {
    kind: integer(1, 1024),
    unit: 'groups a step',
    quick: 6,
    laptop: 8,
    paper: 64,
    description: 'Proposer prompts a step.',
  },
  proposalsPerPrompt: {
    kind: integer(1, 64),
    unit: 'completions',
    quick: 4,
    description: "Proposals sampled for each proposer prompt: the proposer's group.",
  },
  answersPerQuestion: {
    kind: integer(2, 64),
    unit: 'completions',
    quick: 4,
    description: "Answers sampled for each question: the solver's group N.",
  },
  dynamicSampling: {
    kind: integer(0, 100),
    unit: 'rounds',
    quick: 0,
    description:
      'Further rounds of proposals and answers a step, at most, that replace questions whose answers are all rewarded alike (DAPO); 0 = none.',
  },
  temperature: { kind: real(0.01, 4), unit: '', quick: 1, description: 'Sampling temperature of both roles.' },
  topP: { kind: real(0.01, 1), unit: 'probability', quick: 1, description: 'Nucleus sampling; 1 = off.' },
  topK: { kind: integer(0, 1_000_000), unit: 'tokens', quick: 0, description: 'Top-k sampling; 0 = off.' },
  maxPromptTokens: {
    kind: integer(32, 32_768),
    unit: 'tokens',
    quick: 512,
    description: 'Longest prompt; a question that needs more is rejected, never cut.',
  },
  maxProposalTokens: {
    kind: integer(16, 8192),
    unit: 'tokens',
    quick: 256,
    laptop: 320,
    paper: 512,
    description: 'Longest proposal.',
  },
  maxAnswerTokens: {
    kind: integer(8, 8192),
    unit: 'tokens',
    quick: 160,
    laptop: 256,
    paper: 512,
    description: 'Longest answer.',
  },
  testsMode: {
    kind: choice('executed', 'written'),
    unit: '',
    quick: 'executed',
    paper: 'written',
    description: "Expected outputs computed from the proposal's reference solution, or written by the proposer.",
  },
  maxTests: { kind: integer(1, 100), unit: 'tests', quick: 10, description: 'Tests of a question that count.' },
  minDistinctTests: {
    kind: integer(1, 100),
    unit: 'tests',
    quick: 3,
    description: 'A question with fewer distinct tests is rejected.',
  },
  nearDuplicate: {
    kind: real(0, 1),
    unit: 'Jaccard similarity',
    quick: 0.8,
    description:
      'A statement at least this similar (word 3-grams) to an earlier one is rejected; 1 keeps only exact copies out.',
  },
  solverReward: {
    kind: choice('tests', 'format'),
    unit: '',
    quick: 'tests',
    description: 'Fraction of tests passed, or the format baseline (1 for a well-formed answer).',
  },
  proposerReward: {
    kind: choice('mean', 'perAnswer', 'oneMinusMean', 'variance', 'middle'),
    unit: '',
    quick: 'mean',
    description:
      'mean: 1 iff the mean solver reward is strictly between 0 and 1 (published code); perAnswer: share of answers with some but not all tests passed (eq. 4); oneMinusMean: 1 - mean where solvable (Absolute Zero); variance: 4p(1-p); middle: min(p, 1-p).',
  },
  proposerUpdateEvery: {
    kind: integer(0, 100_000),
    unit: 'steps',
    quick: 2,
    laptop: 5,
    paper: 5,
    description: 'The proposer is updated in every k-th step, after the solver; 0 = never.',
  },
  lossType: {
    kind: choice('dapo', 'grpo', 'dr_grpo'),
    unit: '',
    quick: 'dapo',
    description:
      'dapo: token mean over the mini-batch (the paper); grpo: mean of sequence means; dr_grpo: constant length.',
  },
  epsilonLow: { kind: real(0, 1), unit: '', quick: 0.2, description: 'PPO ratio clip below 1.' },
  epsilonHigh: { kind: real(0, 10), unit: '', quick: 0.2, description: 'PPO ratio clip above 1.' },
  dualClip: { kind: real(1, 100), unit: '', quick: 3, description: 'Bound of the loss for negative advantages.' },
  beta: {
    kind: real(0, 10),
    unit: '',
    quick: 0,
    paper: 0.001,
    description:
      'Weight of the KL (k3) to the base model. With 0, answers without advantage are left out of the update.',
  },
  oldLogprobs: {
    kind: choice('sampler', 'trainer'),
    unit: '',
    quick: 'sampler',
    paper: 'trainer',
    description:
      "Whose logprobs are the old policy: the sampler's, or recomputed by the trainer before the first update.",
  },
  importanceSamplingCorrection: {
    kind: choice('none', 'truncated'),
    unit: '',
    quick: 'none',
    description:
      "truncated: each token's loss is multiplied by the ratio of the trainer's probability to the sampler's, at most importanceSamplingCap; old logprobs are then the trainer's (TIS; Yao et al. 2025).",
  },
  importanceSamplingCap: { kind: real(0.01, 100), unit: '', quick: 2, description: 'Upper bound of that ratio.' },
  samplerPrecision: {
    kind: choice(...samplerPrecisions),
    unit: '',
    quick: 'balanced',
    description:
      'Frozen matrices in sampling: strict: 8 bit in blocks of 32; balanced: integer products of rotated rows, faster; fast: the same without rotation. Greedy decoding is exact.',
  },
  trainPrecision: {
    kind: choice(...trainPrecisions),
    unit: '',
    quick: 'balanced',
    description:
      'Frozen matrices in training: exact: fp32; half: fp16, for graphics cards; balanced: integer products, forward of rotated rows; fast: without rotation. Other devices than cpu compute in fp16 if they can where integer products are asked for.',
  },
  microBatchTokens: {
    kind: integer(128, 65_536),
    unit: 'tokens',
    quick: 1400,
    description:
      'Tokens of one pass of training. Answers that fit beside each other share their prompt; memory grows by about 0.7 MB a token with the default model.',
  },
  gradientCheckpointing: {
    kind: choice(...gradientCheckpointings),
    unit: '',
    quick: 'selective',
    paper: 'full',
    description:
      'What the backward pass computes again to save memory: none: nothing; selective: what is cheap; full: whole layers from their input, 10 to 20 % slower.',
  },
  miniBatchSequences: {
    kind: integer(0, 65_536),
    unit: 'completions',
    quick: 0,
    paper: 128,
    description: 'Completions of one optimiser step; 0 = all of the step.',
  },
  learningRate: {
    kind: real(0, 1),
    unit: '',
    quick: 2e-5,
    paper: 1e-5,
    description: "AdamW, constant. The paper's 1e-6 is for full fine-tuning; LoRA needs 10 to 100 times more.",
  },
  adamBeta1: { kind: real(0, 1), unit: '', quick: 0.9, description: 'AdamW.' },
  adamBeta2: { kind: real(0, 1), unit: '', quick: 0.999, description: 'AdamW.' },
  weightDecay: { kind: real(0, 1), unit: '', quick: 0.01, description: 'AdamW, decoupled.' },
  maxGradNorm: { kind: real(0, 1e9), unit: '', quick: 1, description: 'The gradient is scaled down to this norm.' },
  trainedWeights: {
    kind: choice(...trainedWeights),
    unit: '',
    quick: 'lora',
    description:
      'lora: an adapter beside frozen weights; full: every weight, for small models: in fp32 whatever trainPrecision says, with some 25 bytes of memory a weight and 12 of disk for each checkpoint. Take a learningRate of 1e-6 or so.',
  },
  sleepMode: {
    kind: choice(...sleepModes),
    unit: '',
    quick: 'on',
    laptop: 'off',
    description:
      'on: sampler and trainer give their memory back while the other one works; off: both stay, which saves seconds in every step (6 of 19 with the default model) and takes a third more memory.',
  },
  loraRank: { kind: integer(1, 256), unit: '', quick: 16, description: 'Rank of the adapter on all linear layers.' },
  loraAlpha: { kind: real(0.01, 4096), unit: '', quick: 32, description: 'The adapter is scaled by alpha / rank.' },
  evalEvery: {
    kind: integer(0, 100_000),
    unit: 'steps',
    quick: 0,
    laptop: 10,
    paper: 5,
    description: 'Greedy evaluation on the held-out set every k steps; always before and after; 0 = only then.',
  },
  slots: { kind: integer(1, 64), unit: 'rows', quick: 32, description: 'Completions generated at once.' },
  threads: { kind: integer(0, 256), unit: 'threads', quick: 0, description: '0 = physical cores.' },
  sandboxWorkers: { kind: integer(0, 64), unit: 'processes', quick: 0, description: '0 = physical cores.' },
} as const satisfies Record<string, Setting>;

export type SettingName = keyof typeof settings;
type ValueOf<S extends Setting> = S['kind'] extends NumberSetting
  ? number
  : S['kind'] extends { type: 'choice'; choices: readonly (infer Choice)[] }
    ? Choice
    : string;

/** Every setting with its value. */
export type Config = { readonly [Name in SettingName]: ValueOf<(typeof settings)[Name]> } & ValuesOf<
  typeof arithmeticSettings
> &
  ValuesOf<typeof algebraSettings>;

/** Settings that one domain has, and are not in the table above. */
const ownSettings: Readonly<Record<string, OwnSetting>> = Object.fromEntries(
  Object.values<DomainSettings>(domainSettings)
    .flatMap((own) => Object.entries(own.settings))
    .filter(([name]) => !Object.hasOwn(settings, name)),
);

export const presets = ['quick', 'laptop', 'paper'] as const;
export type Preset = (typeof presets)[number];

/** A preset with overrides (`name` -> text or value). Throws BoundaryError('usage') that names a near miss or the range. */
export function resolveConfig(preset: Preset, overrides: Readonly<Record<string, string | number>>): Config {
  const config: Record<string, string | number> = {};
  for (const [name, setting] of Object.entries<Setting>(settings)) {
    config[name] = setting[preset] ?? setting.quick;
  }
  for (const [name, setting] of Object.entries(ownSettings)) {
    config[name] = defaultIn(preset, setting.default);
  }
  const domain = Object.entries<DomainSettings>(domainSettings).find(([name]) => name === overrides['domain']);
  for (const [name, value] of Object.entries(domain?.[1].defaults ?? {})) {
    config[name] = defaultIn(preset, value);
  }
  for (const [name, value] of Object.entries(overrides)) {
    config[name] = parseSetting(name, value);
  }
  return config as Config;
}

/** The value of one setting from text. */
export function parseSetting(name: string, value: string | number): string | number {
  const own = Object.hasOwn(ownSettings, name) ? ownSettings[name] : undefined;
  if (own) {
    return parseOwn(name, own, value);
  }
  const setting = Object.entries<Setting>(settings).find(([known]) => known === name)?.[1];
  if (!setting) {
    throw new BoundaryError('usage', `There is no setting "${name}".`, `Did you mean "${nearest(name)}"?`);
  }
  const { kind } = setting;
  if (kind.type === 'text') {
    return String(value);
  }
  if (kind.type === 'choice') {
    if (!kind.choices.includes(String(value))) {
      throw new BoundaryError('usage', `${name} cannot be "${value}".`, `Choose one of ${kind.choices.join(', ')}.`);
    }
    return String(value);
  }
  const number = typeof value === 'string' && value.trim() === '' ? NaN : Number(value);
  if (!(number >= kind.minimum && number <= kind.maximum) || (kind.integer && !Number.isInteger(number))) {
    const what = kind.integer ? 'a whole number' : 'a number';
    throw new BoundaryError(
      'usage',
      `${name} cannot be "${value}".`,
      `Give ${what} from ${kind.minimum} to ${kind.maximum}${setting.unit ? ` (${setting.unit})` : ''}.`,
    );
  }
  return number;
}

/** The setting whose name needs the fewest edits. */
function nearest(name: string): string {
  const scored = Object.keys(settings).map((known) => ({
    known,
    distance: editDistance(name.toLowerCase(), known.toLowerCase()),
  }));
  return scored.reduce((best, next) => (next.distance < best.distance ? next : best)).known;
}

/** Levenshtein distance, also used for other names that a person may mistype. */
export function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(substitution, (previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1));
    }
    previous = row;
  }
  return previous[b.length] ?? 0;
}
