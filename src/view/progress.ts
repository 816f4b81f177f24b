import { isLive, type QueuePlace, type ShownProgress, type ShownState, type Wait } from '../protocol/run-state.ts';
import { type Stage, stepStages } from '../protocol/stages.ts';
import type { RunRecord } from '../protocol/records.ts';
import { formatPercent } from './format.ts';
import type { Translate } from './translate.ts';
import { stageWord, stateWord } from './words.ts';

export { isLive, stepStages };

/** What the progress of a run is made of; `queued`: its place in the queue, where it is in it and no engine has it. */
export interface ProgressFacts {
  run: Pick<RunRecord, 'step' | 'steps' | 'held' | 'config'>;
  state: ShownState;
  queued?: QueuePlace | undefined;
}

/** How far a run is, and what it waits for. */
export function shownProgress({ run, state, queued }: ProgressFacts): ShownProgress {
  const wait = waitOf({ run, state, queued });
  const isAsking = isLive(state) && run.step < Number(run.config['questionsBeforehand'] ?? 0);
  return { state, step: run.step, steps: run.steps, ...(isAsking ? { isAsking } : {}), ...(wait ? { wait } : {}) };
}

function waitOf({ run, state, queued }: ProgressFacts): Wait | undefined {
  if (state === 'paused' && run.held) {
    return run.held === 'battery' ? { for: 'mainsPower' } : { for: 'hours', hours: String(run.config['runWhen']) };
  }
  // The next one of the queue was cut off, and nothing but a person or the end of a run starts it again.
  return queued === 'behind' ? { for: 'run' } : undefined;
}

/** What a run of the queue waits for that has not been begun. */
export function queueText(t: Translate, place: QueuePlace): string {
  return place === 'behind' ? waitText(t, { for: 'run' }) : t('in the queue');
}

function waitText(t: Translate, wait: Wait): string {
  switch (wait.for) {
    case 'mainsPower':
      return t('waits for mains power');
    case 'hours':
      return t('waits for its hours, {0}', wait.hours);
    case 'run':
      return t('waits for the run before it');
  }
}

/** The state of a run; of one that waits, what for. */
export function stateText(t: Translate, { state, wait }: ShownProgress): string {
  return wait ? waitText(t, wait) : stateWord(t, state);
}

/** The step that a run is at: `step 2 of 6`; one that waits is at none: `1 of 6 steps done`. */
export function stepText(t: Translate, progress: ShownProgress): string {
  const { wait, step, steps, isAsking } = progress;
  if (wait) {
    return t('{0} of {1} steps done', step, steps);
  }
  const shown = shownStep(progress);
  return isAsking
    ? t('step {0} of {1}, making questions to train on later', shown, steps)
    : t('step {0} of {1}', shown, steps);
}

/** {@link stepText} where there is little room: `2/6`. */
export function stepCount(progress: ShownProgress): string {
  return `${shownStep(progress)}/${progress.steps}`;
}

/** The step that a person is shown: of a run at work the one in progress, else the last that was finished. */
function shownStep({ state, step, steps, wait }: ShownProgress): number {
  const isAtWork = state === 'running' || state === 'paused' || state === 'stopping';
  return isAtWork && !wait ? Math.min(step + 1, steps) : step;
}

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
