import { choice, integer, real, text, textUpTo, type SettingTable, type ValuesOf } from '../base/setting.ts';

/** What the algorithm of self-play can be told. `paper`: arXiv 2508.03682, appendix and published code. */
export const selfPlaySettings = {
  topic: {
    // It stands in every prompt of the proposer.
    kind: textUpTo(1000),
    description: 'What the problems are about, in free text; empty = whatever the domain knows.',
    default: '',
  },
  seed: { kind: integer(0, 2 ** 31 - 1), description: 'Everything random comes from it.', default: 1 },
  steps: {
    kind: integer(1, 100_000),
    unit: 'steps',
    description: 'Steps of self-play.',
    default: { quick: 6, laptop: 60, paper: 100 },
  },
  proposerPrompts: {
    kind: integer(1, 1024),
    unit: 'groups a step',
    description: 'Proposer prompts a step.',
    default: { quick: 6, laptop: 8, paper: 64 },
  },
  proposalsPerPrompt: {
    kind: integer(1, 64),
    unit: 'completions',
    description: "Proposals sampled for each proposer prompt: the proposer's group.",
    default: 4,
  },
  answersPerQuestion: {
    kind: integer(2, 64),
    unit: 'completions',
    description: "Answers sampled for each question: the solver's group N.",
    default: 4,
  },
  dynamicSampling: {
    kind: integer(0, 100),
    unit: 'rounds',
    description:
      'Further rounds of proposals and answers a step, at most, that replace questions whose answers are all rewarded alike; 0 = none.',
    source: 'DAPO',
    default: 0,
  },
  pool: {
    kind: text,
    description:
      "A JSONL file of questions made beforehand, in the form of the domain's benchmarks; empty = the proposer alone asks.",
    default: '',
  },
  poolShare: {
    kind: real(0, 1),
    unit: "share of a step's questions",
    description: 'Questions that come from the pool instead of the proposer.',
    default: 1,
  },
  questionsBeforehand: {
    kind: integer(0, 100_000),
    unit: 'steps',
    description:
      'In the first k steps questions are only made and answered. Then those that were solved by some answers and not by others are trained on, each as often as every other, and no more are made: the proposer rests, whatever proposerUpdateEvery says. 0 = every step makes its questions.',
    default: 0,
  },
  labelled: {
    kind: text,
    description: 'A JSONL file of questions with known answers: answers to them are graded by the truth. Empty = none.',
    default: '',
  },
  labelledShare: {
    kind: real(0, 1),
    unit: "share of a step's questions",
    description: 'Questions that come from the file of labelled ones.',
    default: 0.05,
  },
  temperature: { kind: real(0.01, 4), description: 'Sampling temperature of both roles.', default: 1 },
  topP: {
    kind: real(0.01, 1),
    unit: 'probability',
    description: 'Nucleus sampling in self-play, not in evaluations; 1 = off.',
    default: 1,
  },
  topK: {
    kind: integer(0, 1_000_000),
    unit: 'tokens',
    description: 'Top-k sampling in self-play, not in evaluations; 0 = off.',
    default: 0,
  },
  maxPromptTokens: {
    kind: integer(32, 32_768),
    unit: 'tokens',
    description: 'Longest prompt; a question that needs more is rejected, never cut.',
    default: 512,
  },
  maxProposalTokens: {
    kind: integer(16, 8192),
    unit: 'tokens',
    description: 'Longest proposal.',
    default: { quick: 256, laptop: 320, paper: 512 },
  },
  maxAnswerTokens: {
    kind: integer(8, 8192),
    unit: 'tokens',
    description: 'Longest answer.',
    default: { quick: 160, laptop: 256, paper: 512 },
  },
  nearDuplicate: {
    kind: real(0, 1),
    unit: 'Jaccard similarity',
    description:
      'A statement at least this similar (word 3-grams) to an earlier one is rejected; 1 keeps only exact copies out. Domains that compare questions by value have no use for it.',
    default: 0.8,
  },
  behaviourDuplicates: {
    kind: choice('reject', 'count', 'off'),
    description:
      'Questions whose reference solutions agree on common probe inputs: reject = the later one is rejected; count = it is asked, and counted in the metrics; off = references are not probed. Of domains with reference solutions (coding, testsMode executed).',
    default: 'reject',
  },
  safetyGuard: {
    kind: choice('words', 'judge', 'off'),
    description:
      'Unsafe statements are rejected. words: by a word list; judge: in coding, the frozen base model is also asked about what passed the list (the default model is too small to tell); off: no statement is.',
    default: 'words',
  },
  minAgreement: {
    kind: integer(0, 64),
    unit: 'answers',
    description:
      'A question with fewer answers that are right in everything is not trained on; its proposal is rewarded as ever. 0 = off. Questions with known answers are not held to it.',
    default: 0,
  },
  shortReferences: {
    kind: real(0, 1),
    unit: "share of a step's trained questions",
    description:
      'At most this share has a reference solution of three lines or fewer; the others are not trained on. 1 = off.',
    default: 1,
  },
  questionEmbeddings: {
    kind: integer(0, 1024),
    unit: 'questions a step',
    description:
      'Questions whose mean hidden state under the policy is computed for the metric of their spread, at most; 0 = none.',
    default: 16,
  },
  solverReward: {
    kind: choice('tests', 'format'),
    description: 'Fraction of tests passed, or the format baseline (1 for a well-formed answer).',
    default: 'tests',
  },
  proposerReward: {
    kind: choice('mean', 'perAnswer', 'oneMinusMean', 'variance', 'middle'),
    description:
      'mean: 1 iff the mean solver reward is strictly between 0 and 1 (published code); perAnswer: share of answers with some but not all tests passed (eq. 4); oneMinusMean: 1 - mean where solvable (Absolute Zero); variance: 4p(1-p); middle: min(p, 1-p).',
    default: 'mean',
  },
  proposerUpdateEvery: {
    kind: integer(0, 100_000),
    unit: 'steps',
    description: 'The proposer is updated in every k-th step, after the solver; 0 = never.',
    default: { quick: 2, laptop: 5, paper: 5 },
  },
  lossType: {
    kind: choice('dapo', 'grpo', 'dr_grpo'),
    description:
      'dapo: token mean over the mini-batch (the paper); grpo: mean of sequence means; dr_grpo: constant length.',
    default: 'dapo',
  },
  epsilonLow: { kind: real(0, 1), description: 'PPO ratio clip below 1.', default: 0.2 },
  epsilonHigh: { kind: real(0, 10), description: 'PPO ratio clip above 1.', default: 0.2 },
  dualClip: { kind: real(1, 100), description: 'Bound of the loss for negative advantages.', default: 3 },
  beta: {
    kind: real(0, 10),
    description: 'Weight of the KL (k3) to the base model. With 0, answers without advantage are not trained on.',
    default: { quick: 0, paper: 0.001 },
  },
  oldLogprobs: {
    kind: choice('sampler', 'trainer'),
    description:
      "Whose logprobs are the old policy: the sampler's, or recomputed by the trainer before the first update.",
    default: { quick: 'sampler', paper: 'trainer' },
  },
  importanceSamplingCorrection: {
    kind: choice('none', 'truncated'),
    description:
      "truncated: each token's loss is multiplied by the ratio of the trainer's probability to the sampler's, at most importanceSamplingCap; old logprobs are then the trainer's (TIS).",
    source: 'Yao et al. 2025',
    default: 'none',
  },
  importanceSamplingCap: { kind: real(0.01, 100), description: 'Upper bound of that ratio.', default: 2 },
  miniBatchSequences: {
    kind: integer(0, 65_536),
    unit: 'completions',
    description: 'Completions of one optimiser step; 0 = all of the step.',
    default: { quick: 0, paper: 128 },
  },
  learningRate: {
    kind: real(0, 1),
    description: "AdamW, constant. The paper's 1e-6 is for full fine-tuning; LoRA needs 10 to 100 times more.",
    default: { quick: 2e-5, paper: 1e-5 },
  },
  adamBeta1: { kind: real(0, 1), description: 'AdamW.', default: 0.9 },
  adamBeta2: { kind: real(0, 1), description: 'AdamW.', default: 0.999 },
  weightDecay: { kind: real(0, 1), description: 'AdamW, decoupled.', default: 0.01 },
  maxGradNorm: { kind: real(0, 1e9), description: 'The gradient is scaled down to this norm.', default: 1 },
  evalEvery: {
    kind: integer(0, 100_000),
    unit: 'steps',
    description:
      'Every k steps the policy is evaluated on validation questions; the checkpoint that does best is kept and is the one that the test questions are read with at the end. 0 = never: the last one is.',
    default: { quick: 0, laptop: 10, paper: 5 },
  },
  evalBenchmark: {
    kind: text,
    description: 'Benchmark that the run is evaluated on; `selfq eval --list` has them. Empty = the one of the domain.',
    default: '',
  },
  evalQuestions: {
    kind: integer(1, 100_000),
    unit: 'questions',
    description: 'Validation questions of each evaluation during the run, always the same ones.',
    default: { quick: 24, laptop: 60, paper: 100 },
  },
  evalSamples: {
    kind: integer(1, 64),
    unit: 'answers',
    description:
      'Answers to each validation question; 1 = a greedy one, more are sampled at the temperature of the run.',
    default: { quick: 1, laptop: 4, paper: 4 },
  },
  testQuestions: {
    kind: integer(1, 100_000),
    unit: 'questions',
    description: 'Test questions, which are read before the first step and after the last one, always the same ones.',
    default: { quick: 96, laptop: 200, paper: 100_000 },
  },
  testSamples: {
    kind: integer(1, 64),
    unit: 'answers',
    description: 'Answers to each test question; 1 = a greedy one, more are sampled at the temperature of the run.',
    default: { quick: 1, laptop: 4, paper: 1 },
  },
  paperSelection: {
    kind: choice('off', 'on'),
    description:
      'on: the evaluations during the run are on the test questions, and the best of all steps is the result, as in the paper: a figure that is too high by the choice itself.',
    default: 'off',
  },
} as const satisfies SettingTable;

/** The settings of self-play with their values. */
export type SelfPlaySettings = ValuesOf<typeof selfPlaySettings>;
