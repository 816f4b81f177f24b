import type { Verdict } from '../protocol/problem.ts';
import type { Answer, Evaluation, RunRecord, StepLine, StepMetrics } from '../protocol/records.ts';
import { findSetting } from '../config/tables.ts';
import type { ShownState } from '../protocol/run-state.ts';
import { stepStages } from '../protocol/stages.ts';
import { downsample, groupNeighbours } from './downsample.ts';
import type { EvaluationView, FeedEntry, Point, RunView, SeriesName, StageTimes, StripCell } from './messages.ts';
import { titleOf } from './problem-model.ts';

/** More points than a chart has pixels show nothing more. */
const pointsOfCurve = 400;
const barsOfStageTimes = 60;
/** Steps over which shares and times are averaged. */
const recentSteps = 10;

const curves: Record<SeriesName, (metrics: StepMetrics) => number | null | undefined> = {
  'solver.reward': ({ solver }) => solver.reward,
  'proposer.reward': ({ proposer }) => proposer.reward,
  test_pass_rate: ({ test_pass_rate }) => test_pass_rate,
  solved_rate: ({ solved_rate }) => solved_rate,
  label_accuracy: ({ label_accuracy }) => label_accuracy,
  answer_accuracy: ({ answer_accuracy }) => answer_accuracy,
  majority_ratio: ({ majority_ratio }) => majority_ratio,
  form_agreement: ({ form_agreement }) => form_agreement,
  labelled_rate: ({ labelled_rate }) => labelled_rate,
  valid_share: ({ valid, proposals }) => (proposals > 0 ? valid / proposals : null),
  diversity: ({ diversity }) => diversity,
  'solver.entropy': ({ solver }) => solver.entropy,
  'proposer.entropy': ({ proposer }) => proposer.entropy,
  'solver.kl': ({ solver }) => solver.kl,
  'proposer.kl': ({ proposer }) => proposer.kl,
  'solver.mean_length': ({ solver }) => solver.mean_length,
  'proposer.mean_length': ({ proposer }) => proposer.mean_length,
  'solver.frac_reward_zero_std': ({ solver }) => solver.frac_reward_zero_std,
  'proposer.frac_reward_zero_std': ({ proposer }) => proposer.frac_reward_zero_std,
  'solver.clipped_ratio': ({ solver }) => solver.clipped_ratio,
  'solver.grad_norm': ({ solver }) => solver.grad_norm,
  'solver.sampling_logp_difference': ({ solver }) => solver.sampling_logp_difference,
};

export interface RunFacts {
  dir: string;
  name: string;
  state: ShownState;
  run: RunRecord;
  metrics: readonly StepMetrics[];
  evaluations: readonly Evaluation[];
}

/** Everything that the dashboard shows of one run, small enough to be sent whole. */
export function runView({ dir, name, state, run, metrics, evaluations }: RunFacts): RunView {
  const pace = paceOf(run, metrics);
  return {
    dir,
    name,
    state,
    step: run.step,
    steps: run.steps,
    model: run.model.id,
    device: String(run.config['device'] ?? ''),
    createdAt: run.createdAt,
    ...(run.error ? { error: { message: run.error.message, remedy: run.error.remedy } } : {}),
    ...pace,
    series: seriesOf(metrics),
    proposerUpdates: metrics.filter(({ proposer }) => proposer.loss !== null).map(({ step }) => step),
    stageTimes: stageTimesOf(metrics),
    ...difficultyOf(metrics),
    proposals: proposalsOf(metrics.slice(-recentSteps)),
    evaluations: evaluations.map(evaluationView),
    alarms: run.alarms,
    restarts: run.restarts,
    config: configOf(run),
  };
}

function seriesOf(metrics: readonly StepMetrics[]): Record<SeriesName, Point[]> {
  const entries = Object.entries(curves).map(([name, value]): [string, Point[]] => {
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
  for (const [reason, count] of metrics.flatMap((line) => Object.entries(line.rejected))) {
    rejected.set(reason, (rejected.get(reason) ?? 0) + count);
  }
  return {
    steps: metrics.length,
    accepted: sum(metrics.map(({ valid }) => valid)),
    rejected: [...rejected].sort((a, b) => b[1] - a[1]),
  };
}

function evaluationView(evaluation: Evaluation): EvaluationView {
  const { benchmark, step, solved, total, accuracy, interval, meanScore } = evaluation;
  return { benchmark, step, solved, total, accuracy, interval, meanScore };
}

function configOf(run: RunRecord): RunView['config'] {
  return Object.entries(run.config).map(([name, value]) => {
    const { unit = '', description = '' } = findSetting(name) ?? {};
    return { name, value: String(value), unit, description };
  });
}

/** The proposals of one step in the order of the record, for the list of latest problems. */
export function feedOf(step: number, lines: readonly StepLine[]): FeedEntry[] {
  const questions = new Map(lines.filter((line) => line.type === 'question').map((line) => [line.id, line]));
  const answers = Map.groupBy(
    lines.filter((line) => line.type === 'answer'),
    ({ questionId }) => questionId,
  );
  return lines
    .filter((line) => line.type === 'proposal')
    .map((proposal) => {
      const question = questions.get(proposal.id);
      const own = answers.get(proposal.id) ?? [];
      return {
        step,
        id: proposal.id,
        title: titleOf(question?.statement ?? proposal.text),
        ...(proposal.rejection ? { rejection: proposal.rejection.reason } : {}),
        answers: own.map(({ mark, detail }) => ({
          mark,
          ...(detail?.kind === 'tests' && { verdict: detail.result.verdict }),
        })),
        strip: own.slice(0, 8).map(stripOf),
        ...(question?.solveRate === undefined ? {} : { solveRate: question.solveRate }),
        ...(proposal.reward === undefined ? {} : { proposerReward: proposal.reward }),
      };
    });
}

function stripOf({ mark, detail }: Answer): StripCell[] {
  if (detail?.kind === 'tests') {
    const cellOf = (verdict: Verdict): StripCell =>
      verdict === 'AC' ? 'passed' : verdict === 'IE' ? 'unjudged' : 'failed';
    return detail.result.tests.slice(0, 10).map(({ verdict }) => cellOf(verdict));
  }
  return [mark === 'right' ? 'passed' : mark === 'masked' ? 'unjudged' : 'failed'];
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : sum(values) / values.length;
}
