import '../charts/figure.ts';
import { html, nothing, render, type TemplateResult } from 'lit';
import type {
  DashboardMessage,
  DashboardModel,
  EvaluationKey,
  HostMessage,
  RunView,
  StageView,
} from '../../src/view/messages.ts';
import type { SaveDetail } from '../charts/figure.ts';
import { connect } from '../host.ts';
import { t } from '../texts.ts';
import { type Failure, failureView } from '../ui.ts';
import { comparedRuns } from './compared.ts';
import { configuration } from './configuration.ts';
import { curves, smallCurves } from './curves.ts';
import { feed } from './feed.ts';
import { notices } from './notices.ts';
import { header } from './header.ts';
import { heldOut, overview } from './overview.ts';
import { stageBar } from './stage-bar.ts';

/** Kept over hide, reload and restart of the window. */
interface PageState {
  dir: string;
  compared: string[];
  smoothing: number;
  scroll: number;
}

let model: DashboardModel | undefined;
let stage: StageView | null = null;
let failure: Failure | undefined;

const host = connect<DashboardMessage, PageState>((message: HostMessage) => {
  switch (message.type) {
    case 'dashboard':
      show(message.model);
      return;
    case 'stage':
      stage = message.stage;
      draw();
      return;
    case 'failure':
      failure = message;
      draw();
      return;
    default:
      return;
  }
});

const page = document.getElementById('page')!;

function show(next: DashboardModel): void {
  const first = model === undefined;
  model = next;
  const [run, ...others] = next.runs;
  if (run) {
    host.write({ dir: run.dir, compared: others.map(({ dir }) => dir) });
  }
  draw();
  if (first) {
    // Figures measure themselves first; then the page is as long as it was.
    requestAnimationFrame(() => requestAnimationFrame(() => scrollTo(0, host.read().scroll ?? 0)));
    addEventListener('scrollend', () => host.write({ scroll: scrollY }));
  }
}

function draw(): void {
  const run = model?.runs[0];
  if (failure) {
    render(failureView(failure), page);
    return;
  }
  if (!model || !run) {
    return;
  }
  render(
    html`
      ${header(run, stage, (action) => host.post({ type: 'action', action }))} ${stageBar(run, stage)} ${notices(run)}
      ${model.runs.length > 1 ? comparedRuns(model.runs) : nothing} ${figures(model.runs, run)}
      ${feed(model.feed, run, (step, id) => host.post({ type: 'open', step, id }))}
      ${
        hasSteps(model.runs)
          ? html`<h2 class="section">${t('More curves')}</h2>
              <div class="grid small">${smallCurves(model.runs, host.read().smoothing ?? 0)}</div>`
          : nothing
      }
      ${run.config.length > 0 ? configuration(run) : nothing}
    `,
    page,
  );
}

function hasSteps(runs: readonly RunView[]): boolean {
  return runs.some(({ stageTimes }) => stageTimes.rows.length > 0);
}

/** Charts; before the first step is finished, what there is to wait for. */
function figures(runs: readonly RunView[], run: RunView): TemplateResult {
  const openEvaluation = ({ step, benchmark, split }: EvaluationKey): void =>
    host.post({ type: 'evaluation', step, benchmark, ...(split === undefined ? {} : { split }) });
  if (!hasSteps(runs)) {
    return html`<div class="grid two">
      <section class="card">
        <h2>${t('The first step')}</h2>
        <p>
          ${t('The model writes questions, answers each several times, and is trained on what the answers earned. Curves appear when the step is finished, questions as they are written.')}
        </p>
      </section>
      <section class="card">${heldOut(run.evaluations, openEvaluation)}</section>
    </div>`;
  }
  const smoothing = host.read().smoothing ?? 0;
  return html`
    <div class="bar section">
      <span class="grow"></span>
      <label class="smoothing"
        >${t('Smoothing')}
        <input type="range" min="0" max="0.95" step="0.05" .value=${String(smoothing)} @input=${setSmoothing} />
        <output>${smoothing === 0 ? t('off') : smoothing.toFixed(2)}</output>
      </label>
    </div>
    <div class="row">${overview(run, openEvaluation)}</div>
    <div class="grid">${curves(runs, smoothing)}</div>
  `;
}

function setSmoothing(event: Event): void {
  host.write({ smoothing: Number((event.target as HTMLInputElement).value) });
  draw();
}

page.addEventListener('save', (event) => {
  const { name, format, content } = (event as CustomEvent<SaveDetail>).detail;
  host.post({ type: 'save', name, format, content });
});
host.post({ type: 'ready' });
