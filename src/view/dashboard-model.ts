import type { Verdict } from '../protocol/problem.ts';
import { optional } from '../base/optional.ts';
import { mean, sum } from '../base/statistics.ts';
import type { Mark } from '../protocol/question.ts';
import type {
  Answer,
  Evaluation,
  Proposal,
  QuestionRecord,
  RunRecord,
  StepLine,
  StepMetrics,
} from '../protocol/records.ts';
import { findSetting } from '../config/tables.ts';
import { stepStages } from '../protocol/stages.ts';
import { compareEvaluations } from './comparison.ts';
import { benchmarkTitle } from './evaluation.ts';
import { downsample, groupNeighbours } from './downsample.ts';
import type { EvaluationView, FeedEntry, Point, RunView, SeriesName, StageTimes, StripCell } from './messages.ts';
import { type ProgressFacts, shownProgress } from './progress.ts';
import { judgingOf, sourceOf, titleOf } from './problem-model.ts';
import { originsOf, series } from './series.ts';

/** More points than a chart has pixels show nothing more. */
const pointsOfCurve = 400;
const barsOfStageTimes = 60;
/** What a strip of answers has room for. */
const stripRows = 8;
const stripCells = 10;
/** Steps over which shares and times are averaged. */
const recentSteps = 10;

/** All that the view of a run is computed from. */
export interface RunFacts extends ProgressFacts {
  dir: string;
  name: string;
  /** Of the sweep that it is a run of. */
  variant?: string | undefined;
  run: RunRecord;
  metrics: readonly StepMetrics[];
  evaluations: readonly Evaluation[];
  requested?: 'pause' | 'stop' | undefined;
}

/** Everything that the dashboard shows of one run, small enough to be sent whole. */
export function runView(facts: RunFacts): RunView {
  const { dir, name, variant, state, run, queued, metrics, evaluations, requested } = facts;
  const pace = paceOf(run, metrics);
  return {
    dir,
    name,
    ...optional('variant', variant),
    ...shownProgress({ run, state, queued }),
    model: run.model.id,
    device: String(run.config['device'] ?? ''),
    ...optional('trainer', run.trainer),
    createdAt: run.createdAt,
    ...(run.error ? { error: { message: run.error.message, remedy: run.error.remedy } } : {}),
    ...(requested ? { requested } : {}),
    ...pace,
    series: seriesOf(metrics),
    proposerUpdates: metrics.filter(({ proposer }) => proposer.loss !== null).map(({ step }) => step),
    stageTimes: stageTimesOf(metrics),
    ...difficultyOf(metrics),
    proposals: proposalsOf(metrics.slice(-recentSteps)),
    evaluations: evaluations.map((evaluation) => evaluationView(evaluation, evaluations)),
    alarms: run.alarms,
    restarts: run.restarts,
    config: configOf(run),
  };
}

function seriesOf(metrics: readonly StepMetrics[]): Record<SeriesName, Point[]> {
  const entries = Object.entries(series).map(([name, value]): [string, Point[]] => {
    const points = metrics.flatMap((line): Point[] => {
      const y = value(line);
      return y === null || y === undefined ? [] : [[line.step, y]];
    });
    return [name, downsample(points, pointsOfCurve)];
  });
  return Object.fromEntries(entries) as Record<SeriesName, Point[]>;
}

/** How fast it goes, from the latest steps; nothing before the first. */
function paceOf(
  run: RunRecord,
  metrics: readonly StepMetrics[],
): Pick<RunView, 'secondsPerStep' | 'tokensPerSecond' | 'secondsLeft'> {
  const recent = metrics.slice(-recentSteps);
  const last = recent.at(-1);
  if (!last) {
    return {};
  }
  const secondsPerStep = mean(recent.map(({ seconds }) => sum(Object.values(seconds))));
  return {
    secondsPerStep,
    tokensPerSecond: last.tokens_per_second,
    secondsLeft: secondsPerStep * Math.max(0, run.steps - run.step),
  };
}

function stageTimesOf(metrics: readonly StepMetrics[]): StageTimes {
  const stages = stepStages.filter((stage) => metrics.some(({ seconds }) => (seconds[stage] ?? 0) > 0));
  const rows = groupNeighbours(metrics, barsOfStageTimes).map((group) => ({
    step: group.at(-1)!.step,
    seconds: stages.map((stage) => mean(group.map(({ seconds }) => seconds[stage] ?? 0))),
  }));
  return { stages, rows };
}

function difficultyOf(metrics: readonly StepMetrics[]): Pick<RunView, 'difficulty'> {
  const last = metrics.findLast(({ difficulty }) => sum(difficulty) > 0);
  return last ? { difficulty: { step: last.step, counts: last.difficulty } } : {};
}

function proposalsOf(metrics: readonly StepMetrics[]): RunView['proposals'] {
  const rejected = new Map<string, number>();
  for (const [reason, count] of metrics.flatMap(rejectedByKind)) {
    rejected.set(reason, (rejected.get(reason) ?? 0) + count);
  }
  return {
    steps: metrics.length,
    accepted: sum(metrics.map((line) => originsOf(line).accepted)),
    rejected: [...rejected].sort((a, b) => b[1] - a[1]),
  };
}

/** Reasons with their counts; unsafe proposals by what they were about, where that was recorded. */
function rejectedByKind({ rejected, quality }: StepMetrics): [reason: string, count: number][] {
  const unsafe = Object.entries(quality?.unsafe_reasons ?? {});
  return Object.entries(rejected).flatMap(([reason, count]): [string, number][] =>
    reason === 'unsafe' && unsafe.length > 0
      ? unsafe.map(([category, times]) => [`unsafe.${category}`, times])
      : [[reason, count]],
  );
}

function evaluationView(evaluation: Evaluation, all: readonly Evaluation[]): EvaluationView {
  const { benchmark, split, step, solved, total, samples, accuracy, interval, meanScore } = evaluation;
  const of = all.filter((other) => benchmarkTitle(other) === benchmarkTitle(evaluation));
  const [first, last] = [of[0], of.at(-1)];
  // The latest alone: a bootstrap for each of many would take long, and no page shows them.
  const change = first && first !== evaluation && evaluation === last ? compareEvaluations(first, last) : undefined;
  const part = { ...optional('split', split), ...optional('change', change) };
  return { benchmark, step, solved, total, samples, accuracy, interval, meanScore, ...part };
}

function configOf(run: RunRecord): RunView['config'] {
  return Object.entries(run.config).map(([name, value]) => {
    const { unit = '', description = '' } = findSetting(name) ?? {};
    return { name, value: String(value), unit, description };
  });
}

/** Proposals of one step in the order of the record, then the questions that came from elsewhere. */
export function feedOf(step: number, lines: readonly StepLine[]): FeedEntry[] {
  const questions = lines.filter((line) => line.type === 'question');
  const byId = new Map(questions.map((question) => [question.id, question]));
  const answers = Map.groupBy(
    lines.filter((line) => line.type === 'answer'),
    ({ questionId }) => questionId,
  );
  const proposals = lines.filter((line) => line.type === 'proposal');
  const proposed = new Set(proposals.map(({ id }) => id));
  return [
    ...proposals.map((proposal) => feedEntry(step, proposal, byId.get(proposal.id), answers.get(proposal.id) ?? [])),
    ...questions
      .filter(({ id }) => !proposed.has(id))
      .map((question) => feedEntry(step, undefined, question, answers.get(question.id) ?? [])),
  ];
}

function feedEntry(
  step: number,
  proposal: Proposal | undefined,
  question: QuestionRecord | undefined,
  answers: readonly Answer[],
): FeedEntry {
  const judging = question ? judgingOf(question, answers) : 'other';
  return {
    step,
    id: (question ?? proposal)?.id ?? '',
    title: titleOf(question?.statement ?? proposal?.text ?? ''),
    source: proposal ? 'proposer' : sourceOf(question),
    judging,
    ...optional('rejection', proposal?.rejection?.reason),
    answers: answers.map(({ mark, detail }) => ({
      mark,
      ...(detail?.kind === 'tests' && { verdict: detail.result.verdict }),
    })),
    strip: judging === 'tests' ? answers.slice(0, stripRows).map(testCells) : formCells(question, answers),
    ...optional('label', question?.label),
    ...optional('solveRate', question?.solveRate),
    ...optional('proposerReward', proposal?.reward),
  };
}

function testCells({ mark, detail }: Answer): StripCell[] {
  const cellOf = (verdict: Verdict): StripCell =>
    verdict === 'AC' ? 'passed' : verdict === 'IE' ? 'unjudged' : 'failed';
  return detail?.kind === 'tests'
    ? detail.result.tests.slice(0, stripCells).map(({ verdict }) => cellOf(verdict))
    : [cellOfMark(mark)];
}

/** One row for each form of the question, one cell for each of its answers. */
function formCells(question: QuestionRecord | undefined, answers: readonly Answer[]): StripCell[][] {
  return (question?.prompts ?? [])
    .slice(0, stripRows)
    .map((_, form) =>
      answers
        .filter((answer) => answer.form === form)
        .slice(0, stripCells)
        .map(({ mark }) => cellOfMark(mark)),
    )
    .filter((row) => row.length > 0);
}

/** The cell of an answer that is judged as a whole. */
export function cellOfMark(mark: Mark): StripCell {
  return mark === 'right' ? 'passed' : mark === 'masked' ? 'unjudged' : 'failed';
}
