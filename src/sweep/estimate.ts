import { mean, sum } from '../base/statistics.ts';
import { plannedEvaluations, stepSeconds } from '../run/estimate.ts';
import { formatDuration } from '../view/format.ts';
import type { RunFacts } from './results.ts';

/** Evaluations for each of those that a sweep asks for besides: before and after the run. */
const askedTimes = 2;

/** How long the rest of a sweep will take, if its steps take as long as those that were measured. */
export interface Estimate {
  seconds: number;
  /** Steps that were measured. */
  steps: number;
  /** Runs that are not finished. */
  runs: number;
}

/**
 * Estimate from the recorded steps of the sweep: a step takes as long as the mean step of its variant, else as that of all
 * variants; an evaluation as long as the mean one, and a run has as many as one that is finished. Loading the model is not counted. Undefined
 * before the first step of the sweep. `asked`: evaluations that the sweep asks for besides, before and after each run.
 */
export function estimate(facts: readonly RunFacts[], asked: number): Estimate | undefined {
  const secondsOf = (some: readonly RunFacts[]): number[] => some.flatMap(({ metrics }) => stepSeconds(metrics));
  const all = secondsOf(facts);
  if (all.length === 0) {
    return undefined;
  }
  const byVariant = Map.groupBy(facts, ({ progress }) => progress.run.variant);
  const perEvaluation = mean(facts.flatMap(({ evaluations }) => evaluations.map(({ seconds }) => seconds)));
  const finished = facts.find(({ progress }) => progress.state === 'finished');
  const open = facts.filter(({ progress }) => progress.state !== 'finished');
  const seconds = open.map(({ progress: { run, record }, evaluations }) => {
    const own = secondsOf(byVariant.get(run.variant) ?? []);
    const perStep = mean(own.length > 0 ? own : all);
    const planned = finished?.evaluations.length ?? evaluationsOf(run.config, asked);
    const evaluationsLeft = Math.max(0, planned - evaluations.length);
    return (run.config.steps - (record?.step ?? 0)) * perStep + evaluationsLeft * perEvaluation;
  });
  return { seconds: sum(seconds), steps: all.length, runs: open.length };
}

function evaluationsOf(config: Parameters<typeof plannedEvaluations>[0], asked: number): number {
  const { tests, validations } = plannedEvaluations(config);
  return tests + validations + askedTimes * asked;
}

/** The estimate in words that say what it is. */
export function estimateText(found: Estimate | undefined): string {
  if (!found) {
    return 'No step of this sweep has been measured yet: there is an estimate of its time after the first.';
  }
  const { seconds, steps, runs } = found;
  if (runs === 0) {
    return 'All runs are finished.';
  }
  const basis = steps === 1 ? 'one measured step' : `${steps} measured steps`;
  return `About ${formatDuration(seconds)} left for ${runs === 1 ? 'one run' : `${runs} runs`} (an estimate from ${basis} of this sweep; other load on the machine changes it).`;
}
