import type { StepMetrics } from '../protocol/records.ts';
import { type Gauge, meanOf, measured, patience } from './gauge.ts';

/**
 * Thresholds beyond which the questions of {@link patience} steps in a row count as collapsed. Recorded runs that did not
 * collapse keep a distance from each (quality.test.ts has their steps): in coding diversity is 0.76 and more, difficulty 0.34 and more,
 * even as the proposer drifts to easier questions; in arithmetic hardly a question is repeated.
 */
const bounds = {
  /** Steps with fewer questions are skipped. */
  leastQuestions: 4,
  /** Mean pairwise distance of the statements. */
  diversity: 0.3,
  /** Share of the otherwise valid proposals that repeat an earlier question in words or behaviour. */
  repeated: 0.5,
  /** Mean of 1 - solve rate below which questions teach nothing. */
  trivial: 0.1,
  /** The same where nearly all references are short. */
  easy: 0.3,
  shortReferences: 0.9,
  /** Share of its best mean that a figure of variety must keep. */
  kept: 0.5,
};

/** Past values of the figures whose fall from their best is a sign of collapse. */
export interface VarietyHistory {
  distinctNgrams: Gauge;
  hiddenSpread: Gauge;
}

/** The history one step later; steps of few questions are skipped. */
export function extendVariety(history: VarietyHistory, metrics: StepMetrics): VarietyHistory {
  const quality = metrics.valid < bounds.leastQuestions ? undefined : metrics.quality;
  return {
    distinctNgrams: measured(history.distinctNgrams, quality?.distinct_ngrams),
    hiddenSpread: measured(history.hiddenSpread, quality?.hidden_spread),
  };
}

/** What says that the proposer collapses to duplicates or trivia, each in words; empty while nothing does. */
export function signsOfCollapse(recent: readonly StepMetrics[], variety: VarietyHistory): string[] {
  const lasting = (test: (metrics: StepMetrics) => boolean): boolean =>
    recent.length >= patience && recent.every((metrics) => test(metrics));
  const enough = ({ valid }: StepMetrics): boolean => valid >= bounds.leastQuestions;
  const signs: [holds: boolean, words: string][] = [
    [lasting(({ diversity }) => diversity !== null && diversity < bounds.diversity), 'they are nearly the same'],
    [lasting((metrics) => repeatedShare(metrics) > bounds.repeated), 'more than half repeat earlier ones'],
    [hasFallen(variety.distinctNgrams), 'they share twice as many of their words as they did at best'],
    [hasFallen(variety.hiddenSpread), 'to the model they are twice as alike as they were at best'],
    [lasting((metrics) => enough(metrics) && isBelow(metrics, bounds.trivial)), 'nearly every answer is right'],
    [
      lasting(
        (metrics) =>
          enough(metrics) &&
          isBelow(metrics, bounds.easy) &&
          (metrics.quality?.short_references ?? 0) > bounds.shortReferences,
      ),
      'nearly all have solutions of three lines or fewer, and most answers are right',
    ],
  ];
  return signs.flatMap(([holds, words]) => (holds ? [words] : []));
}

/** Of the proposals that passed every other guard; 0 where they are too few to say. */
function repeatedShare({ valid, rejected, quality }: StepMetrics): number {
  const passed = valid + (rejected['near_duplicate'] ?? 0) + (rejected['same_behaviour'] ?? 0);
  return passed < bounds.leastQuestions || !quality
    ? 0
    : 1 - (quality.novelty_words ?? 1) * (quality.novelty_behaviour ?? 1);
}

/** False where answers elect the label: they agree with it ever more while a policy learns, whatever the difficulty. */
function isBelow({ quality }: StepMetrics, difficulty: number): boolean {
  return quality !== undefined && quality.sound !== null && (quality.difficulty ?? 1) < difficulty;
}

function hasFallen(gauge: Gauge): boolean {
  const now = meanOf(gauge);
  return now !== undefined && gauge.best !== undefined && now < bounds.kept * gauge.best;
}
