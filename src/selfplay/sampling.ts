import { uniform } from '../base/random.ts';
import type { GenerateRequest } from '../protocol/runtime.ts';
import type { SelfPlaySettings } from './settings.ts';

/** What a random number is for, as part of its key. */
export const randomKeys = { proposer: 0, solver: 1, variant: 2, pool: 3 } as const;

/** An integer in [0, 2^31) drawn from the counter-based generator. */
export function drawInteger(...key: number[]): number {
  return Math.floor(uniform(...key) * 2 ** 31);
}

/** How both roles sample. */
export function samplingOf({
  temperature,
  topP,
  topK,
}: SelfPlaySettings): Pick<GenerateRequest, 'temperature' | 'topP' | 'topK'> {
  return { temperature, topP, topK };
}
