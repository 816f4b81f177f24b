import { choice, integer, type DomainDefault, type SettingTable, text } from '../../base/setting.ts';
import { answerFormSetting, labelSetting } from '../value-settings.ts';

/** What the arithmetic domain can be told. `paper`: arXiv 2508.03682. */
export const arithmeticSettings = {
  answerForm: answerFormSetting,
  label: labelSetting,
  proposalForm: {
    kind: choice('sized', 'free'),
    description:
      'sized: each proposer prompt asks for one operation on numbers of given sizes; free: for any problem (the paper).',
    default: { quick: 'sized', paper: 'free' },
  },
  operators: {
    kind: text,
    description: 'Operators that questions may have, out of + - * / ^; sized prompts ask for each equally often.',
    default: { quick: '+-*', paper: '+-*/^' },
  },
  digits: { kind: integer(1, 9), unit: 'digits', description: 'Longest number of a question.', default: 3 },
  sizes: {
    kind: choice('uniform', 'long'),
    description:
      'Sizes that sized prompts ask for: uniform: every pair of lengths equally often; long: in proportion to the square of its products of digits, so that a model that knows short products learns from long ones.',
    default: 'uniform',
  },
  operations: {
    kind: integer(1, 20),
    unit: 'operations',
    description: 'A question with more operations is rejected.',
    default: 6,
  },
} as const satisfies SettingTable;

/**
 * Defaults of self-play in this domain: what the smallest model was seen to learn with (docs/results.md). Direct answers
 * take 5 tokens, workings about 50. The proposer is frozen unless the paper is followed.
 */
export const arithmeticDefaults = {
  steps: { quick: 40 },
  temperature: { quick: 0.8, laptop: 0.8 },
  maxProposalTokens: { quick: 32, laptop: 32, paper: 1024 },
  maxAnswerTokens: { quick: 96, laptop: 96, paper: 1024 },
  learningRate: { quick: 5e-5, laptop: 5e-5 },
  proposerUpdateEvery: { quick: 0, laptop: 0 },
  evalBenchmark: { paper: 'multiplication' },
  testQuestions: { quick: 400, laptop: 800 },
} as const satisfies Readonly<Record<string, DomainDefault>>;
