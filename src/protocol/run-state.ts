/** `starting` until the first step begins; `finished` reached its steps; `stopped` by a person; `failed` has an error. */
export const runStates = ['starting', 'running', 'paused', 'stopping', 'finished', 'stopped', 'failed'] as const;
export type RunState = (typeof runStates)[number];

/** What a reader sees of a run: one whose record says that it is live, but whose engine is dead, was interrupted. */
export type ShownState = RunState | 'interrupted';

/** Of a run of the queue without an engine: another one has to end first, or it is the next to start. */
export type QueuePlace = 'behind' | 'next';

/** Whether an engine owns a run in this state. */
export function isLive(state: ShownState): boolean {
  return state === 'starting' || state === 'running' || state === 'paused' || state === 'stopping';
}

/** What a run waits for although nobody paused it: by its setting `runWhen`, or by the queue for a run before it. */
export type Wait = { for: 'mainsPower' } | { for: 'hours'; hours: string } | { for: 'run' };

/** How far a run is: all that is needed to put it into words. Made by view/progress.ts alone. */
export interface ShownProgress {
  state: ShownState;
  /** Steps completed. */
  step: number;
  steps: number;
  /** Present where it makes the questions that later steps train on. */
  isAsking?: true;
  /** Present where the run waits: then no step is in progress, or the one begun does not move. */
  wait?: Wait;
}
