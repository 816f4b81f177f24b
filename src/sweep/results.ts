import { optional } from '../base/optional.ts';
import type { SettingValue } from '../base/setting.ts';
import { sum } from '../base/statistics.ts';
import type { Evaluation, StepMetrics } from '../protocol/records.ts';
import { readEvaluations, readMetrics } from '../run/folder.ts';
import { byBenchmark } from '../view/evaluations.ts';
import { series } from '../view/series.ts';
import { differingSettings } from './grid.ts';
import type { RunProgress } from './progress.ts';
import { type Spread, spreadOf } from './spread.ts';

/** Figures of the last steps are their mean: a step has few questions. */
export const lastSteps = 3;

/** What a held-out evaluation comes to. */
export type Score = Pick<Evaluation, 'accuracy' | 'interval' | 'total'>;

/** One benchmark before and after the training of a run. */
export interface BeforeAfter {
  benchmark: string;
  before?: Score;
  after?: Score;
}

/** Means over the last steps of a run; null where nothing was measured. */
export interface LastFigures {
  labelAccuracy: number | null;
  reward: number | null;
  entropy: number | null;
}

/** What came of one run of a sweep. */
export interface SweepRow extends LastFigures {
  name: string;
  variant: string;
  seed: number;
  state: RunProgress['state'];
  step: number;
  steps: number;
  benchmarks: BeforeAfter[];
  /** Of all steps and evaluations; loading the model and pauses are not counted. */
  seconds: number;
  /** Why it failed. */
  problem?: string;
}

/** What came of one variant, over the seeds that have finished. */
export interface VariantSummary {
  variant: string;
  settings: Readonly<Record<string, SettingValue>>;
  seeds: number[];
  /** Seeds whose run has failed, and those that have not finished. */
  failed: number[];
  open: number[];
  benchmarks: { benchmark: string; before?: Spread; after?: Spread; change?: Spread }[];
  labelAccuracy?: Spread;
  reward?: Spread;
  entropy?: Spread;
  seconds?: Spread;
}

/** A curve of a variant: mean and deviation over the seeds that have the step. */
export interface VariantCurve {
  variant: string;
  points: { step: number; mean: number; deviation: number }[];
}

/** What a sweep is called and how it was made. */
export interface SweepTitle {
  name: string;
  /** How the sweep is run again. */
  command: string;
  /** What all its runs have in common, as options of `selfq run`. */
  base: string;
}

/** All that a sweep's table and figure show. */
export interface SweepResults extends SweepTitle {
  rows: SweepRow[];
  variants: VariantSummary[];
  /** How good answers were on the questions of training, and the entropy of the solver. */
  curves: { name: 'answers' | 'entropy'; heading: string; lines: VariantCurve[] }[];
}

/** What a run left behind, and what else was found out about it. */
export interface RunFacts {
  progress: RunProgress;
  metrics: readonly StepMetrics[];
  /** Of the run itself and those that the sweep asked for besides. */
  evaluations: readonly Evaluation[];
  problem?: string | undefined;
}

/** Reads the records of a run; `extra`: evaluations from elsewhere. */
export function factsOf(
  progress: RunProgress,
  { extra = [], problem }: { extra?: readonly Evaluation[]; problem?: string | undefined } = {},
): RunFacts {
  const { dir, record } = progress;
  const metrics = record ? readMetrics(dir) : [];
  const evaluations = [...(record ? readEvaluations(dir) : []), ...extra];
  return { progress, metrics, evaluations, problem: record?.error?.message ?? problem };
}

/** Puts the runs of a sweep together. */
export function resultsOf(title: SweepTitle, facts: readonly RunFacts[]): SweepResults {
  const rows = facts.map(rowOf);
  const settings = differingSettings(facts.map(({ progress }) => progress.run));
  const byVariant = Map.groupBy(rows, ({ variant }) => variant);
  const variants = [...byVariant].map(([variant, own]) => summaryOf(variant, settings.get(variant) ?? {}, own));
  return { ...title, rows, variants, curves: curvesOf(facts) };
}

function rowOf({ progress: { run, state, record }, metrics, evaluations, problem }: RunFacts): SweepRow {
  const last = metrics.slice(-lastSteps);
  const figure = (value: (line: StepMetrics) => number | null | undefined): number | null =>
    spreadOf(last.map(value))?.mean ?? null;
  return {
    name: run.name,
    variant: run.variant,
    seed: run.seed,
    // A run that never began has no record that could say so.
    state: state === 'pending' && problem !== undefined ? 'failed' : state,
    step: record?.step ?? 0,
    steps: run.config.steps,
    benchmarks: [...byBenchmark(evaluations)].map(([benchmark, all]) =>
      beforeAfter(benchmark, all, state === 'finished'),
    ),
    labelAccuracy: figure((line) => line.label_accuracy),
    reward: figure(({ solver }) => solver.reward),
    entropy: figure(({ solver }) => solver.entropy),
    seconds:
      sum(metrics.flatMap(({ seconds }) => Object.values(seconds))) + sum(evaluations.map(({ seconds }) => seconds)),
    ...(problem === undefined ? {} : { problem }),
  };
}

/** The evaluation before training and, of a finished run, its last one: those in between are neither. */
function beforeAfter(benchmark: string, all: readonly Evaluation[], isFinished: boolean): BeforeAfter {
  const before = all.find(({ step }) => step === 0);
  const after = isFinished ? all.findLast(({ step }) => step > 0) : undefined;
  return { benchmark, ...optional('before', before && scoreOf(before)), ...optional('after', after && scoreOf(after)) };
}

function scoreOf({ accuracy, interval, total }: Evaluation): Score {
  return { accuracy, interval, total };
}

function summaryOf(variant: string, settings: VariantSummary['settings'], rows: readonly SweepRow[]): VariantSummary {
  const finished = rows.filter(({ state }) => state === 'finished');
  const seedsOf = (some: readonly SweepRow[]): number[] => some.map(({ seed }) => seed);
  const names = [...new Set(rows.flatMap(({ benchmarks }) => benchmarks.map(({ benchmark }) => benchmark)))];
  return {
    variant,
    settings,
    seeds: seedsOf(finished),
    failed: seedsOf(rows.filter(({ state }) => state === 'failed')),
    open: seedsOf(rows.filter(({ state }) => state !== 'failed' && state !== 'finished')),
    benchmarks: names.map((benchmark) => {
      const scores = finished.map((row) => row.benchmarks.find((one) => one.benchmark === benchmark));
      return {
        benchmark,
        ...optional('before', spreadOf(scores.map((score) => score?.before?.accuracy))),
        ...optional('after', spreadOf(scores.map((score) => score?.after?.accuracy))),
        ...optional('change', spreadOf(scores.map(changeOf))),
      };
    }),
    ...optional('labelAccuracy', spreadOf(finished.map((row) => row.labelAccuracy))),
    ...optional('reward', spreadOf(finished.map((row) => row.reward))),
    ...optional('entropy', spreadOf(finished.map((row) => row.entropy))),
    ...optional('seconds', spreadOf(finished.map((row) => row.seconds))),
  };
}

/** Of one seed, so that the change of a variant is paired: each run is compared with its own beginning. */
function changeOf(score: BeforeAfter | undefined): number | undefined {
  return score?.before && score.after ? score.after.accuracy - score.before.accuracy : undefined;
}

const answerSeries = [
  ['answer_accuracy', 'Share of true answers to the questions of training'],
  ['test_pass_rate', 'Share of passed tests on the questions of training'],
  ['solver.reward', 'Reward of the solver'],
] as const;

function curvesOf(facts: readonly RunFacts[]): SweepResults['curves'] {
  const all = facts.flatMap(({ metrics }) => metrics);
  const [answers, heading] =
    answerSeries.find(([name]) => all.some((line) => typeof series[name](line) === 'number')) ?? answerSeries[2];
  return [
    { name: 'answers', heading, lines: linesOf(facts, series[answers]) },
    { name: 'entropy', heading: 'Entropy of the solver, nats', lines: linesOf(facts, series['solver.entropy']) },
  ];
}

function linesOf(facts: readonly RunFacts[], value: (line: StepMetrics) => number | null | undefined): VariantCurve[] {
  const byVariant = Map.groupBy(facts, ({ progress }) => progress.run.variant);
  return [...byVariant].map(([variant, runs]) => {
    const bySteps = Map.groupBy(
      runs.flatMap(({ metrics }) => metrics),
      ({ step }) => step,
    );
    const points = [...bySteps]
      .sort(([a], [b]) => a - b)
      .flatMap(([step, lines]) => {
        const spread = spreadOf(lines.map(value));
        return spread ? [{ step, mean: spread.mean, deviation: spread.deviation ?? 0 }] : [];
      });
    return { variant, points };
  });
}
