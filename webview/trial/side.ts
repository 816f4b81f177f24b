import { html, nothing, type TemplateResult } from 'lit';
import { isPending } from '../../src/view/trial.ts';
import type { TrialSide } from '../../src/view/trial-model.ts';
import { verdictWord } from '../../src/view/words.ts';
import { highlighted } from '../problem/code.ts';
import { signOf, toneOf } from '../problem/verdicts.ts';
import { t } from '../texts.ts';

/** One of the two answers. `name`: whose it is, where that is told. */
export function sideView(letter: string, name: string | undefined, side: TrialSide, isCode: boolean): TemplateResult {
  const { text, error, result } = side;
  return html`<section aria-busy=${isPending(side) ? 'true' : 'false'}>
    <h2 class="plain"><b>${letter}</b> ${name ?? nothing}</h2>
    <p class="caption num">${factsOf(side)}</p>
    ${error === undefined ? nothing : html`<p class="bad" role="alert">${error}</p>`}
    ${result ? resultView(result) : nothing}
    ${
      text === ''
        ? nothing
        : html`<pre class="wrap answer" tabindex="0" aria-label=${t('Answer {0}', letter)}>
${isCode || text.includes('```') ? highlighted(text) : text}</pre>`
    }
  </section>`;
}

function factsOf({ state, tokens, seconds, cut }: TrialSide): string {
  const words = {
    waiting: t('waiting'),
    writing: t('writing'),
    judging: t('running its tests'),
    stopped: t('stopped'),
    failed: t('failed'),
    done: '',
  };
  const rate = tokens !== undefined && seconds ? t('{0} tokens/s', Math.round(tokens / seconds)) : '';
  return [
    words[state],
    tokens === undefined ? '' : t('{0} tokens', tokens),
    rate,
    cut ? t('cut at the token limit') : '',
  ]
    .filter((part) => part !== '')
    .join(' · ');
}

function resultView({
  verdict,
  passed,
  total,
  expected,
  actual,
  message,
}: NonNullable<TrialSide['result']>): TemplateResult {
  const tone = toneOf(verdict);
  const difference =
    expected === undefined || actual === undefined ? (message ?? '') : t('expected {0}, got {1}', expected, actual);
  return html`<p class="num">
    <span class=${tone}>${signOf(tone)} ${verdictWord(t, verdict)}</span> ·
    ${t('{0} of {1} tests passed', passed, total)}${difference === '' ? nothing : html`<span class="dim"> · ${difference}</span>`}
  </p>`;
}
