import { nothing, svg, type SVGTemplateResult } from 'lit';
import type { Point } from '../../src/view/messages.ts';
import { formatNumber } from '../../src/view/format.ts';
import { t } from '../texts.ts';
import type { Figure } from './figure.ts';
import { linearScale, type Scale } from './scale.ts';
import { fitText, textWidth } from './text.ts';

/** One curve. Told apart by dash and mark as well as by colour. */
export interface Curve {
  name: string;
  colour: string;
  points: readonly Point[];
}

/** What a figure of curves is made of. */
export interface LinesOptions {
  name: string;
  heading: string;
  curves: readonly Curve[];
  height: number;
  unit?: string;
  /** Fixed borders of the values; from the data without it. */
  range?: readonly [number, number];
  /** Steps of the run, so that a live curve shows how far it is. */
  steps: number;
  /** Weight of the past in the moving mean, 0 (off) to below 1. */
  smoothing: number;
  /** What the curves say, for those who do not know the term. */
  hint?: string;
  /** Steps marked at the bottom, with what they mean. */
  marks?: { steps: readonly number[]; meaning: string };
}

/** Height of a name at the end of a curve, and of what lies below the plot, pixels. */
const labelHeight = 13;
const axisHeight = 28;

const dashes = ['', '6 3', '2 3', '8 3 2 3', '1 3', '10 4'];

/** Curves over the steps of a run, with their values as a table. */
export function linesFigure(options: LinesOptions): Figure {
  const curves = options.curves.filter(({ points }) => points.length > 0);
  const smooth = curves.map(({ points }) => movingMean(points, options.smoothing));
  const steps = [...new Set(curves.flatMap(({ points }) => points.map(([step]) => step)))].sort((a, b) => a - b);
  const values = curves.map(({ points }) => new Map(points));
  const unit = options.unit ? ` ${options.unit}` : '';
  const layout = (width: number): Layout => layoutOf(options, curves, steps, width);
  return {
    name: options.name,
    heading: options.heading,
    ...(options.hint === undefined ? {} : { hint: options.hint }),
    height: options.height,
    summary: summaryOf(curves, unit, options.marks),
    columns: [t('step'), ...curves.map(({ name }) => name)],
    rows: steps.map((step) => [step, ...values.map((value) => value.get(step) ?? null)]),
    places: steps.length,
    placeAt(width, pixel) {
      const { x } = layout(width);
      return steps.reduce(
        (best, step, i) => (Math.abs(x(step) - pixel) < Math.abs(x(steps[best]!) - pixel) ? i : best),
        0,
      );
    },
    describe(place) {
      const step = steps[place]!;
      const parts = curves.map(({ name, points }) => {
        // Long curves are thinned out, each on its own: the nearest point, and its step where it is another.
        const [at, value] = nearestPoint(points, step);
        return `${name} ${formatNumber(value)}${unit}${at === step ? '' : ` (${at})`}`;
      });
      return `${t('step {0}', step)}: ${parts.join(', ')}`;
    },
    draw(width, cursor) {
      const { x, y, labels, right } = layout(width);
      const pointed = cursor === undefined ? undefined : steps[cursor];
      return svg`
        ${axes({ x, y, right }, options)}
        ${options.marks?.steps.map((step) => svg`<path class="mark" d="M${x(step) - 3} ${options.height - 20}l3 -5 3 5z"/>`) ?? nothing}
        ${curves.map((curve, i) => curveOf(curve, smooth[i]!, i, { x, y }, options.smoothing > 0))}
        ${labels ? endLabels(curves, smooth, { x, y }, { width, height: options.height }) : nothing}
        ${pointed === undefined ? nothing : cursorOf(pointed, curves, values, { x, y }, options.height)}
      `;
    },
  };
}

interface Layout {
  x: Scale;
  y: Scale;
  /** Where the plot ends, pixels. */
  right: number;
  /** Whether there is room for names at the ends of the curves. */
  labels: boolean;
}

function layoutOf(options: LinesOptions, curves: readonly Curve[], steps: readonly number[], width: number): Layout {
  const { height } = options;
  const all = curves.flatMap(({ points }) => points.map(([, value]) => value));
  const [low, high] = options.range ?? [smallest(all), largest(all)];
  const small = height < 120;
  const longest = Math.max(0, ...curves.map(({ name }) => textWidth(name)));
  const end = Math.max(options.steps, steps.at(-1) ?? 1);
  // A curve that has far to go leaves room for its name inside the picture.
  const inside = (steps.at(-1) ?? 0) < 0.65 * end;
  // Of very many curves, those of a sweep, colours and the table of the compared runs say which is which.
  const haveRoom = curves.length * labelHeight <= height - axisHeight + labelHeight;
  const labels = !small && haveRoom && (inside || width >= 380);
  const right = !labels || inside ? 8 : Math.min(0.4 * width, 52 + longest);
  return {
    labels,
    right: width - right,
    x: linearScale(
      [Math.min(steps[0] ?? 0, 1), end],
      [small ? 4 : 40, width - right],
      Math.max(2, Math.floor(width / 90)),
    ),
    y: linearScale([low, high], [height - (small ? 8 : 24), small ? 8 : 10], small ? 1 : 4),
  };
}

function axes({ x, y, right }: Omit<Layout, 'labels'>, { height }: LinesOptions): SVGTemplateResult {
  if (height < 120) {
    return svg``;
  }
  const left = 40;
  return svg`
    ${y.ticks.map(
      (tick) => svg`<line class="grid" x1=${left} x2=${right} y1=${y(tick)} y2=${y(tick)}/>
      <text x=${left - 6} y=${y(tick) + 3} text-anchor="end">${formatNumber(tick)}</text>`,
    )}
    ${x.ticks.filter((tick) => Number.isInteger(tick)).map((tick) => svg`<text x=${x(tick)} y=${height - 6} text-anchor=${tick === x.ticks.at(-1) && x.ticks.length > 1 ? 'end' : 'middle'}>${tick}</text>`)}
  `;
}

function curveOf(
  curve: Curve,
  smooth: readonly Point[],
  index: number,
  { x, y }: Pick<Layout, 'x' | 'y'>,
  showRaw: boolean,
): SVGTemplateResult {
  const path = (points: readonly Point[]): string =>
    points.map(([step, value]) => `${x(step).toFixed(1)},${y(value).toFixed(1)}`).join(' ');
  const last = smooth.at(-1)!;
  return svg`
    ${showRaw ? svg`<polyline class="curve raw" points=${path(curve.points)} stroke=${curve.colour}/>` : nothing}
    <polyline class="curve" points=${path(smooth)} stroke=${curve.colour} stroke-dasharray=${dashes[index % dashes.length]!}/>
    ${markerOf(index, x(last[0]), y(last[1]), curve.colour)}
  `;
}

/** Circle, square, triangle, diamond. */
function markerOf(index: number, x: number, y: number, colour: string): SVGTemplateResult {
  const shapes = [
    `M${x - 3} ${y}a3 3 0 1 0 6 0a3 3 0 1 0 -6 0z`,
    `M${x - 3} ${y - 3}h6v6h-6z`,
    `M${x - 3.5} ${y + 3}l3.5 -6.5 3.5 6.5z`,
    `M${x} ${y - 4}l4 4 -4 4 -4 -4z`,
  ];
  return svg`<path d=${shapes[index % shapes.length]!} fill=${colour}/>`;
}

/** Name and latest value at the end of each curve, pushed apart where they would lie on each other, kept inside. */
function endLabels(
  curves: readonly Curve[],
  smooth: readonly (readonly Point[])[],
  { x, y }: Pick<Layout, 'x' | 'y'>,
  { width, height }: { width: number; height: number },
): SVGTemplateResult {
  const ends = smooth.map((points, i) => ({ name: curves[i]!.name, end: points.at(-1)!, at: y(points.at(-1)![1]) }));
  ends.sort((a, b) => a.at - b.at);
  ends.forEach((label, i) => {
    label.at = i === 0 ? label.at : Math.max(label.at, ends[i - 1]!.at + labelHeight);
  });
  const below = Math.max(0, (ends.at(-1)?.at ?? 0) - (height - axisHeight));
  return svg`${ends.map(({ name, end, at }) => {
    const left = x(end[0]) + 8;
    const value = formatNumber(end[1]);
    const text = `${fitText(name, width - left - textWidth(value) - 8)} ${value}`;
    return svg`<text class="label" x=${left} y=${at - below + 4}>${text}</text>`;
  })}`;
}

function cursorOf(
  step: number,
  curves: readonly Curve[],
  values: readonly ReadonlyMap<number, number>[],
  { x, y }: Pick<Layout, 'x' | 'y'>,
  height: number,
): SVGTemplateResult {
  const dots = curves.flatMap(({ colour }, i) => {
    const value = values[i]!.get(step);
    return value === undefined ? [] : [svg`<circle cx=${x(step)} cy=${y(value)} r="4" fill=${colour}/>`];
  });
  return svg`<line class="cursor" x1=${x(step)} x2=${x(step)} y1="4" y2=${height - (height < 120 ? 4 : 22)}/>${dots}`;
}

function summaryOf(curves: readonly Curve[], unit: string, marks: LinesOptions['marks']): string {
  if (curves.length === 0) {
    return t('No values yet.');
  }
  const marked = marks && marks.steps.length > 0 ? [`▲ ${marks.meaning}`] : [];
  return [...curves.map((curve) => courseOf(curve, unit)), ...marked].join(' · ');
}

/** First and last value. */
function courseOf({ name, points }: Curve, unit: string): string {
  const [first, last] = [points[0]!, points.at(-1)!];
  return points.length === 1
    ? `${name} ${formatNumber(last[1])}${unit}`
    : t('{0} {1} → {2}', name, formatNumber(first[1]), `${formatNumber(last[1])}${unit}`);
}

function nearestPoint(points: readonly Point[], step: number): Point {
  return points.reduce((best, point) => (Math.abs(point[0] - step) < Math.abs(best[0] - step) ? point : best));
}

/** Exponential moving mean, corrected for its start, as TensorBoard smooths. */
export function movingMean(points: readonly Point[], weight: number): Point[] {
  if (weight <= 0) {
    return [...points];
  }
  let [total, share] = [0, 0];
  return points.map(([step, value]) => {
    total = weight * total + (1 - weight) * value;
    share = weight * share + (1 - weight);
    return [step, total / share];
  });
}

function smallest(values: readonly number[]): number {
  return values.reduce((a, b) => Math.min(a, b), values[0] ?? 0);
}

function largest(values: readonly number[]): number {
  return values.reduce((a, b) => Math.max(a, b), values[0] ?? 1);
}
