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
} as const satisfies SettingTable;
