import { choice, integer, type DomainDefault, type SettingTable } from '../../base/setting.ts';

/** What the coding domain can be told. `paper`: arXiv 2508.03682. */
export const codingSettings = {
  testsMode: {
    kind: choice('executed', 'written'),
    description: "Expected outputs computed from the proposal's reference solution, or written by the proposer.",
    default: { quick: 'executed', paper: 'written' },
  },
  maxTests: { kind: integer(1, 100), unit: 'tests', description: 'Tests of a question that count.', default: 10 },
  minDistinctTests: {
    kind: integer(1, 100),
    unit: 'tests',
    description: 'A question with fewer distinct tests is rejected.',
    default: 3,
  },
  multiplyTests: {
    kind: integer(0, 100),
    unit: 'tests',
    description:
      "Inputs of a proposal are mutated (types kept) and run through its reference until a question has this many different tests, as far as maxTests lets them count; 0 = the proposer's own inputs alone.",
    default: { quick: 0, laptop: 10, paper: 0 },
  },
} as const satisfies SettingTable;

/**
 * Defaults of self-play in this domain. `laptop` is what the smallest model was seen to learn with (docs/results.md):
 * problems made beforehand, then the solver alone is trained on those that it solves sometimes.
 */
export const codingDefaults = {
  questionsBeforehand: { laptop: 30 },
  proposalsPerPrompt: { laptop: 1 },
  answersPerQuestion: { laptop: 8 },
  proposerUpdateEvery: { laptop: 0 },
  learningRate: { laptop: 5e-5 },
} as const satisfies Readonly<Record<string, DomainDefault>>;
