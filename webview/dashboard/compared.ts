import { html, type TemplateResult } from 'lit';
import { formatDuration, formatPercent, formatShare } from '../../src/view/format.ts';
import { modelWord } from '../../src/view/run-name.ts';
import type { RunView } from '../../src/view/messages.ts';
import { changeText } from '../../src/view/comparison.ts';
import { stateText, stepCount } from '../../src/view/progress.ts';
import { benchmarkTitle } from '../../src/view/evaluation.ts';
import { decisive } from '../../src/view/evaluations.ts';
import { t } from '../texts.ts';

const runColours = ['var(--blue)', 'var(--orange)', 'var(--green)', 'var(--purple)', 'var(--red)', 'var(--yellow)'];

/** The colour of each of several runs, as a CSS value: runs of one variant of a sweep share theirs. */
export function coloursOf(runs: readonly RunView[]): string[] {
  const groups = [...new Set(runs.map(groupOf))];
  return runs.map((run) => runColours[groups.indexOf(groupOf(run)) % runColours.length] ?? 'var(--blue)');
}

function groupOf({ variant, dir }: RunView): string {
  return variant === undefined ? dir : `variant ${variant}`;
}

/** What a run is called in the legends of compared curves: A, B, … Z, AA, … */
export function runLetter(index: number): string {
  return index < 26
    ? String.fromCharCode(65 + index)
    : `${runLetter(Math.floor(index / 26) - 1)}${runLetter(index % 26)}`;
}

/** The runs beside each other: results, and the settings in which they differ. */
export function comparedRuns(runs: readonly RunView[]): TemplateResult {
  const rows: [name: string, cells: readonly (string | TemplateResult)[]][] = [
    [t('state'), runs.map((run) => `${stateText(t, run)} · ${stepCount(run)}`)],
    [t('model'), runs.map(({ model, device }) => `${modelWord(model)} · ${device}`)],
    [t('held-out problems'), runs.map(heldOut)],
    [t('reward of the solver'), runs.map(({ series }) => course(series['solver.reward']))],
    [
      t('time of a step'),
      runs.map(({ secondsPerStep }) => (secondsPerStep === undefined ? '–' : formatDuration(secondsPerStep, t))),
    ],
    ...differingSettings(runs),
  ];
  const colours = coloursOf(runs);
  return html`<section class="card section">
    <h2 id="compared-heading">${t('Compared runs')}</h2>
    <div class="scroll" tabindex="0" role="region" aria-labelledby="compared-heading">
      <table class="compared">
        <thead>
          <tr>
            <td></td>
            ${runs.map(
              ({ name }, i) =>
                html`<th scope="col">
                  <svg width="10" height="10" aria-hidden="true">
                    <rect width="10" height="10" fill=${colours[i]} />
                  </svg>
                  <b>${runLetter(i)}</b> ${name}
                </th>`,
            )}
          </tr>
        </thead>
        <tbody>
          ${rows.map(
            ([name, cells]) =>
              html`<tr>
                <th scope="row">${name}</th>
                ${cells.map((cell) => html`<td class="num">${cell}</td>`)}
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
  </section>`;
}

function heldOut({ evaluations }: RunView): string | TemplateResult {
  const of = decisive(evaluations);
  const [first, last] = [of[0], of.at(-1)];
  if (!first || !last) {
    return '–';
  }
  const figures =
    first === last
      ? formatPercent(last.accuracy)
      : `${formatPercent(first.accuracy)} → ${formatPercent(last.accuracy)}`;
  return html`<span title=${last.change ? changeText(t, last.change) : ''}>${figures}</span>
    <span class="dim">${t('{0} problems of {1}', last.total, benchmarkTitle(last))}</span>`;
}

function course(points: RunView['series']['solver.reward']): string {
  const [first, last] = [points[0], points.at(-1)];
  return first && last ? `${formatShare(first[1])} → ${formatShare(last[1])}` : '–';
}

function differingSettings(runs: readonly RunView[]): [string, string[]][] {
  const names = [...new Set(runs.flatMap(({ config }) => config.map(({ name }) => name)))];
  return names
    .map((name): [string, string[]] => [
      name,
      runs.map(({ config }) => config.find((entry) => entry.name === name)?.value ?? '–'),
    ])
    .filter(([name, values]) => !['model', 'device'].includes(name) && new Set(values).size > 1);
}
