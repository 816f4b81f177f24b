import { nothing, svg } from 'lit';
import { formatDuration, formatNumber, formatPercent } from '../../src/view/format.ts';
import { t } from '../texts.ts';
import type { Figure } from './figure.ts';
import { linearScale } from './scale.ts';
import { fitText, textWidth } from './text.ts';

/** One bar: `value` is its length in units of the figure. */
export interface Bar {
  label: string;
  value: number;
  colour: string;
}

/** Named amounts below each other. */
export function barsFigure(options: {
  name: string;
  heading: string;
  bars: readonly Bar[];
  summary: string;
  what: string;
}): Figure {
  const { bars } = options;
  const row = 20;
  const largest = Math.max(1, ...bars.map(({ value }) => value));
  const longest = Math.max(0, ...bars.map(({ label }) => textWidth(label)));
  return {
    name: options.name,
    heading: options.heading,
    height: Math.max(1, bars.length) * row + 4,
    summary: options.summary,
    columns: [t('result'), options.what],
    rows: bars.map(({ label, value }) => [label, value]),
    places: bars.length,
    placeAt: (_width, _x, y) => within(y / row, bars.length),
    describe: (place) => `${bars[place]!.label}: ${bars[place]!.value}`,
    draw(width) {
      const labelWidth = Math.min(0.6 * width, 12 + longest);
      const length = linearScale([0, largest], [0, Math.max(10, width - labelWidth - 44)], 1);
      return bars.map(
        ({ label, value, colour }, i) => svg`
          <text x=${labelWidth - 8} y=${i * row + 14} text-anchor="end">${fitText(label, labelWidth - 10)}<title>${label}</title></text>
          <rect x=${labelWidth} y=${i * row + 4} width=${Math.max(1, length(value))} height="12" fill=${colour}/>
          <text class="label" x=${labelWidth + length(value) + 6} y=${i * row + 14}>${value}</text>`,
      );
    },
  };
}

/** How many answers of a question were right; the questions between none and all are those to learn from. */
export function difficultyFigure(difficulty: { step: number; counts: number[] } | undefined): Figure {
  const counts = difficulty?.counts ?? [];
  const [height, base] = [120, 98];
  const answers = counts.length - 1;
  const label = (right: number): string => t('{0} of {1}', right, answers);
  const learnable = counts.slice(1, -1).reduce((a, b) => a + b, 0);
  const all = counts.reduce((a, b) => a + b, 0);
  const places = (width: number): { x: number; w: number }[] => {
    const slot = width / Math.max(1, counts.length);
    return counts.map((_, i) => ({ x: i * slot + slot * 0.12, w: slot * 0.76 }));
  };
  return {
    name: 'difficulty',
    heading: difficulty
      ? t('Questions of step {0} by right answers', difficulty.step)
      : t('Questions by right answers'),
    height,
    summary: difficulty
      ? t('{0} of {1} questions have answers to learn from: some right, some wrong', learnable, all)
      : t('No values yet.'),
    columns: [t('right answers'), t('questions')],
    rows: counts.map((count, right) => [label(right), count]),
    places: counts.length,
    placeAt: (width, x) => within((x / width) * counts.length, counts.length),
    describe: (place) => `${label(place)}: ${counts[place]}`,
    draw(width, cursor) {
      const y = linearScale([0, Math.max(1, ...counts)], [base, 18], 2);
      const slots = places(width);
      const [from, to] = [slots[1], slots.at(-2)];
      return svg`
        ${from && to && counts.length > 2 ? svg`<rect class="band" x=${from.x - 4} y="0" width=${to.x + to.w - from.x + 8} height=${base}/>` : nothing}
        ${slots.map(({ x, w }, i) => {
          const count = counts[i]!;
          const colour = i > 0 && i < answers ? 'var(--blue)' : 'var(--grey)';
          return svg`
            <rect x=${x} y=${y(count)} width=${w} height=${base - y(count)} fill=${colour} class=${cursor === i ? 'pointed' : ''}/>
            <text class="label" x=${x + w / 2} y=${y(count) - 5} text-anchor="middle">${count}</text>
            ${i % every(w) === 0 ? svg`<text x=${x + w / 2} y=${base + 15} text-anchor="middle">${w < textWidth(label(answers)) ? i : label(i)}</text>` : nothing}`;
        })}
        <line class="grid" x1="0" x2=${width} y1=${base} y2=${base}/>`;
    },
  };
}

/** So many slots of this width share one number below them. */
function every(slot: number): number {
  return Math.max(1, Math.ceil(18 / slot));
}

const stageColours = ['var(--purple)', 'var(--orange)', 'var(--blue)', 'var(--yellow)', 'var(--green)', 'var(--grey)'];

/** Seconds of each stage, stacked, one bar a step (or a mean of neighbours where there are many). */
export function stagesFigure(
  times: { stages: string[]; rows: { step: number; seconds: number[] }[] },
  words: (stage: string) => string,
): Figure {
  const { stages, rows } = times;
  const [height, base] = [170, 126];
  const totals = rows.map(({ seconds }) => seconds.reduce((a, b) => a + b, 0));
  const last = rows.at(-1);
  const slotOf = (width: number): number => (width - 40) / Math.max(1, rows.length);
  return {
    name: 'step-time',
    heading: t('Time of a step'),
    height,
    summary: last
      ? t('{0}, most of it {1}', formatDuration(totals.at(-1)!, t), words(stages[indexOfLargest(last.seconds)] ?? ''))
      : t('No values yet.'),
    columns: [t('step'), ...stages.map(words)],
    rows: rows.map(({ step, seconds }) => [step, ...seconds]),
    places: rows.length,
    placeAt: (width, x) => within((x - 40) / slotOf(width), rows.length),
    describe(place) {
      const { step, seconds } = rows[place]!;
      return `${t('step {0}', step)}: ${stages.map((stage, i) => `${words(stage)} ${formatDuration(seconds[i]!, t)}`).join(', ')}`;
    },
    draw(width, cursor) {
      if (rows.length === 0) {
        return [];
      }
      const y = linearScale([0, Math.max(1e-3, ...totals)], [base, 8], 3);
      const slot = slotOf(width);
      const legend = Math.max(80, (width - 8) / Math.max(1, Math.min(3, stages.length)));
      return svg`
        ${y.ticks.map((tick) => svg`<line class="grid" x1="40" x2=${width} y1=${y(tick)} y2=${y(tick)}/><text x="34" y=${y(tick) + 3} text-anchor="end">${formatNumber(tick)} s</text>`)}
        ${rows.map(({ seconds }, i) => {
          let top = base;
          return seconds.map((value, k) => {
            const size = base - y(value);
            top -= size;
            return svg`<rect x=${40 + i * slot + slot * 0.1} y=${top} width=${Math.max(1, Math.min(28, slot * 0.8))} height=${size} fill=${stageColours[k % stageColours.length]!} class=${cursor === i ? 'pointed' : ''}/>`;
          });
        })}
        ${stages.map((stage, k) => {
          const [x, row] = [4 + (k % 3) * legend, base + 14 + Math.floor(k / 3) * 17];
          return svg`<rect x=${x} y=${row} width="9" height="9" fill=${stageColours[k % stageColours.length]!}/><text x=${x + 14} y=${row + 8}>${words(stage)}</text>`;
        })}`;
    },
  };
}

/** A value with its interval, on one line of the figure. */
export interface Interval {
  label: string;
  value: number;
  low: number;
  high: number;
  colour: string;
}

/** Shares with their confidence intervals on a line from 0 to 100 %. */
export function intervalsFigure(options: {
  headline: { figure: string; note: string };
  name: string;
  heading: string;
  summary: string;
  intervals: readonly Interval[];
}): Figure {
  const { intervals } = options;
  const row = 24;
  const height = intervals.length * row + 20;
  const labelWidth = Math.min(150, 14 + Math.max(0, ...intervals.map(({ label }) => textWidth(label))));
  return {
    name: options.name,
    heading: options.heading,
    height,
    headline: options.headline,
    summary: options.summary,
    columns: [t('result'), t('solved'), t('lower bound'), t('upper bound')],
    rows: intervals.map(({ label, value, low, high }) => [label, value, low, high]),
    places: intervals.length,
    placeAt: (_width, _x, y) => within(y / row, intervals.length),
    describe(place) {
      const { label, value, low, high } = intervals[place]!;
      return `${label}: ${t('{0}, 95 % interval {1} to {2}', formatPercent(value), formatPercent(low), formatPercent(high))}`;
    },
    draw(width) {
      const x = linearScale([0, 1], [labelWidth, width - 46], 2);
      return svg`
        <line class="grid" x1=${x(0)} x2=${x(1)} y1=${height - 16} y2=${height - 16}/>
        ${[0, 0.5, 1].map((tick) => svg`<text x=${x(tick)} y=${height - 3} text-anchor="middle">${formatPercent(tick)}</text>`)}
        ${intervals.map(({ label, value, low, high, colour }, i) => {
          const y = i * row + 13;
          return svg`
            <text x=${labelWidth - 10} y=${y + 4} text-anchor="end">${fitText(label, labelWidth - 12)}</text>
            <line x1=${x(low)} x2=${x(high)} y1=${y} y2=${y} stroke=${colour} stroke-width="2"/>
            <circle cx=${x(value)} cy=${y} r="5" fill=${colour}/>
            <text class="label" x=${x(high) + 8} y=${y + 4}>${formatPercent(value)}</text>`;
        })}`;
    },
  };
}

function indexOfLargest(values: readonly number[]): number {
  return values.reduce((best, value, i) => (value > (values[best] ?? -1) ? i : best), 0);
}

/** The index of a place from its position, kept inside. */
function within(position: number, places: number): number {
  return Math.min(places - 1, Math.max(0, Math.floor(position)));
}
