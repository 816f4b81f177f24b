import type { Change } from './compared.ts';
import type { ShownProgress } from '../protocol/run-state.ts';

/** A run as a row of the table of runs; plain data. */
export interface RunRow extends ShownProgress {
  dir: string;
  name: string;
  domain: string;
  topic: string;
  model: string;
  /** ISO time of its begin. */
  date: string;
  /** Its result on the held-out problems; absent before the first evaluation. */
  heldOut?: {
    benchmark: string;
    /** Shares of right answers; `before` alone until there is a second evaluation. */
    before: number;
    after?: number;
    /** Absent where the two are not of the same problems. */
    change?: Change;
  };
  /** On the disk. */
  bytes: number;
  tags: string[];
  note: string;
}

/** Columns of the table of runs, in their order. */
export const runColumns = [
  'name',
  'domain',
  'topic',
  'model',
  'date',
  'state',
  'steps',
  'held-out',
  'disk',
  'tags',
  'note',
] as const;
export type RunColumn = (typeof runColumns)[number];
