import { html, nothing, type TemplateResult } from 'lit';
import { isLive, type ShownState } from '../../src/protocol/run-state.ts';
import type { RunView, StageView, dashboardActions } from '../../src/view/messages.ts';
import { duration } from '../charts/scale.ts';
import { t } from '../texts.ts';
import { button, icon } from '../ui.ts';
import { stateWord } from '../words.ts';

type Action = (typeof dashboardActions)[number];

const tones: Record<ShownState, [tone: string, icon: string]> = {
  starting: ['blue', 'loading'],
  running: ['blue', 'sync'],
  paused: ['yellow', 'debug-pause'],
  stopping: ['blue', 'loading'],
  interrupted: ['yellow', 'debug-disconnect'],
  stopped: ['grey', 'circle-slash'],
  finished: ['green', 'pass'],
  failed: ['red', 'error'],
};

/** What runs, how far it is, how fast, and what can be done with it. */
export function header(run: RunView, stage: StageView | null, act: (action: Action) => void): TemplateResult {
  const [tone, mark] = tones[run.state];
  const facts = [
    t('step {0} of {1}', run.step, run.steps),
    ...(run.secondsPerStep === undefined ? [] : [t('{0} a step', duration(run.secondsPerStep))]),
    ...(isLive(run.state) && run.secondsLeft ? [t('{0} left', duration(run.secondsLeft))] : []),
    ...speed(run, stage),
    run.model,
    run.device,
  ].filter((fact) => fact !== '');
  return html`
    <header class="bar">
      <h1>${run.name}</h1>
      <span class="pill ${tone}">${icon(mark)} ${stateWord(run.state)}</span>
      <span class="dim num">${facts.join(' · ')}</span>
      <span class="grow"></span>
      <span class="bar actions">${actions(run, act)}</span>
    </header>
  `;
}

function actions({ state, step }: RunView, act: (action: Action) => void): TemplateResult {
  const steers = state === 'running' || state === 'starting';
  const goesOn = state === 'paused' || state === 'interrupted' || state === 'stopped' || state === 'failed';
  return html`
    ${steers ? button(t('Pause'), () => act('pause'), { icon: 'debug-pause' }) : nothing}
    ${goesOn ? button(t('Resume'), () => act('resume'), { icon: 'debug-continue', primary: true }) : nothing}
    ${steers || state === 'paused' ? button(t('Stop'), () => act('stop'), { icon: 'debug-stop' }) : nothing}
    ${isLive(state) ? nothing : button(t('Evaluate…'), () => act('evaluate'))}
    ${step > 0 && !isLive(state) ? button(t('Export…'), () => act('exportRun')) : nothing}
    ${button(t('Compare…'), () => act('compareRuns'))}
    ${button(t('Inspect problems'), () => act('inspectProblems'), { primary: !goesOn, disabled: step === 0 })}
  `;
}

function speed(run: RunView, stage: StageView | null): string[] {
  const tokens = stage?.tokensPerSecond ?? run.tokensPerSecond;
  return tokens === undefined ? [] : [t('{0} tokens/s', Math.round(tokens))];
}
