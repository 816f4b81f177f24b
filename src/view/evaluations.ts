import type { Evaluation } from '../protocol/records.ts';

type Key = Pick<Evaluation, 'benchmark' | 'step'>;

/** Evaluations by benchmark, in order of first appearance; those of each ascending by step. */
export function byBenchmark<E extends Key>(evaluations: readonly E[]): Map<string, E[]> {
  const groups = Map.groupBy(evaluations, ({ benchmark }) => benchmark);
  groups.forEach((group) => group.sort((a, b) => a.step - b.step));
  return groups;
}

/** The one evaluation of a run on a benchmark after a step; undefined where there is none. */
export function evaluationAt<E extends Key>(evaluations: readonly E[], { benchmark, step }: Key): E | undefined {
  return evaluations.find((evaluation) => evaluation.benchmark === benchmark && evaluation.step === step);
}

/**
 * Of evaluations of any policies the latest for each model, adapter, step, benchmark and number of questions; ascending
 * by time.
 */
export function latestOfEach(evaluations: readonly Evaluation[]): Evaluation[] {
  const ascending = [...evaluations].sort((a, b) => a.time.localeCompare(b.time));
  const latest = new Map<string, Evaluation>();
  for (const evaluation of ascending) {
    const { modelHash, adapter, step, benchmark, total } = evaluation;
    const key = JSON.stringify([modelHash, adapter, step, benchmark, total]);
    latest.delete(key);
    latest.set(key, evaluation);
  }
  return [...latest.values()];
}
