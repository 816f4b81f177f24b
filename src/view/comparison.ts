import type { Evaluation } from '../protocol/records.ts';
import { formatNumber } from './format.ts';
import type { Translate } from './translate.ts';

/** How a later evaluation differs from an earlier one of the same problems. */
export interface Change {
  /** Problems that are right in the later one alone, and in the earlier one alone. */
  better: number;
  worse: number;
  /** Probability of a difference at least as large between two equal policies (two-sided sign test). */
  p: number;
}

/** A change that equal policies would show this seldom is no chance. */
const significance = 0.05;

/** Compares problem by problem; undefined where the two are not of the same problems. */
export function compareEvaluations(before: Evaluation, after: Evaluation): Change | undefined {
  const earlier = new Map(before.problems.map(({ id, mark }) => [id, mark === 'right']));
  if (earlier.size !== after.problems.length || after.problems.some(({ id }) => !earlier.has(id))) {
    return undefined;
  }
  const changed = after.problems.filter(({ id, mark }) => earlier.get(id) !== (mark === 'right'));
  const better = changed.filter(({ mark }) => mark === 'right').length;
  const worse = changed.length - better;
  return { better, worse, p: signTest(better, worse) };
}

/** Two-sided exact sign test: probability that a fair coin falls at least as unevenly. */
export function signTest(heads: number, tails: number): number {
  const n = heads + tails;
  // Logarithms, as binomial coefficients of large sets leave the range of numbers.
  let logTerm = -n * Math.LN2;
  let sum = 0;
  for (let k = 0; k <= Math.min(heads, tails); k++) {
    sum += Math.exp(logTerm);
    logTerm += Math.log((n - k) / (k + 1));
  }
  return Math.min(1, 2 * sum);
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
