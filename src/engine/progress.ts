import type { RunEvent, RunEventOf } from '../protocol/control.ts';
import type { Progress } from '../protocol/runtime.ts';
import type { Stage } from '../protocol/stages.ts';

type StageEvent = RunEventOf<'stage'>;

/**
 * Turns what the runtime says of a long call into events about the stage that the run is in. The runtime limits how often
 * it speaks (runtime/process/progress.ts); texts, which it always sends, are told with its next report.
 */
export interface ProgressReporter {
  /** The newest event, for those who attach later. */
  readonly last: StageEvent | undefined;
  enter(step: number, stage: Stage): void;
  progress(progress: Progress): void;
  /** How far the stage is that the engine itself works on. */
  report(done: number, total: number, what: string): void;
}

/** Turns the runtime's progress into events of the stage that is running. */
export function createProgressReporter(
  notify: (event: RunEvent) => void,
  now: () => number = () => performance.now(),
): ProgressReporter {
  let current: StageEvent | undefined;
  let last: StageEvent | undefined;
  let entered = 0;

  return {
    get last() {
      return last;
    },
    enter(step, stage) {
      entered = now();
      current = { type: 'stage', step, stage, done: 0, total: 0 };
      last = current;
      notify(current);
    },
    progress(progress) {
      if (!current) {
        return;
      }
      last = describe(progress, last?.stage === current.stage ? last : current, (now() - entered) / 1000);
      if (progress.stage !== 'completion') {
        notify(last);
      }
    },
    report(done, total, what) {
      if (current) {
        last = { ...current, done, total, what };
        notify(last);
      }
    },
  };
}

function describe(progress: Progress, { step, stage, what, done, total }: StageEvent, seconds: number): StageEvent {
  const base = { type: 'stage', step, stage } as const;
  const carried = what === undefined ? {} : { what };
  switch (progress.stage) {
    case 'load':
      // Also in the middle of another stage, when a dead process is started again.
      return { ...base, stage: 'load', done: progress.done, total: progress.total, what: progress.what };
    case 'generate':
      return {
        ...base,
        ...carried,
        done: progress.finished,
        total: progress.total,
        tokensPerSecond: progress.tokens / Math.max(seconds, 0.001),
      };
    case 'completion':
    case 'text':
      return { ...base, done, total, what: firstSentence(progress.text) };
    case 'train':
      return {
        ...base,
        done: progress.tokens,
        total: progress.totalTokens,
        tokensPerSecond: progress.tokens / Math.max(seconds, 0.001),
      };
    default:
      return progress satisfies never;
  }
}

/** What a person can take in while more is written. */
function firstSentence(text: string): string {
  const words = text.replaceAll(/[\s*/]+/g, ' ').trim();
  return words.length <= 100 ? words : `${words.slice(0, 99)}…`;
}
