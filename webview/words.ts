import type { Stage } from '../src/protocol/stages.ts';
import type { ShownState } from '../src/protocol/run-state.ts';
import { t } from './texts.ts';

/** Words that pages share: stages, states, reasons. */
export function stageWord(stage: string): string {
  const words: Record<Stage, string> = {
    load: t('loading the model'),
    evaluate: t('evaluating'),
    propose: t('proposing'),
    verify: t('verifying'),
    solve: t('solving'),
    judge: t('judging'),
    update: t('training'),
    record: t('recording'),
  };
  return (words as Record<string, string | undefined>)[stage] ?? stage;
}

export function stateWord(state: ShownState): string {
  const words: Record<ShownState, string> = {
    starting: t('starting'),
    running: t('running'),
    paused: t('paused'),
    stopping: t('stopping'),
    interrupted: t('interrupted'),
    stopped: t('stopped'),
    finished: t('finished'),
    failed: t('failed'),
  };
  return words[state];
}

/** A rejection's stable code as words. */
export function reasonWord(reason: string): string {
  return reason
    .replaceAll(/([a-z])([A-Z])/g, '$1 $2')
    .replaceAll(/[-_]/g, ' ')
    .toLowerCase();
}
