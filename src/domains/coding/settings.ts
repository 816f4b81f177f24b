import { choice, integer, type SettingTable } from '../../base/setting.ts';

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
    default: 0,
  },
} as const satisfies SettingTable;
