import { html, nothing, type TemplateResult } from 'lit';
import { formatPercent } from '../../src/view/format.ts';
import type { AnswerView, ProblemModel } from '../../src/view/messages.ts';
import { formTitles, voteRows, type VoteRow } from '../../src/view/votes.ts';
import { t } from '../texts.ts';
import { answerWord, signOf, toneOfAnswer } from './verdicts.ts';

type Question = NonNullable<ProblemModel['question']>;
type Choose = (answer: number) => void;

/** Which value each answer gave, form by form, and the label that they elected. */
export function votesView(question: Question, chosen: number, choose: Choose): TemplateResult {
  const { answers, label, forms, judging } = question;
  const rows = voteRows(answers, Math.max(1, forms.length), label?.value);
  const several = forms.length > 1;
  return html`
    <h2 id="votes-heading">${judging === 'vote' ? t('The vote') : t('Values of the answers')}</h2>
    ${label ? labelView(label) : nothing} ${judging === 'vote' ? nothing : expectedView(answers)}
    <div class="scroll" tabindex="0" role="region" aria-labelledby="votes-heading">
      <table class="votes">
        <thead>
          <tr>
            <th scope="col">${t('value')}</th>
            ${
              several
                ? formTitles(forms).map(
                    (title, form) =>
                      html`<th scope="col">
                        <span class="dim">${t('form {0}', form + 1)}</span>
                        <span class="value form" title=${forms[form] ?? ''}>${title}</span>
                      </th>`,
                  )
                : html`<th scope="col">${t('answers')}</th>`
            }
            <th scope="col" class="count">${t('votes')}</th>
          </tr>
        </thead>
        <tbody>
          ${rows.map((row) => voteRow(row, question, chosen, choose))}
        </tbody>
      </table>
    </div>
  `;
}

/** The label as the one figure of the vote. */
function labelView(label: NonNullable<Question['label']>): TemplateResult {
  const facts = [
    t('{0} of the answers agree', formatPercent(label.majorityRatio)),
    ...(label.formAgreement === undefined ? [] : [t('{0} of the forms agree', formatPercent(label.formAgreement))]),
  ];
  return html`<p class="headline num">
    ${
      label.value === null
        ? html`<span class="big dim">${t('no label')}</span>`
        : html`<span class="dim">${t('label')}</span> <span class="big value">${label.value}</span>`
    }
    ${
      label.correct === undefined
        ? nothing
        : html`<span class=${label.correct ? 'good' : 'bad'}
            >${label.correct ? `✓ ${t('true')}` : `✗ ${t('not true')}`}</span
          >`
    }
    <span class="dim">${facts.join(' · ')}</span>
  </p>`;
}

function expectedView(answers: readonly AnswerView[]): TemplateResult | typeof nothing {
  const expected = answers.find((answer) => answer.expected !== undefined)?.expected;
  return expected === undefined
    ? nothing
    : html`<p class="headline num">
        <span class="dim">${t('expected')}</span> <span class="big value">${expected}</span>
      </p>`;
}

function voteRow(row: VoteRow, { answers, judging }: Question, chosen: number, choose: Choose): TemplateResult {
  const { value, byForm, votes, isLabel, correct } = row;
  return html`<tr class=${isLabel ? 'elected' : ''}>
    <th scope="row">
      <span class="value">${value === '' ? t('no answer found') : value}</span>
      ${isLabel && judging === 'vote' ? html`<span class="tag-label">${t('label')}</span>` : nothing}
      ${correct === true ? html`<span class="good">${t('true')}</span>` : nothing}
      ${correct === false && value !== '' ? html`<span class=${isLabel ? 'bad' : 'dim'}>${t('not true')}</span>` : nothing}
    </th>
    ${byForm.map((indices) => html`<td>${indices.map((i) => answerButton(answers[i]!, i, i === chosen, choose))}</td>`)}
    <td class="count num">${votes}</td>
  </tr>`;
}

function answerButton(answer: AnswerView, i: number, on: boolean, choose: Choose): TemplateResult {
  const tone = toneOfAnswer(answer);
  const word = `${t('Answer {0}', i + 1)}: ${answerWord(answer)}`;
  return html`<button
    type="button"
    class="vote ${tone} ${on ? 'on' : ''}"
    title=${word}
    aria-label=${word}
    @click=${() => choose(i)}
  >
    ${i + 1} <span aria-hidden="true">${signOf(tone)}</span>
  </button>`;
}
