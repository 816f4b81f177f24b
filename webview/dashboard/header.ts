import { html, nothing, type TemplateResult } from 'lit';
import type { RunView, ShownState, StageView, dashboardActions } from '../../src/view/messages.ts';
import { formatDuration } from '../../src/view/format.ts';
import { isLive, stateText, stepText } from '../../src/view/progress.ts';
import { modelWord } from '../../src/view/run-name.ts';
import { t } from '../texts.ts';
import { button, icon } from '../ui.ts';

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

const waiting: (typeof tones)[ShownState] = ['yellow', 'clock'];

/** What runs, how far it is, how fast, and what can be done with it. */
export function header(run: RunView, stage: StageView | null, act: (action: Action) => void): TemplateResult {
  const [tone, mark] = run.wait ? waiting : tones[run.state];
  const facts = [
    stepText(t, run),
    ...(run.secondsPerStep === undefined ? [] : [t('{0} a step', formatDuration(run.secondsPerStep, t))]),
    ...(isLive(run.state) && !run.wait && run.secondsLeft ? [t('{0} left', formatDuration(run.secondsLeft, t))] : []),
    ...speed(run, stage),
    modelWord(run.model),
    // The device is a setting of this program's trainer alone.
    run.trainer ?? run.device,
  ].filter((fact) => fact !== '');
  return html`
    <header class="bar">
      <h1>${run.name}</h1>
      <span class="pill ${tone}">${icon(mark)} ${requestWord(run) ?? stateText(t, run)}</span>
      <span class="dim num">${facts.join(' · ')}</span>
      <span class="grow"></span>
      <span class="bar actions">${actions(run, act)}</span>
    </header>
  `;
}

/** What was asked for and comes at the next safe point, which may be a minute away. */
function requestWord({ requested, state }: RunView): string | undefined {
  if (!requested || state === 'paused' || !isLive(state)) {
    return undefined;
  }
  return requested === 'pause' ? t('pausing at the next safe point') : t('stopping');
}

function actions({ state, step, requested, trainer }: RunView, act: (action: Action) => void): TemplateResult {
  const own = trainer === undefined;
  const steers = own && (state === 'running' || state === 'starting');
  const goesOn = own && (state === 'paused' || state === 'interrupted' || state === 'stopped' || state === 'failed');
  return html`
    ${steers ? button(t('Pause'), () => act('pause'), { icon: 'debug-pause', disabled: requested !== undefined }) : nothing}
    ${goesOn ? button(t('Resume'), () => act('resume'), { icon: 'debug-continue', primary: true }) : nothing}
    ${steers || (own && state === 'paused') ? button(t('Stop'), () => act('stop'), { icon: 'debug-stop', disabled: requested === 'stop' }) : nothing}
    ${own && state === 'finished' ? button(t('More steps…'), () => act('moreSteps'), { icon: 'debug-continue' }) : nothing}
    ${isLive(state) ? nothing : button(t('Evaluate…'), () => act('evaluate'))}
    ${step > 0 && !isLive(state) ? button(t('Export…'), () => act('exportRun')) : nothing}
    ${step > 0 ? button(t('Try…'), () => act('tryModel')) : nothing}
    ${step > 0 && !isLive(state) ? button(t('Use This Model'), () => act('useModel'), { icon: 'sparkle' }) : nothing}
    ${button(t('Compare…'), () => act('compareRuns'))}
    ${button(t('Inspect problems'), () => act('inspectProblems'), { primary: !goesOn, disabled: step === 0 })}
  `;
}

function speed(run: RunView, stage: StageView | null): string[] {
  const tokens = stage?.tokensPerSecond ?? run.tokensPerSecond;
  return tokens === undefined ? [] : [t('{0} tokens/s', Math.round(tokens))];
}
