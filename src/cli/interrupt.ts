import { paint, type ProgressOutput } from './terminal.ts';

/** Hands `work` a signal that Ctrl-C aborts. The caller's own end is waited for: nothing is killed. */
export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const interrupted = new AbortController();
  const onSignal = (): void => interrupted.abort();
  process.on('SIGINT', onSignal);
  try {
    return await work(interrupted.signal);
  } finally {
    process.off('SIGINT', onSignal);
  }
}

/** Aborts at the first Ctrl-C (or SIGTERM), which it confirms; a second one ends the process at once. */
export function onInterrupt(output: ProgressOutput): { signal: AbortSignal; dispose(): void } {
  const interrupted = new AbortController();
  const onSignal = (): void => {
    if (interrupted.signal.aborted) {
      process.exit(130);
    }
    output.line(paint('yellow', 'Stopping … (Ctrl-C again leaves at once)'));
    interrupted.abort();
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  return {
    signal: interrupted.signal,
    dispose: () => process.off('SIGINT', onSignal).off('SIGTERM', onSignal),
  };
}
