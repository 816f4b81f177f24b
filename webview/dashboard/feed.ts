import { html, nothing, svg, type TemplateResult } from 'lit';
import { formatShare } from '../../src/view/format.ts';
import type { FeedEntry, RunView } from '../../src/view/messages.ts';
import { reasonWord } from '../../src/view/words.ts';
import { t } from '../texts.ts';

type Open = (step: number, id: string) => void;

/** The latest proposals and questions: what the model was asked and how its answers fared. */
export function feed(entries: readonly FeedEntry[], run: RunView, open: Open): TemplateResult {
  return html`<section class="card section" aria-labelledby="feed-heading">
    <h2 id="feed-heading">${t('Latest problems')}</h2>
    ${
      entries.length === 0
        ? html`<p class="caption">
            ${run.step === 0 ? t('They appear as soon as the first ones are written.') : t('This run has no records of its steps.')}
          </p>`
        : html`${legend(entries)} ${table(entries, open)}`
    }
  </section>`;
}

/** What a cell of the strips stands for. */
function legend(entries: readonly FeedEntry[]): TemplateResult | typeof nothing {
  if (entries.every(({ strip }) => strip.length === 0)) {
    return nothing;
  }
  const text = entries.some(({ judging }) => judging === 'tests')
    ? t('Answers: one line each, one mark for each test; tall and green: passed, short and red: failed.')
    : t('Answers: one mark each, one line for each form of the question; tall and green: right, short and red: wrong.');
  return html`<p class="caption">${text}</p>`;
}

function table(entries: readonly FeedEntry[], open: Open): TemplateResult {
  return html`<table class="feed">
    <thead>
      <tr>
        <th scope="col">${t('step')}</th>
        <th scope="col">${t('Problem')}</th>
        <th scope="col">${t('answers')}</th>
        <th scope="col">${t('result')}</th>
        <th scope="col" class="hide-narrow">${t('proposer')}</th>
      </tr>
    </thead>
    <tbody>
      ${entries.map((entry) => row(entry, open))}
    </tbody>
  </table>`;
}

function row(entry: FeedEntry, open: Open): TemplateResult {
  const { step, id, title, rejection, proposerReward, live, source } = entry;
  return html`<tr class=${rejection === undefined ? '' : 'rejected'}>
    <td class="num">${step}</td>
    <td class="title">
      ${
        live
          ? html`<span class="text" title=${title}>${title}</span>`
          : html`<button type="button" class="text" title=${title} @click=${() => open(step, id)}>${title}</button>`
      }
    </td>
    <td>${entry.strip.length > 0 ? strip(entry) : nothing}</td>
    <td class="num nowrap">${result(entry)}</td>
    <td class="num nowrap hide-narrow">
      ${source === 'proposer' ? (proposerReward === undefined ? nothing : formatShare(proposerReward)) : sourceWord(source)}
    </td>
  </tr>`;
}

function result({ rejection, label, solveRate, live, answers }: FeedEntry): TemplateResult | string | typeof nothing {
  if (rejection !== undefined) {
    return html`<span class="tag">${reasonWord(t, rejection)}</span>`;
  }
  if (label) {
    const truth = label.correct === undefined ? '' : label.correct ? ` ✓ ${t('true')}` : ` ✗ ${t('not true')}`;
    return label.value === null
      ? html`<span class="tag">${t('no label')}</span>`
      : html`<span class="label-value" title=${label.value}>${t('label {0}', label.value)}</span
          ><span class=${label.correct === false ? 'bad' : 'good'}>${truth}</span>`;
  }
  if (solveRate === undefined) {
    return live && answers.length === 0 ? html`<span class="dim">${t('accepted')}</span>` : nothing;
  }
  return t('solver {0}', formatShare(solveRate));
}

function sourceWord(source: 'pool' | 'dataset'): TemplateResult {
  return html`<span class="dim">${source === 'pool' ? t('from a pool') : t('from a data set')}</span>`;
}

/** One line an answer, or a form. What failed is shorter as well as red. */
function strip({ strip: rows, answers }: FeedEntry): TemplateResult {
  const right = answers.filter(({ mark }) => mark === 'right').length;
  const [cell, gap, line] = [8, 2, 7];
  const width = Math.max(...rows.map((cells) => cells.length), 1) * (cell + gap);
  const label = t('{0} of {1} answers right', right, answers.length);
  return html`<svg class="strip" role="img" aria-label=${label} width=${width} height=${rows.length * line}>
    <title>${label}</title>
    ${rows.map((cells, i) =>
      cells.map((state, k) => {
        const passed = state === 'passed';
        const unclear = state === 'unjudged';
        return svg`<rect
          x=${k * (cell + gap)} y=${i * line + (passed ? 0 : 1.5)} width=${cell} height=${passed ? 5 : 2}
          fill=${passed ? 'var(--green)' : unclear ? 'var(--grey)' : 'var(--red)'}/>`;
      }),
    )}
  </svg>`;
}
