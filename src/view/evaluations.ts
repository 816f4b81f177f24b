import type { Evaluation } from '../protocol/records.ts';
import { benchmarkTitle } from './evaluation.ts';

type Key = Pick<Evaluation, 'benchmark' | 'split' | 'step'>;

/** Evaluations by benchmark and part of it ({@link benchmarkTitle}), in order of first appearance; each ascending by step. */
export function byBenchmark<E extends Key>(evaluations: readonly E[]): Map<string, E[]> {
  const groups = Map.groupBy(evaluations, benchmarkTitle);
  groups.forEach((group) => group.sort((a, b) => a.step - b.step));
  return groups;
}

/** The one evaluation of a run on a part of a benchmark after a step; undefined where there is none. */
export function evaluationAt<E extends Key>(evaluations: readonly E[], wanted: Key): E | undefined {
  return evaluations.find(
    (evaluation) => benchmarkTitle(evaluation) === benchmarkTitle(wanted) && evaluation.step === wanted.step,
  );
}

/**
 * The evaluations that tell what a run is worth: those on the test part of its benchmark, else those on its first one; such
 * as can be compared are preferred.
 */
export function decisive<E extends Key>(evaluations: readonly E[]): E[] {
  const groups = [...byBenchmark(evaluations).values()];
  const compared = groups.filter(({ length }) => length > 1);
  return compared.find(([first]) => first?.split === 'test') ?? compared[0] ?? groups[0] ?? [];
}

/**
 * What a run made of its model: the first of the decisive evaluations, and that of the checkpoint that did best during the
 * run, else the last. Undefined where there are no two.
 */
export function outcomeOf<E extends Key>(
  evaluations: readonly E[],
  best?: { step: number },
): { before: E; after: E } | undefined {
  const shown = decisive(evaluations);
  const before = shown[0];
  const after = shown.find(({ step }) => step === best?.step) ?? shown.at(-1);
  return before && after && before !== after ? { before, after } : undefined;
}

/**
 * Of evaluations of any policies the latest for each model, adapter, step, benchmark, number of questions and way of
 * answering; ascending by time.
 */
export function latestOfEach(evaluations: readonly Evaluation[]): Evaluation[] {
  const ascending = [...evaluations].sort((a, b) => a.time.localeCompare(b.time));
  const latest = new Map<string, Evaluation>();
  for (const evaluation of ascending) {
    const { modelHash, adapter, step, total, precision, samples, temperature } = evaluation;
    const title = benchmarkTitle(evaluation);
    const key = JSON.stringify([modelHash, adapter, step, title, total, precision, samples, temperature]);
    latest.delete(key);
    latest.set(key, evaluation);
  }
  return [...latest.values()];
}
