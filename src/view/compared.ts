import type { EvaluatedAnswer } from '../protocol/records.ts';

/** The data of a comparison of two results: what crosses to its page, and what the command prints as JSON. */

/** How a later result differs from an earlier one on the same problems. */
export interface Change {
  verdict: 'better' | 'worse' | 'unsure';
  /** Number of problems compared. */
  problems: number;
  /** Answers to each problem; the smaller number where they differ. */
  samples: number;
  /** Mean share of right answers of the later less that of the earlier, in [-1, 1]; with its 95 % interval. */
  difference: number;
  interval: [number, number];
  /** Problems of which a larger share of the answers is right in the later one, and of which a smaller one is. */
  won: number;
  lost: number;
  /** Of McNemar's exact test, where both have one answer to each problem. */
  p?: number;
  /** Answers of each policy, or problems where there is one to each, with which 2 points would probably be told. */
  needed: number;
}

/** What became of a problem from the earlier result to the later one. */
export const outcomes = ['won', 'lost', 'both', 'neither'] as const;
/** won: more right answers; lost: fewer; both: as many, and some; neither: none in either. */
export type PairOutcome = (typeof outcomes)[number];

/** One of the two results, without its problems. */
export interface ResultView {
  /** Where it comes from: the name of a run, or the model's. */
  name: string;
  /** Before training, after a step, with an adapter. */
  policy: string;
  /** Of the problems that are compared, with its 95 % interval. */
  accuracy: number;
  interval: [number, number];
  total: number;
  samples: number;
  temperature: number;
  precision: string;
  time: string;
}

/** Right answers of so many; `word` is the verdict or mark where there is one answer. */
export interface PairCell {
  right: number;
  of: number;
  mark: EvaluatedAnswer['mark'];
  verdict?: string;
}

/** A problem in the table of a comparison. */
export interface ComparisonRow {
  id: string;
  tags: string[];
  outcome: PairOutcome;
  before: PairCell;
  after: PairCell;
}

/** Accuracies on the problems that share a difficulty or a tag. */
export interface ComparisonPart {
  name: string;
  problems: number;
  before: number;
  after: number;
}

/** Two results beside each other: everything but the answers. */
export interface ComparisonModel {
  title: string;
  before: ResultView;
  after: ResultView;
  change: Change;
  notes: string[];
  rows: ComparisonRow[];
  parts: ComparisonPart[];
}

/** Both answers of a problem, in full. */
export interface PairAnswers {
  id: string;
  expected?: string;
  before: EvaluatedAnswer[];
  after: EvaluatedAnswer[];
}
