import type { Mark } from './question.ts';
import type { RunRecord, StepMetrics, Evaluation } from './records.ts';

/** The stages of a step, in order, as they are shown. */
export const stages = ['load', 'evaluate', 'propose', 'verify', 'solve', 'judge', 'update', 'record'] as const;
export type Stage = (typeof stages)[number];

/** What a live run tells everyone who is attached. The run folder holds the same facts for those who come later. */
export type RunEvent =
  | { type: 'state'; run: RunRecord }
  | { type: 'stage'; step: number; stage: Stage; done: number; total: number; what?: string; tokensPerSecond?: number }
  | { type: 'proposal'; step: number; id: string; statement?: string; rejection?: { reason: string; detail: string } }
  | { type: 'question'; step: number; id: string; statement: string; marks: Mark[]; solveRate: number | null }
  | { type: 'metrics'; metrics: StepMetrics }
  | { type: 'evaluation'; evaluation: Evaluation }
  | { type: 'alarm'; step: number; name: string; message: string }
  | { type: 'restart'; child: 'runtime' | 'sandbox'; stage: Stage; message: string };

/** Requests on the control socket: name -> [params, result]. JSON-RPC 2.0; events come as notification `event`. */
export interface ControlCalls {
  /** Must come first; `token` is that of run.json. */
  attach: [{ token: string }, { run: RunRecord }];
  status: [undefined, { run: RunRecord; last?: Extract<RunEvent, { type: 'stage' }> }];
  /** Stops at the next safe point; the step begun is finished later. */
  pause: [undefined, undefined];
  resume: [undefined, undefined];
  /** Ends the run; the unfinished step is thrown away, the last checkpoint stays. */
  stop: [undefined, undefined];
}
