import { setTimeout as sleep } from 'node:timers/promises';

/** The person asked the run to end: thrown wherever the loop waits. */
export class StopRequested extends Error {
  constructor() {
    super('The run was asked to stop.');
    this.name = 'StopRequested';
  }
}

/** Where the loop waits while the run is paused, and learns that it has to stop. */
export interface Gate {
  pause(): void;
  /** Ends the pause, and waiting at {@link Gate.wait}. */
  open(): void;
  stop(): void;
  readonly stopping: boolean;
  /** Returns at once, or after the pause. `onHold` hears when waiting begins and ends. Throws StopRequested. */
  pass(onHold: (held: boolean) => void): Promise<void>;
  /** Until `ms` milliseconds are over, or somebody opens or stops. Throws StopRequested. True: somebody opened. */
  wait(ms: number): Promise<boolean>;
  /** `work`, or StopRequested as soon as the run is asked to stop, whatever `work` still does. */
  race<T>(work: Promise<T>): Promise<T>;
}

/** An open gate. */
export function createGate(): Gate {
  let paused = false;
  let stopping = false;
  let wake = Promise.withResolvers<undefined>();
  const stopped = Promise.withResolvers<never>();
  // Nobody may be waiting when the stop comes.
  stopped.promise.catch(() => undefined);

  const notify = (): void => {
    wake.resolve(undefined);
    wake = Promise.withResolvers<undefined>();
  };
  // Read through functions: they change while `pass` waits.
  const isPaused = (): boolean => paused;
  const isStopping = (): boolean => stopping;
  return {
    get stopping() {
      return stopping;
    },
    pause() {
      paused = true;
    },
    open() {
      paused = false;
      notify();
    },
    stop() {
      stopping = true;
      stopped.reject(new StopRequested());
      notify();
    },
    async pass(onHold) {
      if (isPaused() && !isStopping()) {
        onHold(true);
        while (isPaused() && !isStopping()) {
          await wake.promise;
        }
        onHold(false);
      }
      if (isStopping()) {
        throw new StopRequested();
      }
    },
    async wait(ms) {
      const timer = new AbortController();
      const late = sleep(ms, false, { signal: timer.signal }).catch(() => false);
      try {
        return await Promise.race([wake.promise.then(() => true), late, stopped.promise]);
      } finally {
        timer.abort();
      }
    },
    race: (work) => Promise.race([work, stopped.promise]),
  };
}
