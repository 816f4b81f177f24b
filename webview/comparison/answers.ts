import { html, nothing, type TemplateResult } from 'lit';
import type { PairAnswers } from '../../src/view/comparison-model.ts';
import { formatPercent } from '../../src/view/format.ts';
import { markWord } from '../../src/view/words.ts';
import { highlighted } from '../problem/code.ts';
import { signOf, toneOfAnswer } from '../problem/verdicts.ts';
import { t } from '../texts.ts';
import { button } from '../ui.ts';

type Answer = PairAnswers['before'][number];

interface Actions {
  sample: (sample: number) => void;
  diff: (sample: number) => void;
}

/** Both answers to the chosen problem beside each other; of several samples one pair at a time. */
export function answersView(
  answers: PairAnswers,
  names: readonly [string, string],
  chosen: number,
  actions: Actions,
): TemplateResult {
  const count = Math.max(answers.before.length, answers.after.length);
  const sample = Math.min(chosen, Math.max(0, count - 1));
  return html`
    <div class="bar section">
      <h2 class="plain">${answers.id}</h2>
      ${answers.expected === undefined ? nothing : html`<span class="dim">${t('expected {0}', answers.expected)}</span>`}
      ${count > 1 ? samples(answers, count, sample, actions) : nothing}
      <span class="grow"></span>
      ${button(t('Open Difference'), () => actions.diff(sample))}
    </div>
    <div class="columns sides">
      ${side('A', names[0], answers.before[sample])} ${side('B', names[1], answers.after[sample])}
    </div>
  `;
}

function samples(answers: PairAnswers, count: number, chosen: number, { sample }: Actions): TemplateResult {
  return html`<div class="bar actions" role="group" aria-label=${t('Which sample is shown')}>
    ${Array.from({ length: count }, (_, i) => {
      const signs = [answers.before[i], answers.after[i]].map((answer) => (answer ? signOf(toneOf(answer)) : '–'));
      return html`<button
        type="button"
        class="choice"
        aria-pressed=${i === chosen ? 'true' : 'false'}
        aria-label=${t('Sample {0}', i + 1)}
        @click=${() => sample(i)}
      >
        ${i + 1} <span aria-hidden="true">${signs.join('')}</span>
      </button>`;
    })}
  </div>`;
}

function side(letter: string, name: string, answer: Answer | undefined): TemplateResult {
  const heading = html`<h2 class="plain"><b>${letter}</b> ${name}</h2>`;
  if (!answer) {
    return html`<section>
      ${heading}
      <p class="caption">${t('There is no answer with this number.')}</p>
    </section>`;
  }
  const tone = toneOf(answer);
  const isProgram = answer.verdict !== undefined;
  const word = answer.verdict ?? markWord(t, answer.mark, false);
  return html`<section>
    ${heading}
    <p class="caption num">
      <span class=${tone}>${signOf(tone)} ${word}</span> ·
      ${isProgram ? t('{0} of the tests passed', formatPercent(answer.score)) : t('answer {0}', answer.answer || '–')} ·
      ${t('{0} tokens', answer.tokens)}
    </p>
    <pre class="wrap" tabindex="0">
${isProgram ? highlighted(answer.answer || answer.completion) : answer.completion}</pre>
  </section>`;
}

function toneOf({ mark }: Answer): ReturnType<typeof toneOfAnswer> {
  return toneOfAnswer({ mark });
}
