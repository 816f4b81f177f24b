import { isLive, type ShownState } from '../protocol/run-state.ts';
import { type Stage, stepStages } from '../protocol/stages.ts';
import type { RunRecord } from '../protocol/records.ts';
import { formatPercent } from './format.ts';
import type { Translate } from './translate.ts';
import { stageWord } from './words.ts';

export { isLive, stepStages };

/** Stages whose counts are bytes or tokens: a person reads how much of it is done. */
const measured: readonly string[] = ['load', 'update'];

/** A stage with how far it is: `loading the model 36 %`, `solving 12/64`. */
export function stageText(t: Translate, { stage, done, total }: { stage: Stage; done: number; total: number }): string {
  if (total <= 0) {
    return stageWord(t, stage);
  }
  const progress = measured.includes(stage) ? formatPercent(done / total) : `${done}/${total}`;
  return `${stageWord(t, stage)} ${progress}`;
}

/** The step that a person is shown: of a live run the one in progress, else the last that was finished. */
export function shownStep({ step, steps }: Pick<RunRecord, 'step' | 'steps'>, state: ShownState): number {
  return state === 'running' || state === 'paused' || state === 'stopping' ? Math.min(step + 1, steps) : step;
}
