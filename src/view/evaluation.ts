import { mean } from '../base/statistics.ts';
import { type EvaluatedProblem, type Evaluation, rightAnswers } from '../protocol/records.ts';
import { formatPercent } from './format.ts';
import type { Translate } from './translate.ts';
import { markWord } from './words.ts';

/** Whether the policy is the model that training began with: no adapter, or that of a checkpoint before the first step. */
export function isUntrained({ step, adapter }: Pick<Evaluation, 'step' | 'adapter'>): boolean {
  return step === 0 && (adapter === null || /[\\/]checkpoints[\\/]0+[\\/]?$/.test(adapter));
}

/** What was evaluated, in words: before training, after a step, or with an adapter from elsewhere. */
export function policyWord(t: Translate, evaluation: Pick<Evaluation, 'step' | 'adapter'>): string {
  if (evaluation.step > 0) {
    return t('after step {0}', evaluation.step);
  }
  return isUntrained(evaluation) ? t('before training') : t('with adapter');
}

/** A benchmark and the part of it that was asked, as people read it: `functions`, `functions (test)`. */
export function benchmarkTitle({ benchmark, split }: Pick<Evaluation, 'benchmark' | 'split'>): string {
  return split === undefined ? benchmark : `${benchmark} (${split})`;
}

/** Figures that say how much was right. */
type Figures = Pick<Evaluation, 'solved' | 'total' | 'samples' | 'accuracy'>;

/** `11 of 24`; with several samples, `46 % of 24 × 4`, as no problem is then just solved or not. */
export function solvedText(t: Translate, { solved, total, samples, accuracy }: Figures): string {
  return samples === 1
    ? t('{0} of {1}', solved, total)
    : t('{0} of {1} × {2}', formatPercent(accuracy), total, samples);
}

/**
 * `11 of 24 solved: 46 %, 95 % interval 28 % to 65 %; mean score 0.612`; with several samples,
 * `46 % of 4 answers to each of 24 problems right, 95 % interval 33 % to 57 %; mean score 0.612`.
 */
export function evaluationText(t: Translate, evaluation: Figures & Pick<Evaluation, 'interval' | 'meanScore'>): string {
  const { solved, total, samples, accuracy, meanScore } = evaluation;
  const [low, high] = evaluation.interval.map(formatPercent);
  const rest = [low ?? '', high ?? '', meanScore.toFixed(3)];
  return samples === 1
    ? t(
        '{0} of {1} solved: {2}, 95 % interval {3} to {4}; mean score {5}',
        solved,
        total,
        formatPercent(accuracy),
        ...rest,
      )
    : t(
        '{0} of {1} answers to each of {2} problems right, 95 % interval {3} to {4}; mean score {5}',
        ...[formatPercent(accuracy), samples, total, ...rest],
      );
}

/** Share of a problem's answers that are right, in [0, 1]. */
export function rightShare(problem: Pick<EvaluatedProblem, 'answers'>): number {
  return rightAnswers(problem) / Math.max(1, problem.answers.length);
}

/** Mean score of a problem's answers, in [0, 1]: in coding the share of tests passed. */
export function problemScore({ answers }: Pick<EvaluatedProblem, 'answers'>): number {
  return mean(answers.map(({ score }) => score));
}

/** What became of one problem of an evaluation, short enough for a cell: `AC`, `right`, `3 of 4`, `too long`. */
export function resultWord(t: Translate, problem: EvaluatedProblem): string {
  const { answers, unasked } = problem;
  const [only] = answers;
  if (unasked) {
    return t('too long');
  }
  return only && answers.length === 1
    ? (only.verdict ?? markWord(t, only.mark, false))
    : t('{0} of {1}', rightAnswers(problem), answers.length);
}
