import { formatDuration, formatPercent, formatPoints } from '../view/format.ts';
import { lastSteps, type BeforeAfter, type SweepResults, type SweepRow, type VariantSummary } from './results.ts';
import type { Spread } from './spread.ts';

/** Rows of cells, the first is the head. */
export type Rows = string[][];

/** One row for each variant: means and deviations over its finished seeds, for each benchmark. */
export function variantRows({ variants, command }: SweepResults): Rows {
  const benchmarks = benchmarksOf(variants.flatMap((variant) => variant.benchmarks));
  const head = [
    ...['variant', 'settings', 'seeds'],
    ...benchmarks.flatMap((name) => [`${name}: before`, 'after', 'change, 95 % interval']),
    ...['true labels', 'reward', 'entropy', 'time of a run', 'command'],
  ];
  return filledColumns([
    head,
    ...variants.map((variant) => [
      variant.variant,
      settingsText(variant),
      seedsText(variant),
      ...benchmarks.flatMap((name) => {
        const found = variant.benchmarks.find(({ benchmark }) => benchmark === name);
        return [percentText(found?.before), percentText(found?.after), changeText(found?.change)];
      }),
      percentText(variant.labelAccuracy),
      figureText(variant.reward),
      figureText(variant.entropy),
      variant.seconds ? formatDuration(variant.seconds.mean) : '–',
      `${command} --only ${variant.variant}`,
    ]),
  ]);
}

/** One row for each run, the failed and the unfinished ones too. */
export function runRows({ rows }: SweepResults): Rows {
  const benchmarks = benchmarksOf(rows.flatMap((row) => row.benchmarks));
  const head = ['variant', 'seed', 'state', 'steps', ...benchmarks, 'true labels', 'reward', 'entropy', 'time'];
  return filledColumns([
    head,
    ...rows.map((row) => [
      row.variant,
      String(row.seed),
      row.problem === undefined ? row.state : `${row.state}: ${row.problem}`,
      `${row.step}/${row.steps}`,
      ...benchmarks.map((name) => courseText(row.benchmarks.find(({ benchmark }) => benchmark === name))),
      ...figures(row),
      row.seconds > 0 ? formatDuration(row.seconds) : '–',
    ]),
  ]);
}

/** What the figures mean, in sentences below the tables. */
export function notes({ variants }: SweepResults): string {
  const seeds = Math.max(0, ...variants.map((variant) => variant.seeds.length));
  return [
    '± is the standard deviation over seeds. A change is that of each run against its own evaluation before training;',
    seeds < 2
      ? 'its interval needs two finished seeds.'
      : 'its interval is that of the mean over seeds (Student’s t), for these questions: with few seeds it is wide, and other questions would add to it.',
    `True labels, reward and entropy are means of the last ${lastSteps} steps. Times count steps and evaluations, not loading.`,
  ].join(' ');
}

/** Without the columns that no row has anything in, such as labels in domains of tests. */
function filledColumns(rows: Rows): Rows {
  const [head = [], ...body] = rows;
  const kept = head.map((_, column) => body.some((row) => row[column] !== '–' && row[column] !== ''));
  return rows.map((row) => row.filter((_, column) => kept[column]));
}

function benchmarksOf(all: readonly { benchmark: string }[]): string[] {
  return [...new Set(all.map(({ benchmark }) => benchmark))];
}

function settingsText({ settings }: VariantSummary): string {
  return Object.entries(settings)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');
}

function seedsText({ seeds, failed, open }: VariantSummary): string {
  const parts = [
    ...(seeds.length > 0 ? [seeds.join(', ')] : []),
    ...(failed.length > 0 ? [`failed: ${failed.join(', ')}`] : []),
    ...(open.length > 0 ? [`not finished: ${open.join(', ')}`] : []),
  ];
  return parts.join('; ');
}

function figures({ labelAccuracy, reward, entropy }: SweepRow): string[] {
  return [
    labelAccuracy === null ? '–' : formatPercent(labelAccuracy),
    ...[reward, entropy].map((value) => value?.toFixed(2) ?? '–'),
  ];
}

function courseText(score: BeforeAfter | undefined): string {
  const text = (part: BeforeAfter['before']): string => (part ? percent(part.accuracy) : '–');
  return score?.before || score?.after ? `${text(score.before)} → ${text(score.after)}` : '–';
}

/** Shares of hundreds of questions and their deviations need a digit behind the point. */
function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

function percentText(spread: Spread | undefined): string {
  if (!spread) {
    return '–';
  }
  return spread.deviation === undefined
    ? percent(spread.mean)
    : `${(100 * spread.mean).toFixed(1)} ± ${percent(spread.deviation)}`;
}

function figureText(spread: Spread | undefined): string {
  if (!spread) {
    return '–';
  }
  return spread.deviation === undefined
    ? spread.mean.toFixed(2)
    : `${spread.mean.toFixed(2)} ± ${spread.deviation.toFixed(2)}`;
}

function changeText(change: Spread | undefined): string {
  if (!change) {
    return '–';
  }
  const [low, high] = change.interval ?? [];
  const range = low === undefined || high === undefined ? '' : ` (${formatPoints(low, 1)} to ${formatPoints(high, 1)})`;
  return `${formatPoints(change.mean, 1)}${range}`;
}
