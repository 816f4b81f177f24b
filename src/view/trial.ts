import type { TrialModel, TrialSide } from './trial-model.ts';

/** Whether an answer is still being made. */
export function isPending({ state }: TrialSide): boolean {
  return state === 'waiting' || state === 'writing' || state === 'judging';
}

/** Whether the answers can be compared: both are there, whole. */
export function isComparable({ sides }: TrialModel): boolean {
  return sides?.every(({ state }) => state === 'done') === true;
}

/** Whether the page says which answer is whose. */
export function isRevealed({ blind, preferred }: TrialModel): boolean {
  return !blind || preferred !== undefined;
}
