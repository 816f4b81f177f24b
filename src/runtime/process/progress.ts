import type { Progress } from '../../protocol/runtime.ts';

/** Five reports a second are as many as anyone can read; each one is a message between processes. */
const intervalMs = 200;

/**
 * Passes progress on at most every 200 ms per stage; completions and the end of a stage always. `now`: milliseconds.
 */
export function throttleProgress(
  send: (progress: Progress) => void,
  now: () => number = () => performance.now(),
): (progress: Progress) => void {
  const last = new Map<Progress['stage'], number>();
  return (progress) => {
    const due = now() - (last.get(progress.stage) ?? -Infinity) >= intervalMs;
    if (due || isLast(progress)) {
      last.set(progress.stage, now());
      send(progress);
    }
  };
}

function isLast(progress: Progress): boolean {
  switch (progress.stage) {
    case 'completion':
    case 'text':
      return true;
    case 'load':
      return progress.done === progress.total;
    case 'generate':
      return progress.finished === progress.total;
    case 'train':
      return progress.tokens === progress.totalTokens;
    default:
      return progress satisfies never;
  }
}
