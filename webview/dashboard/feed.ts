import { html, nothing, svg, type TemplateResult } from 'lit';
import type { FeedEntry, RunView } from '../../src/view/messages.ts';
import { short } from '../charts/scale.ts';
import { t } from '../texts.ts';
import { reasonWord } from '../words.ts';

/** The latest proposals: what the model asked itself and how its answers fared. */
export function feed(
  entries: readonly FeedEntry[],
  run: RunView,
  open: (step: number, id: string) => void,
): TemplateResult {
  return html`<section class="card section" aria-labelledby="feed-heading">
    <h2 id="feed-heading">${t('Latest problems')}</h2>
    ${
      entries.length === 0
        ? html`<p class="caption">
            ${run.step === 0 ? t('They appear when the first step is finished.') : t('This run has no records of its steps.')}
          </p>`
        : html`<table class="feed">
            <thead class="sr">
              <tr>
                <th scope="col">${t('step')}</th>
                <th scope="col">${t('Problem')}</th>
                <th scope="col">${t('answers')}</th>
                <th scope="col">${t('result')}</th>
                <th scope="col">${t('proposer')}</th>
              </tr>
            </thead>
            <tbody>
              ${entries.map((entry) => row(entry, open))}
            </tbody>
          </table>`
    }
  </section>`;
}

function row(entry: FeedEntry, open: (step: number, id: string) => void): TemplateResult {
  const { step, id, title, rejection, solveRate, proposerReward } = entry;
  return html`<tr class=${rejection === undefined ? '' : 'rejected'}>
    <td class="num">${step}</td>
    <td class="title">
      <button type="button" class="text" title=${title} @click=${() => open(step, id)}>${title}</button>
    </td>
    <td>${entry.strip.length > 0 ? strip(entry) : nothing}</td>
    <td class="num nowrap">
      ${
        rejection === undefined
          ? solveRate === undefined
            ? nothing
            : t('solver {0}', short(solveRate))
          : html`<span class="tag">${reasonWord(rejection)}</span>`
      }
    </td>
    <td class="num nowrap hide-narrow">
      ${proposerReward === undefined ? nothing : html`<span class="proposer">${t('proposer {0}', short(proposerReward))}</span>`}
    </td>
  </tr>`;
}

/** One line an answer, one cell a test. Failed tests are shorter as well as red. */
function strip({ strip: rows, answers }: FeedEntry): TemplateResult {
  const right = answers.filter(({ mark }) => mark === 'right').length;
  const [cell, gap, line] = [8, 2, 7];
  const width = Math.max(...rows.map((tests) => tests.length), 1) * (cell + gap);
  const label = t('{0} of {1} answers right', right, answers.length);
  return html`<svg class="strip" role="img" aria-label=${label} width=${width} height=${rows.length * line}>
    <title>${label}</title>
    ${rows.map((tests, i) =>
      tests.map((state, k) => {
        const passed = state === 'passed';
        const unclear = state === 'unjudged';
        return svg`<rect
          x=${k * (cell + gap)} y=${i * line + (passed ? 0 : 1.5)} width=${cell} height=${passed ? 5 : 2}
          fill=${passed ? 'var(--green)' : unclear ? 'var(--grey)' : 'var(--red)'}/>`;
      }),
    )}
  </svg>`;
}
