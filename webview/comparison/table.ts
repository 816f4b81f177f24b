import { html, nothing, type TemplateResult } from 'lit';
import {
  type ComparisonModel,
  type ComparisonRow,
  cellText,
  outcomes,
  type PairOutcome,
  pairOutcomeWord,
} from '../../src/view/comparison-model.ts';
import { icon } from '../ui.ts';
import { t } from '../texts.ts';

/** Which problems are listed. */
export interface Filter {
  /** `changed`: won or lost. */
  outcome: PairOutcome | 'changed' | 'all';
  /** Part of an id or a tag, in any case; empty: all. */
  words: string;
}

/** Values of {@link Filter.outcome}, in the order of their buttons. */
export const filters = ['changed', ...outcomes, 'all'] as const satisfies readonly Filter['outcome'][];

/** Rows that a page draws at once. */
const drawn = 500;

interface Actions {
  filter: (change: Partial<Filter>) => void;
  choose: (id: string) => void;
}

/** The problems by what became of them; a click on one shows its answers. */
export function problemsTable(
  { rows }: ComparisonModel,
  filter: Filter,
  chosen: string | undefined,
  actions: Actions,
): TemplateResult {
  const fitting = filtered(rows, filter);
  return html`
    <div class="bar section">
      <h2 id="problems-heading">${t('Problems')}</h2>
      <div class="bar actions" role="group" aria-label=${t('Which problems are shown')}>
        ${filters.map((outcome) => filterButton(outcome, rows, filter, actions))}
      </div>
      <span class="grow"></span>
      <label class="search"
        >${t('Name or tag')}
        <input
          type="search"
          .value=${filter.words}
          @input=${(event: Event) => actions.filter({ words: (event.target as HTMLInputElement).value })}
        />
      </label>
    </div>
    ${fitting.length === 0 ? html`<p class="caption">${t('No problem passes the filter.')}</p>` : list(fitting, chosen, actions)}
  `;
}

/** The rows that pass a filter. */
export function filtered(rows: readonly ComparisonRow[], { outcome, words }: Filter): ComparisonRow[] {
  const wanted = words.trim().toLowerCase();
  return rows.filter(
    (row) => passes(row.outcome, outcome) && [row.id, ...row.tags].some((text) => text.toLowerCase().includes(wanted)),
  );
}

function passes(outcome: PairOutcome, filter: Filter['outcome']): boolean {
  return filter === 'all' || filter === outcome || (filter === 'changed' && (outcome === 'won' || outcome === 'lost'));
}

function filterButton(
  outcome: Filter['outcome'],
  rows: readonly ComparisonRow[],
  filter: Filter,
  actions: Actions,
): TemplateResult {
  const count = rows.filter((row) => passes(row.outcome, outcome)).length;
  const word = outcome === 'all' ? t('All') : outcome === 'changed' ? t('Changed') : pairOutcomeWord(t, outcome);
  return html`<button
    type="button"
    class="choice"
    aria-pressed=${filter.outcome === outcome ? 'true' : 'false'}
    @click=${() => actions.filter({ outcome })}
  >
    ${word} <span class="num">${count}</span>
  </button>`;
}

function list(rows: readonly ComparisonRow[], chosen: string | undefined, { choose }: Actions): TemplateResult {
  const shown = rows.slice(0, drawn);
  const hasTags = rows.some(({ tags }) => tags.length > 0);
  return html`
    <div class="scroll" tabindex="0" role="region" aria-labelledby="problems-heading">
      <table class="pairs">
        <thead>
          <tr>
            <th scope="col">${t('problem')}</th>
            ${hasTags ? html`<th scope="col" class="hide-narrow">${t('tags')}</th>` : nothing}
            <th scope="col">A</th>
            <th scope="col">B</th>
            <th scope="col">${t('change')}</th>
          </tr>
        </thead>
        <tbody>
          ${shown.map((row) => problemRow(row, { on: row.id === chosen, hasTags, choose }))}
        </tbody>
      </table>
    </div>
    ${
      rows.length > shown.length
        ? html`<p class="caption">${t('{0} more: narrow the filter to see them.', rows.length - shown.length)}</p>`
        : nothing
    }
  `;
}

function problemRow(
  row: ComparisonRow,
  { on, hasTags, choose }: { on: boolean; hasTags: boolean; choose: (id: string) => void },
): TemplateResult {
  const { id, tags, outcome, before, after } = row;
  const { name, tone } = signs[outcome];
  return html`<tr class=${on ? 'on' : ''}>
    <th scope="row">
      <button type="button" class="text" aria-pressed=${on ? 'true' : 'false'} @click=${() => choose(id)}>${id}</button>
    </th>
    ${hasTags ? html`<td class="dim hide-narrow">${tags.join(', ')}</td>` : nothing}
    <td class="num">${cellText(t, before)}</td>
    <td class="num">${cellText(t, after)}</td>
    <td class="nowrap ${tone}">${icon(name)} ${pairOutcomeWord(t, outcome)}</td>
  </tr>`;
}

const signs: Record<PairOutcome, { name: string; tone: string }> = {
  won: { name: 'arrow-up', tone: 'good' },
  lost: { name: 'arrow-down', tone: 'bad' },
  both: { name: 'check', tone: '' },
  neither: { name: 'dash', tone: 'dim' },
};
