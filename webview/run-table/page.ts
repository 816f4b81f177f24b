import { html, nothing, render, type TemplateResult } from 'lit';
import type { HostMessage, RunTableMessage } from '../../src/view/messages.ts';
import { type RunColumn, runColumns, type RunRow } from '../../src/view/run-rows.ts';
import {
  heldOutSentence,
  matchingRuns,
  type RunOrder,
  runCell,
  runColumnWord,
  sortedRuns,
  usualOrder,
} from '../../src/view/run-table.ts';
import { formatBytes } from '../../src/view/format.ts';
import { connect } from '../host.ts';
import { t } from '../texts.ts';
import { button, icon } from '../ui.ts';

/** Kept over hide, reload and restart of the window. */
interface PageState {
  order: RunOrder;
  words: string;
}

/** Columns of figures, whose digits stand under each other. */
const figures: readonly RunColumn[] = ['date', 'steps', 'held-out', 'disk'];

let rows: RunRow[] | undefined;

const host = connect<RunTableMessage, PageState>((message: HostMessage) => {
  if (message.type === 'runs') {
    rows = message.rows;
    draw();
  }
});

const page = document.getElementById('page')!;

function orderOf(): RunOrder {
  return host.read().order ?? usualOrder('date');
}

/** A second click on a head turns the order round. */
function sortBy(column: RunColumn): void {
  const { column: now, descending } = orderOf();
  host.write({ order: column === now ? { column, descending: !descending } : usualOrder(column) });
  draw();
}

function draw(): void {
  if (rows) {
    render(view(rows), page);
  }
}

function view(all: readonly RunRow[]): TemplateResult {
  if (all.length === 0) {
    return html`<p>${t('There are no runs yet.')}</p>
      <p class="section">
        ${button(t('Start Self-Questioning'), () => host.post({ type: 'start' }), { primary: true })}
      </p>`;
  }
  const { words = '' } = host.read();
  const fitting = sortedRuns(matchingRuns(all, words), orderOf());
  const bytes = formatBytes(all.reduce((total, row) => total + row.bytes, 0));
  return html`
    <header class="bar">
      <h1 id="heading">${t('Runs')}</h1>
      <span class="dim num">${t('{0} runs, {1}', all.length, bytes)}</span>
      <span class="grow"></span>
      <label class="search"
        >${t('Name, model or tag')}
        <input
          type="search"
          .value=${words}
          @input=${(event: Event) => {
            host.write({ words: (event.target as HTMLInputElement).value });
            draw();
          }}
        />
      </label>
    </header>
    ${fitting.length === 0 ? html`<p class="section">${t('No run has these words.')}</p>` : table(fitting)}
  `;
}

/** Columns in which no run has anything stay away. */
function table(shown: readonly RunRow[]): TemplateResult {
  const columns = runColumns.filter((column) => shown.some((row) => cell(row, column) !== ''));
  return html`<div class="wide section" tabindex="0" role="region" aria-labelledby="heading">
    <table class="runs">
      <thead>
        <tr>
          ${columns.map(head)}
          <th scope="col"><span class="sr">${t('Actions')}</span></th>
        </tr>
      </thead>
      <tbody>
        ${shown.map((row) => line(row, columns))}
      </tbody>
    </table>
  </div>`;
}

function head(column: RunColumn): TemplateResult {
  const { column: sorted, descending } = orderOf();
  const mine = column === sorted;
  return html`<th scope="col" aria-sort=${mine ? (descending ? 'descending' : 'ascending') : nothing}>
    <button type="button" class="text nowrap" @click=${() => sortBy(column)}>
      ${runColumnWord(t, column)} ${mine ? icon(descending ? 'arrow-down' : 'arrow-up') : nothing}
    </button>
  </th>`;
}

function line(row: RunRow, columns: readonly RunColumn[]): TemplateResult {
  return html`<tr>
    ${columns.map((column) =>
      column === 'name'
        ? html`<th scope="row">
            <button type="button" class="link" @click=${() => host.post({ type: 'open', dir: row.dir })}>
              ${row.name}
            </button>
          </th>`
        : html`<td
            class=${figures.includes(column) ? 'num nowrap' : column === 'note' ? 'note' : ''}
            title=${column === 'held-out' ? heldOutSentence(t, row) || nothing : nothing}
          >
            ${column === 'tags' ? row.tags.map((tag) => html`<span class="label">${tag}</span> `) : cell(row, column)}
          </td>`,
    )}
    <td>
      <button
        type="button"
        class="more"
        aria-label=${t('Actions for {0}', row.name)}
        @click=${() => host.post({ type: 'menu', dir: row.dir })}
      >
        ${icon('ellipsis')}
      </button>
    </td>
  </tr>`;
}

function cell(row: RunRow, column: RunColumn): string {
  return runCell(t, row, column, document.documentElement.lang);
}

host.post({ type: 'ready' });
