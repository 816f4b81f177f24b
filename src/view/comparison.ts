import { signTest } from '../base/statistics.ts';
import { type EvaluatedProblem, type Evaluation, rightAnswers } from '../protocol/records.ts';
import { formatNumber } from './format.ts';
import type { Translate } from './translate.ts';

/** How a later evaluation differs from an earlier one of the same problems. */
export interface Change {
  /** Problems of which a larger share of the answers is right in the later one, and of which a smaller one is. */
  better: number;
  worse: number;
  /** Probability of a difference at least as large between two equal policies (two-sided sign test). */
  p: number;
}

/** A change that equal policies would show this seldom is no chance. */
const significance = 0.05;

/** Compares problem by problem; undefined where the two are not of the same problems. */
export function compareEvaluations(before: Evaluation, after: Evaluation): Change | undefined {
  const earlier = new Map(before.problems.map((problem) => [problem.id, rightShare(problem)]));
  if (earlier.size !== after.problems.length || after.problems.some(({ id }) => !earlier.has(id))) {
    return undefined;
  }
  const changes = after.problems.map((problem) => rightShare(problem) - (earlier.get(problem.id) ?? 0));
  const better = changes.filter((change) => change > 0).length;
  const worse = changes.filter((change) => change < 0).length;
  return { better, worse, p: signTest(better, worse) };
}

function rightShare(problem: EvaluatedProblem): number {
  return rightAnswers(problem) / Math.max(1, problem.answers.length);
}

/** One sentence that answers "did it learn?". */
export function changeText(t: Translate, { better, worse, p }: Change): string {
  if (better + worse === 0) {
    return t('The same problems are solved as before.');
  }
  const counts = t('{0} now solved, {1} no longer', better, worse);
  return p < significance
    ? t('{0}: chance alone would hardly do this (p = {1}).', counts, formatNumber(p))
    : t('{0}: chance alone can do this (p = {1}).', counts, formatNumber(p));
}
