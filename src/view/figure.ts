/** A series of points to be drawn over the steps: mean and, where there are several runs, their standard deviation. */
export interface Curve {
  /** Told beside the heading, where the colours are explained nowhere else. */
  name?: string;
  points: readonly { step: number; mean: number; deviation: number }[];
}

/** Colours on light and on dark ground, each at least 3:1 against it; those after the last are dashed. */
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

/** Round ticks around all values; an axis is never of length 0. */
export function axisOf(values: readonly number[]): { low: number; high: number; ticks: number[] } {
  const [least, most] = values.length === 0 ? [0, 1] : [Math.min(...values), Math.max(...values)];
  const span = Math.max(most - least, 0.02);
  const rough = span / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10) * power;
  const low = Math.floor(least / step + 1e-9) * step;
  const count = Math.max(1, Math.ceil((most - low) / step - 1e-9));
  return { low, high: low + count * step, ticks: Array.from({ length: count + 1 }, (_, i) => low + i * step) };
}

/** Number of the class of a colour. */
export function colourOf(index: number): number {
  return index % palette.length;
}

/** Classes of the line of that number. */
export function strokeOf(index: number): string {
  return `c${colourOf(index)}${index < palette.length ? '' : ' dash'}`;
}

/** A straight line with classes. */
export function line(x1: number, y1: number, x2: number, y2: number, name: string): string {
  return `<line class="${name}" x1="${coordinate(x1)}" y1="${coordinate(y1)}" x2="${coordinate(x2)}" y2="${coordinate(y2)}"/>`;
}

/** A text with classes. */
export function text(x: number, y: number, content: string, name: string): string {
  return `<text class="${name}" x="${coordinate(x)}" y="${coordinate(y)}">${escapeMarkup(content)}</text>`;
}

/** Text as content or attribute of markup. */
export function escapeMarkup(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

/** A coordinate with one digit behind the point. */
export function coordinate(value: number): string {
  return String(Number(value.toFixed(1)));
}

/** Size of a figure and the space at its edges. */
export const figureWidth = 760;
export const figureMargin = 16;
const curveHeight = 200;

/** A part of a figure, drawn from its own origin on; `height` in units of the figure. */
export interface Panel {
  svg: string;
  height: number;
}

/** Curves over the steps below a heading, each with its deviation as a band. */
export function curvePanel(heading: string, lines: readonly Curve[]): Panel {
  const all = lines.flatMap(({ points }) => points);
  const title = text(figureMargin, 10, heading, 'title');
  if (all.length === 0) {
    return { height: 40, svg: title + text(figureMargin, 30, 'No step has been recorded yet.', 'small') };
  }
  const edgesOf = bandEdges(all);
  const axis = axisOf(all.flatMap(edgesOf));
  const [left, right, high, low] = [figureMargin + 40, figureWidth - figureMargin, 22, curveHeight - 20];
  const steps = Math.max(2, ...all.map(({ step }) => step));
  const x = (step: number): number => left + ((step - 1) / (steps - 1)) * (right - left);
  const y = (value: number): number => low - ((value - axis.low) / (axis.high - axis.low)) * (low - high);
  const drawn = [
    title,
    ...legend(lines),
    ...axis.ticks.flatMap((tick) => [
      line(left, y(tick), right, y(tick), 'grid'),
      text(left - 6, y(tick) + 4, String(Number(tick.toFixed(3))), 'small end'),
    ]),
    text(left, low + 16, '1', 'small mid'),
    text(right, low + 16, `step ${steps}`, 'small end'),
    ...lines.map(({ points }, i) => band(points, edgesOf, [x, y], `band f${colourOf(i)}`)),
    ...lines.map(({ points }, i) => polyline(points, x, y, `line ${strokeOf(i)}`)),
  ];
  return { height: curveHeight, svg: drawn.join('\n') };
}

/** Panels one below the other as an SVG document, which follows the reader's choice of light or dark. */
export function figure(label: string, panels: readonly Panel[]): string {
  let height = figureMargin;
  const placed = panels.map((panel) => {
    const drawn = `<g transform="translate(0 ${height})">\n${panel.svg}\n</g>`;
    height += panel.height + figureMargin;
    return drawn;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${figureWidth} ${height}" width="${figureWidth}" height="${height}" role="img" aria-label="${escapeMarkup(label)}">`,
    `<style>${figureStyle()}</style>`,
    `<rect class="ground" width="${figureWidth}" height="${height}"/>`,
    ...placed,
    '</svg>\n',
  ].join('\n');
}

function figureStyle(): string {
  const rules = (dark: boolean): string =>
    palette.map((pair, i) => `.c${i}{stroke:${pair[Number(dark)]}}.f${i}{fill:${pair[Number(dark)]}}`).join('');
  return [
    'text{font:12px system-ui,sans-serif;fill:#1f2328}.small{font-size:11px}.title{font-weight:600}.end{text-anchor:end}.mid{text-anchor:middle}',
    '.ground{fill:#fff}.grid{stroke:#d0d7de}.base{stroke:#57606a;stroke-dasharray:4 3}.line{fill:none;stroke-width:2}.dash{stroke-dasharray:5 3}.band{opacity:.16;stroke:none}.seed{opacity:.55}',
    rules(false),
    `@media(prefers-color-scheme:dark){text{fill:#e6edf3}.ground{fill:#0d1117}.grid{stroke:#30363d}.base{stroke:#9da7b1}${rules(true)}}`,
  ].join('');
}

const legendGap = 26;
/** About the mean width of a letter of small text. */
const letterWidth = 6.2;

/** The names of curves at the right end of the heading, each behind a piece of its line. */
function legend(lines: readonly Curve[]): string[] {
  let right = figureWidth - figureMargin;
  return lines
    .map(({ name }, i) => ({ name, i }))
    .reverse()
    .flatMap(({ name, i }) => {
      if (name === undefined) {
        return [];
      }
      const end = right;
      right -= name.length * letterWidth + legendGap + 12;
      const start = end - name.length * letterWidth;
      return [line(start - legendGap, 6, start - 6, 6, `line ${strokeOf(i)}`), text(end, 10, name, 'small end')];
    });
}

type Points = Curve['points'];
type Scale = (value: number) => number;

function polyline(points: Points, x: Scale, y: Scale, name: string): string {
  const at = points.map((point) => `${coordinate(x(point.step))},${coordinate(y(point.mean))}`).join(' ');
  return points.length === 0 ? '' : `<polyline class="${name}" points="${at}"/>`;
}

type Edges = (point: Points[number]) => [low: number, high: number];

/** One deviation to both sides, but not below 0 where no mean is. */
function bandEdges(points: Points): Edges {
  const floor = points.every(({ mean }) => mean >= 0) ? 0 : -Infinity;
  return ({ mean, deviation }) => [Math.max(floor, mean - deviation), mean + deviation];
}

function band(points: Points, edgesOf: Edges, [x, y]: [Scale, Scale], name: string): string {
  const edge = (side: 0 | 1): string[] =>
    points.map((point) => `${coordinate(x(point.step))},${coordinate(y(edgesOf(point)[side]))}`);
  return points.every(({ deviation }) => deviation === 0)
    ? ''
    : `<polygon class="${name}" points="${[...edge(1), ...edge(0).reverse()].join(' ')}"/>`;
}
