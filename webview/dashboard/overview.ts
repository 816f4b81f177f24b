import { html, type TemplateResult } from 'lit';
import type { EvaluationKey, EvaluationView, RunView } from '../../src/view/messages.ts';
import { barsFigure, difficultyFigure, intervalsFigure } from '../charts/bars.ts';
import { changeText } from '../../src/view/comparison.ts';
import { formatPercent, formatPoints } from '../../src/view/format.ts';
import { reasonWord } from '../../src/view/words.ts';
import { benchmarkTitle } from '../../src/view/evaluation.ts';
import { byBenchmark } from '../../src/view/evaluations.ts';
import { t } from '../texts.ts';

/** The first row: did it learn, are the questions of use, what was rejected. */
export function overview(run: RunView, open: (evaluation: EvaluationKey) => void): TemplateResult {
  return html`
    ${heldOut(run.evaluations, open).map((card) => html`<section class="card">${card}</section>`)}
    <section class="card"><sq-figure .figure=${difficultyFigure(run.difficulty)}></sq-figure></section>
    <section class="card"><sq-figure .figure=${quality(run)}></sq-figure></section>
  `;
}

/** One card for each benchmark. */
export function heldOut(
  evaluations: readonly EvaluationView[],
  open: (evaluation: EvaluationKey) => void,
): TemplateResult[] {
  const none = html`<h2>${t('Held-out problems solved')}</h2>
    <p class="caption">${t('Measured before the first step and after the last one.')}</p>`;
  const cards = [...byBenchmark(evaluations).values()].flatMap((of) => {
    const [first, last] = [of[0], of.at(-1)];
    return first && last ? [results(of, first, last, open)] : [];
  });
  return cards.length === 0 ? [none] : cards;
}

/** The evaluations on one benchmark, before and now, with what chance could do. */
function results(
  of: readonly EvaluationView[],
  first: EvaluationView,
  last: EvaluationView,
  open: (evaluation: EvaluationKey) => void,
): TemplateResult {
  const shown = of.length > 5 ? [first, ...of.slice(-4)] : of;
  const title = benchmarkTitle(last);
  const what = t('{0} problems of {1}; the bars are 95 % intervals', last.total, title);
  const change = last.change ? changeText(t, last.change) : t('The two evaluations are not of the same problems.');
  const summary = first === last ? what : `${what}. ${change}`;
  const figure = intervalsFigure({
    name: `held-out-${title.replaceAll(/\W+/g, '-').replace(/-$/, '')}`.slice(0, 80),
    heading: t('Held-out problems solved'),
    headline:
      first === last
        ? { figure: formatPercent(last.accuracy), note: '' }
        : {
            figure: `${formatPercent(first.accuracy)} → ${formatPercent(last.accuracy)}`,
            note: t('{0} points', formatPoints(last.accuracy - first.accuracy)),
          },
    summary,
    intervals: shown.map(({ step, accuracy, interval }, i) => ({
      label: step === 0 ? t('before') : t('step {0}', step),
      value: accuracy,
      low: interval[0],
      high: interval[1],
      colour: i === shown.length - 1 && shown.length > 1 ? 'var(--green)' : 'var(--grey)',
    })),
  });
  return html`
    <sq-figure .figure=${figure}></sq-figure>
    <button type="button" class="link" @click=${() => open(last)}>${t('Per problem')}</button>
  `;
}

function quality({ proposals }: RunView): ReturnType<typeof barsFigure> {
  const { accepted, rejected, steps } = proposals;
  const all = accepted + rejected.reduce((sum, [, count]) => sum + count, 0);
  return barsFigure({
    name: 'proposals',
    heading: t('What became of the proposals'),
    what: t('proposals'),
    summary:
      all === 0
        ? t('No values yet.')
        : steps === 1
          ? t('{0} of {1} accepted in one step', accepted, all)
          : t('{0} of {1} accepted in the last {2} steps', accepted, all, steps),
    bars: [
      ...(all === 0 ? [] : [{ label: t('accepted'), value: accepted, colour: 'var(--green)' }]),
      ...rejected
        .slice(0, 7)
        .map(([reason, value]) => ({ label: reasonWord(t, reason), value, colour: 'var(--yellow)' })),
    ],
  });
}
