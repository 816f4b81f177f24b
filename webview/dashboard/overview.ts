import { html, type TemplateResult } from 'lit';
import type { EvaluationView, RunView } from '../../src/view/messages.ts';
import { barsFigure, difficultyFigure, intervalsFigure } from '../charts/bars.ts';
import { byBenchmark } from '../../src/view/evaluations.ts';
import { percent } from '../charts/scale.ts';
import { t } from '../texts.ts';
import { reasonWord } from '../words.ts';

/** The first row: did it learn, are the questions of use, what was rejected. */
export function overview(
  run: RunView,
  open: (evaluation: { step: number; benchmark: string }) => void,
): TemplateResult {
  return html`
    ${heldOut(run.evaluations, open).map((card) => html`<section class="card">${card}</section>`)}
    <section class="card"><sq-figure .figure=${difficultyFigure(run.difficulty)}></sq-figure></section>
    <section class="card"><sq-figure .figure=${quality(run)}></sq-figure></section>
  `;
}

/** One card for each benchmark. */
function heldOut(
  evaluations: readonly EvaluationView[],
  open: (evaluation: { step: number; benchmark: string }) => void,
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
  open: (evaluation: { step: number; benchmark: string }) => void,
): TemplateResult {
  const points = Math.round(100 * (last.accuracy - first.accuracy));
  const shown = of.length > 5 ? [first, ...of.slice(-4)] : of;
  const summary = t('{0} problems of {1}; the bars are 95 % intervals', last.total, last.benchmark);
  const figure = intervalsFigure({
    name: `held-out-${last.benchmark.replaceAll(/[^\w-]+/g, '-')}`.slice(0, 80),
    heading: t('Held-out problems solved'),
    headline:
      first === last
        ? { figure: percent(last.accuracy), note: '' }
        : {
            figure: `${percent(first.accuracy)} → ${percent(last.accuracy)}`,
            note: `${points >= 0 ? '+' : '−'}${t('{0} points', Math.abs(points))}`,
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
    <button type="button" class="link" @click=${() => open({ step: last.step, benchmark: last.benchmark })}>
      ${t('Per problem')}
    </button>
  `;
}

function quality({ proposals }: RunView): ReturnType<typeof barsFigure> {
  const { accepted, rejected, steps } = proposals;
  const all = accepted + rejected.reduce((sum, [, count]) => sum + count, 0);
  return barsFigure({
    name: 'proposals',
    heading: t('What became of the proposals'),
    what: t('proposals'),
    summary: all === 0 ? t('No values yet.') : t('{0} of {1} accepted in the last {2} steps', accepted, all, steps),
    bars: [
      ...(all === 0 ? [] : [{ label: t('accepted'), value: accepted, colour: 'var(--green)' }]),
      ...rejected.slice(0, 7).map(([reason, value]) => ({ label: reasonWord(reason), value, colour: 'var(--yellow)' })),
    ],
  });
}
