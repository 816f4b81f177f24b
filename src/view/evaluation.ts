import type { Evaluation } from '../protocol/records.ts';
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

/** The earliest evaluation of the same model on the same benchmark before training; undefined where it is itself that. */
export function evaluationBefore(evaluation: Evaluation, all: readonly Evaluation[]): Evaluation | undefined {
  return isUntrained(evaluation)
    ? undefined
    : all.find(
        (other) =>
          other.benchmark === evaluation.benchmark && other.modelHash === evaluation.modelHash && isUntrained(other),
      );
}

/** `11 of 24 solved: 46 %, 95 % interval 28 % to 65 %; mean score 0.612` */
export function evaluationText(
  t: Translate,
  {
    solved,
    total,
    accuracy,
    interval,
    meanScore,
  }: Pick<Evaluation, 'solved' | 'total' | 'accuracy' | 'interval' | 'meanScore'>,
): string {
  const [low, high] = interval;
  return t(
    '{0} of {1} solved: {2}, 95 % interval {3} to {4}; mean score {5}',
    ...[solved, total, formatPercent(accuracy), formatPercent(low), formatPercent(high), meanScore.toFixed(3)],
  );
}

/** What became of one problem of an evaluation, short enough for a cell. */
export function resultWord(t: Translate, { verdict, mark }: Evaluation['problems'][number]): string {
  return verdict ?? markWord(t, mark, false);
}
