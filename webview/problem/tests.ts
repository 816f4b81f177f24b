import { html, type TemplateResult } from 'lit';
import type { AnswerView, TestsView } from '../../src/view/messages.ts';
import { formatShare } from '../../src/view/format.ts';
import { verdictWord } from '../../src/view/words.ts';
import { t } from '../texts.ts';
import { signOf, toneOf } from './verdicts.ts';

/** Longest value shown in a cell, in characters; the whole is in its tooltip. */
const cellLength = 60;

/** Every test against every answer; the chosen answer's column is marked. */
export function testsView(
  { rows }: TestsView,
  answers: readonly AnswerView[],
  chosen: number,
  choose: (answer: number) => void,
): TemplateResult {
  return html`
    <h2 id="tests-heading">${t('Tests against the answers')}</h2>
    <div class="scroll" tabindex="0" role="region" aria-labelledby="tests-heading">
      <table class="tests">
        <thead>
          <tr>
            <th scope="col">${t('input')}</th>
            <th scope="col">${t('expected')}</th>
            ${answers.map(
              (_, i) =>
                html`<th scope="col" class=${i === chosen ? 'on' : ''}>
                  <button type="button" class="text" aria-label=${t('Answer {0}', i + 1)} @click=${() => choose(i)}>
                    ${i + 1}
                  </button>
                </th>`,
            )}
          </tr>
        </thead>
        <tbody>
          ${rows.map(
            ({ input, expected }, test) =>
              html`<tr>
                <td class="value" title=${input}>${cut(input)}</td>
                <td class="value" title=${expected}>${cut(expected)}</td>
                ${answers.map((answer, i) => {
                  const verdict = answer.tests?.[test]?.verdict ?? (answer.verdict === 'AC' ? 'AC' : undefined);
                  return html`<td
                    class="mark ${toneOf(verdict)} ${i === chosen ? 'on' : ''}"
                    title=${verdictWord(t, verdict)}
                  >
                    <span aria-hidden="true">${signOf(toneOf(verdict))}</span
                    ><span class="sr">${verdictWord(t, verdict)}</span>
                  </td>`;
                })}
              </tr>`,
          )}
          <tr>
            <th scope="row" colspan="2">${t('reward')}</th>
            ${answers.map(
              ({ reward }, i) => html`<td class="mark num ${i === chosen ? 'on' : ''}">${formatShare(reward)}</td>`,
            )}
          </tr>
        </tbody>
      </table>
    </div>
  `;
}

function cut(text: string): string {
  const line = text.trimEnd().replaceAll('\n', '⏎');
  return line.length > cellLength ? `${line.slice(0, cellLength - 1)}…` : line;
}
