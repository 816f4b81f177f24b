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
