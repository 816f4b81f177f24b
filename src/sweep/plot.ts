import { mean } from '../base/statistics.ts';
import type { SweepResults, VariantCurve } from './results.ts';

/** Colours of variants on light and on dark ground, each at least 3:1 against it; those after the last are dashed. */
const palette: readonly [light: string, dark: string][] = [
  ['#0068a8', '#5cb6f0'],
  ['#c24a00', '#ff9f5a'],
  ['#007d5a', '#4cd4a9'],
  ['#a8407f', '#f0a3cf'],
  ['#6a4fa3', '#b9a0e6'],
  ['#7d6000', '#e0c060'],
  ['#5a6570', '#b0bac5'],
  ['#b3001b', '#ff7a85'],
];

const width = 760;
const margin = 16;
const rowHeight = 26;
const labelWidth = 210;
const curveHeight = 200;

/**
 * The figure of a sweep as an SVG document: each benchmark by variant (seeds as dots, mean and standard deviation) beside
 * the result before training, and two curves over the steps (mean, with the deviation as a band). It has its own ground
 * and follows the reader's choice of light or dark.
 */
export function sweepFigure(results: SweepResults): string {
  const benchmarks = [...new Set(results.rows.flatMap((row) => row.benchmarks.map(({ benchmark }) => benchmark)))];
  const panels = [
    ...(benchmarks.length === 0 ? [undefined] : benchmarks).map((benchmark) => scoresPanel(results, benchmark)),
    ...results.curves.map(({ heading, lines }) => curvePanel(heading, lines)),
  ];
  let height = margin;
  const placed = panels.map((panel) => {
    const svg = `<g transform="translate(0 ${height})">\n${panel.svg}\n</g>`;
    height += panel.height + margin;
    return svg;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escape(results.name)}">`,
    `<style>${style()}</style>`,
    `<rect class="ground" width="${width}" height="${height}"/>`,
    ...placed,
    '</svg>\n',
  ].join('\n');
}

function style(): string {
  const rules = (dark: boolean): string =>
    palette.map((pair, i) => `.c${i}{stroke:${pair[Number(dark)]}}.f${i}{fill:${pair[Number(dark)]}}`).join('');
  return [
    'text{font:12px system-ui,sans-serif;fill:#1f2328}.small{font-size:11px}.title{font-weight:600}.end{text-anchor:end}.mid{text-anchor:middle}',
    '.ground{fill:#fff}.grid{stroke:#d0d7de}.base{stroke:#57606a;stroke-dasharray:4 3}.line{fill:none;stroke-width:2}.dash{stroke-dasharray:5 3}.band{opacity:.16;stroke:none}.seed{opacity:.55}',
    rules(false),
    `@media(prefers-color-scheme:dark){text{fill:#e6edf3}.ground{fill:#0d1117}.grid{stroke:#30363d}.base{stroke:#9da7b1}${rules(true)}}`,
  ].join('');
}

interface Panel {
  svg: string;
  height: number;
}

/** The rows of the variants; they are the legend of the curves, too. */
function scoresPanel({ rows, variants }: SweepResults, benchmark: string | undefined): Panel {
  const of = (own: (typeof rows)[number]) => own.benchmarks.find((score) => score.benchmark === benchmark);
  const before = rows.flatMap((row) => of(row)?.before?.accuracy ?? []);
  const after = rows.flatMap((row) => of(row)?.after?.accuracy ?? []);
  const axis = axisOf([...before, ...after, ...variants.flatMap((variant) => endsOf(variant, benchmark))]);
  const [left, right] = [labelWidth, width - 2 * margin];
  const x = (value: number): number => left + ((value - axis.low) / (axis.high - axis.low)) * (right - left);
  const first = 40;
  const last = first + variants.length * rowHeight;
  const drawn = variants.map((variant, i) => {
    const y = first + (i + 0.5) * rowHeight;
    const score = variant.benchmarks.find((one) => one.benchmark === benchmark)?.after;
    const own = rows.filter((row) => row.variant === variant.variant);
    return [
      line(margin, y, margin + 22, y, `line ${strokeOf(i)}`),
      text(margin + 30, y + 4, shortened(variant.variant), ''),
      ...own.flatMap((row) => {
        const value = of(row)?.after?.accuracy;
        return value === undefined
          ? []
          : [`<circle class="seed f${colourOf(i)}" cx="${n(x(value))}" cy="${n(y)}" r="3.5"/>`];
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
      text(margin, 10, benchmark === undefined ? 'No held-out result yet' : `Held-out result: ${benchmark}`, 'title'),
      text(margin, 28, 'dots: seeds; line: mean ± standard deviation; dashed: before training', 'small'),
      ...axis.ticks.flatMap((tick) => [
        line(x(tick), first, x(tick), last, 'grid'),
        text(x(tick), last + 16, `${n(100 * tick)} %`, 'small mid'),
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

function curvePanel(heading: string, lines: readonly VariantCurve[]): Panel {
  const all = lines.flatMap(({ points }) => points);
  const title = text(margin, 10, heading, 'title');
  if (all.length === 0) {
    return { height: 40, svg: title + text(margin, 30, 'No step has been recorded yet.', 'small') };
  }
  const axis = axisOf(all.flatMap(({ mean: value, deviation }) => [value - deviation, value + deviation]));
  const [left, right, high, low] = [margin + 40, width - margin, 22, curveHeight - 20];
  const steps = Math.max(2, ...all.map(({ step }) => step));
  const x = (step: number): number => left + ((step - 1) / (steps - 1)) * (right - left);
  const y = (value: number): number => low - ((value - axis.low) / (axis.high - axis.low)) * (low - high);
  const svg = [
    title,
    ...axis.ticks.flatMap((tick) => [
      line(left, y(tick), right, y(tick), 'grid'),
      text(left - 6, y(tick) + 4, String(Number(tick.toFixed(3))), 'small end'),
    ]),
    text(left, low + 16, '1', 'small mid'),
    text(right, low + 16, `step ${steps}`, 'small end'),
    ...lines.map(({ points }, i) => band(points, x, y, `band f${colourOf(i)}`)),
    ...lines.map(({ points }, i) => polyline(points, x, y, `line ${strokeOf(i)}`)),
  ].join('\n');
  return { height: curveHeight, svg };
}

type Points = VariantCurve['points'];
type Scale = (value: number) => number;

function polyline(points: Points, x: Scale, y: Scale, name: string): string {
  const at = points.map((point) => `${n(x(point.step))},${n(y(point.mean))}`).join(' ');
  return points.length === 0 ? '' : `<polyline class="${name}" points="${at}"/>`;
}

function band(points: Points, x: Scale, y: Scale, name: string): string {
  const edge = (sign: 1 | -1): string[] =>
    points.map((point) => `${n(x(point.step))},${n(y(point.mean + sign * point.deviation))}`);
  return points.every(({ deviation }) => deviation === 0)
    ? ''
    : `<polygon class="${name}" points="${[...edge(1), ...edge(-1).reverse()].join(' ')}"/>`;
}

/** Round ticks around all values; an axis is never of length 0. */
function axisOf(values: readonly number[]): { low: number; high: number; ticks: number[] } {
  const [least, most] = values.length === 0 ? [0, 1] : [Math.min(...values), Math.max(...values)];
  const span = Math.max(most - least, 0.02);
  const rough = span / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10) * power;
  const low = Math.floor(least / step + 1e-9) * step;
  const count = Math.max(1, Math.ceil((most - low) / step - 1e-9));
  return { low, high: low + count * step, ticks: Array.from({ length: count + 1 }, (_, i) => low + i * step) };
}

function colourOf(index: number): number {
  return index % palette.length;
}

function strokeOf(index: number): string {
  return `c${colourOf(index)}${index < palette.length ? '' : ' dash'}`;
}

function line(x1: number, y1: number, x2: number, y2: number, name: string): string {
  return `<line class="${name}" x1="${n(x1)}" y1="${n(y1)}" x2="${n(x2)}" y2="${n(y2)}"/>`;
}

function text(x: number, y: number, content: string, name: string): string {
  return `<text class="${name}" x="${n(x)}" y="${n(y)}">${escape(content)}</text>`;
}

function shortened(name: string): string {
  return name.length > 22 ? `${name.slice(0, 21)}…` : name;
}

function escape(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}

/** A coordinate with one digit behind the point. */
function n(value: number): string {
  return String(Number(value.toFixed(1)));
}
