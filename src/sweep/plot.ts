import { mean } from '../base/statistics.ts';
import {
  axisOf,
  colourOf,
  coordinate,
  curvePanel,
  figure,
  figureMargin,
  figureWidth,
  line,
  type Panel,
  strokeOf,
  text,
} from '../view/figure.ts';
import type { SweepResults } from './results.ts';

const rowHeight = 26;
const labelWidth = 210;

/**
 * The figure of a sweep as an SVG document: each benchmark by variant (seeds as dots, mean and standard deviation) beside
 * the result before training, and two curves over the steps (mean, with the deviation as a band). It has its own ground
 * and follows the reader's choice of light or dark.
 */
export function sweepFigure(results: SweepResults): string {
  const benchmarks = [...new Set(results.rows.flatMap((row) => row.benchmarks.map(({ benchmark }) => benchmark)))];
  return figure(results.name, [
    ...(benchmarks.length === 0 ? [undefined] : benchmarks).map((benchmark) => scoresPanel(results, benchmark)),
    ...results.curves.map(({ heading, lines }) => curvePanel(heading, lines)),
  ]);
}

/** The rows of the variants; they are the legend of the curves, too. */
function scoresPanel({ rows, variants }: SweepResults, benchmark: string | undefined): Panel {
  const of = (own: (typeof rows)[number]) => own.benchmarks.find((score) => score.benchmark === benchmark);
  const before = rows.flatMap((row) => of(row)?.before?.accuracy ?? []);
  const after = rows.flatMap((row) => of(row)?.after?.accuracy ?? []);
  const axis = axisOf([...before, ...after, ...variants.flatMap((variant) => endsOf(variant, benchmark))]);
  const [left, right] = [labelWidth, figureWidth - 2 * figureMargin];
  const x = (value: number): number => left + ((value - axis.low) / (axis.high - axis.low)) * (right - left);
  const first = 40;
  const last = first + variants.length * rowHeight;
  const drawn = variants.map((variant, i) => {
    const y = first + (i + 0.5) * rowHeight;
    const score = variant.benchmarks.find((one) => one.benchmark === benchmark)?.after;
    const own = rows.filter((row) => row.variant === variant.variant);
    return [
      line(figureMargin, y, figureMargin + 22, y, `line ${strokeOf(i)}`),
      text(figureMargin + 30, y + 4, shortened(variant.variant), ''),
      ...own.flatMap((row) => {
        const value = of(row)?.after?.accuracy;
        return value === undefined
          ? []
          : [`<circle class="seed f${colourOf(i)}" cx="${coordinate(x(value))}" cy="${coordinate(y)}" r="3.5"/>`];
      }),
      ...(score
        ? [
            line(
              x(score.mean - (score.deviation ?? 0)),
              y,
              x(score.mean + (score.deviation ?? 0)),
              y,
              `line c${colourOf(i)}`,
            ),
            line(x(score.mean), y - 8, x(score.mean), y + 8, `line c${colourOf(i)}`),
          ]
        : [text(left + 4, y + 4, 'no finished run', 'small')]),
    ].join('');
  });
  const base = before.length === 0 ? [] : [mean(before)];
  return {
    height: last + 24,
    svg: [
      text(
        figureMargin,
        10,
        benchmark === undefined ? 'No held-out result yet' : `Held-out result: ${benchmark}`,
        'title',
      ),
      text(figureMargin, 28, 'dots: seeds; line: mean ± standard deviation; dashed: before training', 'small'),
      ...axis.ticks.flatMap((tick) => [
        line(x(tick), first, x(tick), last, 'grid'),
        text(x(tick), last + 16, `${coordinate(100 * tick)} %`, 'small mid'),
      ]),
      ...base.map((value) => line(x(value), first, x(value), last, 'base')),
      ...drawn,
    ].join('\n'),
  };
}

function endsOf(variant: SweepResults['variants'][number], benchmark: string | undefined): number[] {
  const after = variant.benchmarks.find((one) => one.benchmark === benchmark)?.after;
  return after ? [after.mean - (after.deviation ?? 0), after.mean + (after.deviation ?? 0)] : [];
}

function shortened(name: string): string {
  return name.length > 22 ? `${name.slice(0, 21)}…` : name;
}
