import { LitElement, html, nothing, svg, type PropertyValues, type TemplateResult } from 'lit';
import { t } from '../texts.ts';
import { csvOf, jsonOf, svgOf } from './save.ts';

/** A cell of the table behind a figure; null: no value. */
export type Cell = string | number | null;

/** A picture with everything that goes with it: the same data as a sentence, a table, and files. */
export interface Figure {
  /** File name of exports. */
  name: string;
  heading: string;
  /** The one figure that the picture is about. */
  headline?: { figure: string; note: string };
  /** What the picture says, in words. */
  summary: string;
  /** What the term in the heading means. */
  hint?: string;
  columns: string[];
  rows: Cell[][];
  /** Pixels. */
  height: number;
  /** The contents of the picture for a width in pixels; `cursor` is the place that is pointed at. */
  draw(width: number, cursor: number | undefined): unknown;
  /** Number of places that can be pointed at, and which one is at `x`, `y` pixels. */
  places: number;
  placeAt(width: number, x: number, y: number): number;
  /** The values at a place. */
  describe(place: number): string;
}

/** What is to be saved, for the page that asks the host for a file. */
export interface SaveDetail {
  name: string;
  format: 'svg' | 'csv' | 'json';
  content: string;
}

/**
 * Shows a figure: hover or arrow keys tell values, "Data" opens the table and the exports. Drawn in real pixels, so that
 * text keeps its size at any width. Lives in the light DOM, where the page's style and axe see it.
 */
export class FigureElement extends LitElement {
  static override properties = {
    figure: { attribute: false },
    width: { state: true },
    cursor: { state: true },
    open: { state: true },
  };
  declare figure: Figure | undefined;
  declare width: number;
  declare cursor: number | undefined;
  declare open: boolean;
  readonly #resized = new ResizeObserver(([entry]) => {
    this.width = Math.floor(entry?.contentRect.width ?? 0);
  });

  constructor() {
    super();
    this.width = 0;
    this.open = false;
  }

  protected override createRenderRoot(): this {
    return this;
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#resized.disconnect();
  }

  protected override firstUpdated(): void {
    const place = this.querySelector('.plot');
    if (place) {
      this.#resized.observe(place);
    }
  }

  protected override willUpdate(changed: PropertyValues): void {
    if (changed.has('figure') && this.cursor !== undefined && this.cursor >= (this.figure?.places ?? 0)) {
      this.cursor = undefined;
    }
  }

  protected override render(): TemplateResult | typeof nothing {
    const { figure } = this;
    if (!figure) {
      return nothing;
    }
    return html`
      <h2 id="${figure.name}-heading" title=${figure.hint ?? nothing}>${figure.heading}</h2>
      ${
        figure.headline === undefined
          ? nothing
          : html`<p class="headline num">
              <span class="big">${figure.headline.figure}</span> <span class="dim">${figure.headline.note}</span>
            </p>`
      }
      <div
        class="plot"
        tabindex="0"
        role="group"
        aria-roledescription=${t('chart')}
        aria-labelledby="${figure.name}-heading"
        aria-describedby="${figure.name}-summary"
        @pointermove=${this.#point}
        @pointerleave=${this.#leave}
        @keydown=${this.#key}
        @blur=${this.#leave}
      >
        ${svg`<svg height=${figure.height} width=${this.width} viewBox="0 0 ${this.width} ${figure.height}" aria-hidden="true">
          ${this.width > 0 ? figure.draw(this.width, this.cursor) : nothing}
        </svg>`}
      </div>
      <p class="caption">
        <span id="${figure.name}-summary" class=${this.cursor === undefined ? '' : 'sr'}>${figure.summary}</span>
        <span aria-live="polite">${this.cursor === undefined ? nothing : figure.describe(this.cursor)}</span>
      </p>
      <details ?open=${this.open} @toggle=${this.#toggle}>
        <summary>${t('Data')}<span class="sr"> ${figure.heading}</span></summary>
        ${this.open ? this.#data(figure) : nothing}
      </details>
    `;
  }

  #data(figure: Figure): TemplateResult {
    const save = (format: SaveDetail['format'], content: () => string): TemplateResult =>
      html`<button
        type="button"
        class="link"
        @click=${() => this.#save({ name: figure.name, format, content: content() })}
      >
        ${t('Save as {0}', format.toUpperCase())}
      </button>`;
    return html`
      ${figure.hint === undefined ? nothing : html`<p class="caption">${figure.hint}</p>`}
      <p class="exports">
        ${save('svg', () => svgOf(this.querySelector('svg')))} ${save('csv', () => csvOf(figure))}
        ${save('json', () => jsonOf(figure))}
      </p>
      <div class="scroll" tabindex="0" role="region" aria-labelledby="${figure.name}-heading">
        <table>
          <thead>
            <tr>
              ${figure.columns.map((column) => html`<th scope="col">${column}</th>`)}
            </tr>
          </thead>
          <tbody>
            ${figure.rows.map(
              (row) =>
                html`<tr>
                  ${row.map((cell) => html`<td>${shown(cell)}</td>`)}
                </tr>`,
            )}
          </tbody>
        </table>
      </div>
    `;
  }

  #point(event: PointerEvent): void {
    const { figure } = this;
    const box = (event.currentTarget as Element).getBoundingClientRect();
    this.cursor =
      figure && figure.places > 0
        ? figure.placeAt(this.width, event.clientX - box.left, event.clientY - box.top)
        : undefined;
  }

  #leave(): void {
    this.cursor = undefined;
  }

  #key(event: KeyboardEvent): void {
    const last = (this.figure?.places ?? 0) - 1;
    const moves: Record<string, number | undefined> = {
      ArrowLeft: Math.max(0, (this.cursor ?? last + 1) - 1),
      ArrowRight: Math.min(last, (this.cursor ?? -1) + 1),
      Home: 0,
      End: last,
    };
    const next = moves[event.key];
    if (next !== undefined && last >= 0) {
      this.cursor = next;
      event.preventDefault();
    } else if (event.key === 'Escape') {
      this.cursor = undefined;
    }
  }

  #toggle(event: Event): void {
    this.open = (event.currentTarget as HTMLDetailsElement).open;
  }

  #save(detail: SaveDetail): void {
    this.dispatchEvent(new CustomEvent<SaveDetail>('save', { detail, bubbles: true }));
  }
}
customElements.define('sq-figure', FigureElement);

function shown(cell: Cell): string {
  return typeof cell === 'number' ? String(Number(cell.toPrecision(6))).replace(/^-/, '−') : (cell ?? '');
}
