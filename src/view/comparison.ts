import { pairedBootstrap, pairedShareInterval, problemsNeeded } from '../base/paired.ts';
import { mean, signTest } from '../base/statistics.ts';
import type { Evaluation, RunRecord } from '../protocol/records.ts';
import type { Change } from './compared.ts';
import { rightShare } from './evaluation.ts';
import { outcomeOf } from './evaluations.ts';
import { asSentence, formatNumber, formatPoints } from './format.ts';
import { canCompare, type Pair, pairResults } from './paired-results.ts';
import { english, type Translate } from './translate.ts';

export type { Change };

/** What equal policies would show this seldom is a difference. */
const significance = 0.05;

/** The difference that {@link Change.needed} is about: the size of gain that short training brings. */
const wantedDifference = 0.02;

/**
 * Compares problem by problem: one answer each by McNemar's exact test and Bonett and Price's interval, several by a
 * paired bootstrap over problems. A difference counts where the interval, and the test where there is one, exclude 0.
 */
export function changeOf(pairs: readonly Pair[]): Change {
  const changes = pairs.map(({ before, after }) => rightShare(after) - rightShare(before));
  const won = changes.filter((change) => change > 0).length;
  const lost = changes.filter((change) => change < 0).length;
  const samples = Math.max(
    1,
    pairs.reduce((least, { before, after }) => Math.min(least, before.answers.length, after.answers.length), Infinity),
  );
  const isSingle = pairs.every(({ before, after }) => before.answers.length <= 1 && after.answers.length <= 1);
  const grain = 1 / samples;
  const interval = isSingle ? pairedShareInterval(won, lost, pairs.length) : pairedBootstrap(changes, { grain });
  const p = isSingle ? signTest(won, lost) : undefined;
  return {
    verdict: verdictOf(interval, p),
    ...{ problems: pairs.length, samples, difference: mean(changes), interval, won, lost },
    ...(p === undefined ? {} : { p }),
    needed: samples * problemsNeeded(changes, grain, wantedDifference),
  };
}

function verdictOf([low, high]: Change['interval'], p = 0): Change['verdict'] {
  if (p >= significance || (low <= 0 && high >= 0)) {
    return 'unsure';
  }
  return low > 0 ? 'better' : 'worse';
}

/** Whether a run learned anything, as a sentence; undefined where it has no evaluations before and after to compare. */
export function learnedText(
  t: Translate,
  evaluations: readonly Evaluation[],
  best: RunRecord['best'],
): string | undefined {
  const outcome = outcomeOf(evaluations, best);
  const change = outcome && compareEvaluations(outcome.before, outcome.after);
  return change && asSentence(changeText(t, change));
}

/** {@link changeOf} two results; undefined where they are not of the same problems. */
export function compareEvaluations(before: Evaluation, after: Evaluation): Change | undefined {
  if (before.problems.length !== after.problems.length || !canCompare(before, after)) {
    return undefined;
  }
  const { pairs } = pairResults(english, before, after);
  return pairs.length === before.problems.length ? changeOf(pairs) : undefined;
}

/**
 * One plain sentence, without capital and full stop: `better: +3.1 points, 95 % +0.7 to +5.5`; `no difference can be told:
 * −0.4, −2.9 to +2.1; 1,600 samples would be needed for 2 points`.
 */
export function changeText(t: Translate, change: Change): string {
  const [low, high] = change.interval;
  const figures = [change.difference, low, high].map((value) => formatPoints(value, 1));
  switch (change.verdict) {
    case 'better':
      return t('better: {0} points, 95 % {1} to {2}', ...figures);
    case 'worse':
      return t('worse: {0} points, 95 % {1} to {2}', ...figures);
    case 'unsure': {
      const told = t('no difference can be told: {0}, {1} to {2}', ...figures);
      return [`${told}${borderText(change)}`, neededText(t, change)].join('; ');
    }
  }
}

/** Where interval and test disagree, the reader sees why the difference does not count. */
function borderText({ interval: [low, high], p }: Change): string {
  return p !== undefined && (low > 0 || high < 0) ? ` (p = ${formatNumber(p)})` : '';
}

function neededText(t: Translate, { needed, problems, samples }: Change): string {
  if (needed <= problems * samples) {
    return t('2 points would probably have shown');
  }
  const count = formatNumber(roundUp(needed));
  return samples === 1
    ? t('{0} problems would be needed for 2 points', count)
    : t('{0} samples would be needed for 2 points', count);
}

/** Up to two digits that count: the number is an estimate. */
function roundUp(count: number): number {
  const unit = 10 ** Math.max(0, Math.ceil(Math.log10(count)) - 2);
  return Math.ceil(count / unit) * unit;
}
