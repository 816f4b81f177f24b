import { svg } from 'lit';
import { formatPoints } from '../../src/view/format.ts';
import { t } from '../texts.ts';
import type { Figure } from './figure.ts';
import { linearScale } from './scale.ts';

/** The difference of two accuracies with its 95 % interval, on a line around 0; `value`, `low`, `high` in [-1, 1]. */
export function differenceFigure(options: {
  summary: string;
  value: number;
  low: number;
  high: number;
  colour: string;
}): Figure {
  const { value, low, high, colour, summary } = options;
  const points = (share: number): string => formatPoints(share, 1);
  const [height, middle, base] = [92, 44, 70];
  const reach = niceReach(Math.max(Math.abs(low), Math.abs(high)));
  return {
    name: 'difference',
    heading: t('Difference, with its 95 % interval'),
    height,
    headline: { figure: points(value), note: t('points') },
    summary,
    columns: [t('difference'), t('lower bound'), t('upper bound')],
    rows: [[value, low, high]],
    places: 1,
    placeAt: () => 0,
    describe: () => t('{0}, 95 % interval {1} to {2}', points(value), points(low), points(high)),
    draw(width) {
      const x = linearScale([-reach, reach], [24, width - 24], 2);
      const ticks = [-reach, -reach / 2, 0, reach / 2, reach];
      return svg`
        ${ticks.map((tick) => svg`<line class="grid" x1=${x(tick)} x2=${x(tick)} y1="22" y2=${base}/><text x=${x(tick)} y=${base + 16} text-anchor="middle">${tick === 0 ? '0' : points(tick).replace(/\.0$/, '')}</text>`)}
        <line class="cursor" x1=${x(0)} x2=${x(0)} y1="22" y2=${base}/>
        <line x1=${x(low)} x2=${x(high)} y1=${middle} y2=${middle} stroke=${colour} stroke-width="3"/>
        ${[low, high].map((end) => svg`<line x1=${x(end)} x2=${x(end)} y1=${middle - 6} y2=${middle + 6} stroke=${colour} stroke-width="2"/>`)}
        <circle cx=${x(value)} cy=${middle} r="6" fill=${colour}/>
        <text class="label" x=${x(value)} y="14" text-anchor="middle">${points(value)}</text>`;
    },
  };
}

/** The next even number of points, so that ticks at half of it are short to read. */
function niceReach(share: number): number {
  const steps = [0.01, 0.02, 0.04, 0.06, 0.1, 0.2, 0.4, 0.6, 1];
  return steps.find((step) => share <= step) ?? 1;
}
