import { html, nothing, type TemplateResult } from 'lit';
import type { AnswerView, ProblemModel } from '../../src/view/messages.ts';
import { short } from '../charts/scale.ts';
import { t } from '../texts.ts';
import { answerWord, signOf, toneOfAnswer } from './verdicts.ts';

type Question = NonNullable<ProblemModel['question']>;

/** What each answer says, form by form, and the label that they elected. */
export function votesView(
  { answers, label, forms, labelled }: Question,
  chosen: number,
  choose: (answer: number) => void,
): TemplateResult {
  return html`
    <h2 id="votes-heading">${labelled ? t('Answers against the known value') : t('The vote')}</h2>
    ${label ? html`<p class="caption num">${labelFacts(label).join(' · ')}</p>` : nothing}
    <div class="scroll" tabindex="0" role="region" aria-labelledby="votes-heading">
      <table class="tests">
        <thead>
          <tr>
            <th scope="col">${forms.length > 1 ? t('form') : ''}</th>
            <th scope="col" colspan="64">${t('answers')}</th>
          </tr>
        </thead>
        <tbody>
          ${forms.map(
            (form, index) =>
              html`<tr>
                <td class="value" title=${form}>${forms.length > 1 ? lastLine(form) : ''}</td>
                ${answers.map((answer, i) => (answer.form === index ? cell(answer, i, i === chosen, choose) : nothing))}
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
  `;
}

function labelFacts(label: NonNullable<Question['label']>): string[] {
  return [
    label.value === null ? t('no label') : t('label {0}', label.value),
    ...(label.correct === undefined ? [] : [label.correct ? t('true') : t('not true')]),
    t('{0} of the answers agree', short(label.majorityRatio)),
    ...(label.formAgreement === undefined ? [] : [t('{0} of the forms agree', short(label.formAgreement))]),
  ];
}

function cell(answer: AnswerView, i: number, on: boolean, choose: (answer: number) => void): TemplateResult {
  const tone = toneOfAnswer(answer);
  return html`<td class="mark ${tone} ${on ? 'on' : ''}" title=${answerWord(answer)}>
    <button type="button" class="text" aria-label=${t('Answer {0}', i + 1)} @click=${() => choose(i)}>
      <span class="num">${answer.answer || '–'}</span> <span aria-hidden="true">${signOf(tone)}</span>
      <span class="sr">${answerWord(answer)}</span>
    </button>
  </td>`;
}

/** The last line of a prompt is what tells one form from another. */
function lastLine(prompt: string): string {
  const line = prompt.trimEnd().split('\n').at(-1) ?? '';
  return line.length > 60 ? `…${line.slice(-59)}` : line;
}
