import '../charts/figure.ts';
import { html, nothing, render, type TemplateResult } from 'lit';
import { changeText } from '../../src/view/comparison.ts';
import {
  type ComparisonModel,
  type ComparisonPart,
  outcomeCounts,
  type PairAnswers,
  type ResultView,
  testText,
} from '../../src/view/comparison-model.ts';
import { asSentence, formatPercent, formatPoints } from '../../src/view/format.ts';
import type { ComparisonMessage, HostMessage } from '../../src/view/messages.ts';
import { intervalsFigure } from '../charts/bars.ts';
import { differenceFigure } from '../charts/difference.ts';
import type { SaveDetail } from '../charts/figure.ts';
import { connect } from '../host.ts';
import { t } from '../texts.ts';
import { button, type Failure, failureView, icon } from '../ui.ts';
import { answersView } from './answers.ts';
import { type Filter, filtered, problemsTable } from './table.ts';

/** Kept over hide, reload and restart of the window. */
interface PageState {
  /** Files of the results. */
  before: string;
  after: string;
  filter: Filter;
  chosen: string;
  sample: number;
}

let model: ComparisonModel | undefined;
let answers: PairAnswers | undefined;
let failure: Failure | undefined;

const host = connect<ComparisonMessage, PageState>((message: HostMessage) => {
  switch (message.type) {
    case 'comparison':
      show(message.model, message.before, message.after);
      return;
    case 'answers':
      answers = message.answers;
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

function show(next: ComparisonModel, before: string, after: string): void {
  const known = host.read();
  const same = known.before === before && known.after === after;
  model = next;
  failure = undefined;
  answers = undefined;
  const hasChanges = next.change.won + next.change.lost > 0;
  host.write({
    ...{ before, after },
    ...(same ? {} : { filter: { outcome: hasChanges ? 'changed' : 'all', words: '' }, sample: 0 }),
  });
  const { rows } = next;
  const stays = rows.find(({ id }) => id === known.chosen);
  const first = stays ?? filtered(rows, filterOf())[0];
  if (first) {
    choose(first.id);
  }
  draw();
}

function filterOf(): Filter {
  return host.read().filter ?? { outcome: 'all', words: '' };
}

function choose(chosen: string): void {
  host.write({ chosen, ...(chosen === host.read().chosen ? {} : { sample: 0 }) });
  host.post({ type: 'answers', id: chosen });
  draw();
}

function draw(): void {
  if (failure) {
    render(failureView(failure), page);
  } else if (model) {
    render(view(model), page);
  }
}

function view(comparison: ComparisonModel): TemplateResult {
  const { before, after } = comparison;
  const { chosen, sample = 0 } = host.read();
  return html`
    <header class="bar">
      <h1>${comparison.title}</h1>
      <span class="dim num">${t('{0} problems', comparison.change.problems)}</span>
      <span class="grow"></span>
      ${button(t('Swap A and B'), () => host.post({ type: 'swap' }), { icon: 'arrow-swap' })}
    </header>
    ${verdict(comparison)} ${notes(comparison)}
    <div class="row">
      <section class="card">${accuracies(comparison)}</section>
      <section class="card">${difference(comparison)}</section>
      ${comparison.parts.length === 0 ? nothing : html`<section class="card">${parts(comparison.parts)}</section>`}
    </div>
    ${problemsTable(comparison, filterOf(), chosen, { filter, choose })}
    ${
      answers && answers.id === chosen
        ? answersView(answers, [label(before), label(after)], sample, {
            sample: (next) => {
              host.write({ sample: next });
              draw();
            },
            diff: (next) => host.post({ type: 'diffAnswers', id: chosen, sample: next }),
          })
        : nothing
    }
  `;
}

function filter(change: Partial<Filter>): void {
  host.write({ filter: { ...filterOf(), ...change } });
  draw();
}

function verdict(comparison: ComparisonModel): TemplateResult {
  const { change } = comparison;
  const tone = { better: 'good', worse: 'bad', unsure: '' }[change.verdict];
  const counts = [...outcomeCounts(t, comparison), testText(t, change)];
  return html`<p class="outcome ${tone}" role="status">${asSentence(changeText(t, change))}</p>
    <p class="dim num">${counts.join(' · ')}</p>`;
}

function notes({ notes: all }: ComparisonModel): TemplateResult | typeof nothing {
  return all.length === 0
    ? nothing
    : html`<div class="notices">
        ${all.map((note) => html`<div class="notice">${icon('warning')} <span>${note}</span></div>`)}
      </div>`;
}

function label({ name, policy }: ResultView): string {
  return `${name}, ${policy}`;
}

function accuracies({ before, after }: ComparisonModel): TemplateResult {
  const colours = ['var(--grey)', 'var(--blue)'] as const;
  const figure = intervalsFigure({
    name: 'accuracies',
    heading: t('Right answers'),
    headline: { figure: `${formatPercent(before.accuracy)} → ${formatPercent(after.accuracy)}`, note: '' },
    summary: t('A: {0}. B: {1}. The bars are 95 % intervals.', label(before), label(after)),
    intervals: [before, after].map(({ accuracy, interval }, i) => ({
      ...{ label: i === 0 ? 'A' : 'B', value: accuracy, low: interval[0], high: interval[1] },
      colour: colours[i === 0 ? 0 : 1],
    })),
  });
  return html`<sq-figure .figure=${figure}></sq-figure>`;
}

function difference({ change }: ComparisonModel): TemplateResult {
  const [low, high] = change.interval;
  const colour = { better: 'var(--green)', worse: 'var(--red)', unsure: 'var(--grey)' }[change.verdict];
  const summary =
    change.verdict === 'unsure'
      ? t('The interval holds 0: B may be better or worse than A.')
      : t('The interval does not hold 0.');
  return html`<sq-figure
    .figure=${differenceFigure({ summary, value: change.difference, low, high, colour })}
  ></sq-figure>`;
}

function parts(all: readonly ComparisonPart[]): TemplateResult {
  return html`
    <h2 id="parts-heading">${t('Right answers by tag')}</h2>
    <div class="scroll parts" tabindex="0" role="region" aria-labelledby="parts-heading">
      <table>
        <thead>
          <tr>
            <th scope="col">${t('tag')}</th>
            <th scope="col">${t('problems')}</th>
            <th scope="col">A</th>
            <th scope="col">B</th>
            <th scope="col">${t('points')}</th>
          </tr>
        </thead>
        <tbody>
          ${all.map(
            ({ name, problems, before, after }) =>
              html`<tr>
                <th scope="row">${name}</th>
                <td class="num">${problems}</td>
                <td class="num">${formatPercent(before)}</td>
                <td class="num">${formatPercent(after)}</td>
                <td class="num">${formatPoints(after - before)}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
  `;
}

page.addEventListener('save', (event) => {
  const { name, format, content } = (event as CustomEvent<SaveDetail>).detail;
  host.post({ type: 'save', name, format, content });
});
host.post({ type: 'ready' });
