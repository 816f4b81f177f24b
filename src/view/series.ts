import { sum } from '../base/statistics.ts';
import type { StepMetrics } from '../protocol/records.ts';
import type { SeriesName } from './messages.ts';

/** Where each curve's values come from; null or undefined in steps without one. */
export const series: Record<SeriesName, (metrics: StepMetrics) => number | null | undefined> = {
  'solver.reward': ({ solver }) => solver.reward,
  'proposer.reward': ({ proposer }) => proposer.reward,
  test_pass_rate: ({ test_pass_rate }) => test_pass_rate,
  solved_rate: ({ solved_rate }) => solved_rate,
  label_accuracy: ({ label_accuracy }) => label_accuracy,
  answer_accuracy: ({ answer_accuracy }) => answer_accuracy,
  majority_ratio: ({ majority_ratio }) => majority_ratio,
  form_agreement: ({ form_agreement }) => form_agreement,
  labelled_rate: ({ labelled_rate }) => labelled_rate,
  valid_share: (metrics) => (metrics.proposals > 0 ? originsOf(metrics).accepted / metrics.proposals : null),
  diversity: ({ diversity }) => diversity,
  sound: ({ quality }) => quality?.sound,
  novelty_words: ({ quality }) => quality?.novelty_words,
  novelty_behaviour: ({ quality }) => quality?.novelty_behaviour,
  distinct_ngrams: ({ quality }) => quality?.distinct_ngrams,
  hidden_spread: ({ quality }) => quality?.hidden_spread,
  difficulty: ({ quality }) => quality?.difficulty,
  short_references: ({ quality }) => quality?.short_references,
  reference_lines: ({ quality }) => quality?.reference_lines,
  unsafe: ({ quality }) => quality?.unsafe,
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

/** How many of a step's questions were proposed in it, and how many come from files (the settings pool and labelled). */
export function originsOf({ proposals, rejected, valid }: StepMetrics): { accepted: number; given: number } {
  const accepted = proposals - sum(Object.values(rejected));
  return { accepted, given: valid - accepted };
}

/** Shares that tell how good the answers are, the most telling first. Which of them a run has depends on its domain. */
const answerShares = [
  'test_pass_rate',
  'label_accuracy',
  'answer_accuracy',
  'majority_ratio',
  'form_agreement',
] as const satisfies readonly SeriesName[];

/** The answer shares that some of these steps have a value of: what the metrics hold decides, not the domain's name. */
export function answerSharesOf(metrics: readonly StepMetrics[]): SeriesName[] {
  return answerShares.filter((name) => metrics.some((line) => typeof series[name](line) === 'number'));
}

const qualityFigures = [
  'valid_share',
  'sound',
  'novelty_words',
  'novelty_behaviour',
  'diversity',
  'distinct_ngrams',
  'hidden_spread',
  'difficulty',
  'reference_lines',
  'short_references',
  'unsafe',
] as const satisfies readonly SeriesName[];

/** The figures of the questions that some of these steps have a value of. */
export function qualitySeriesOf(metrics: readonly StepMetrics[]): SeriesName[] {
  return qualityFigures.filter((name) => metrics.some((line) => typeof series[name](line) === 'number'));
}

/** Curves of the larger charts that not every run has. */
export interface ShareCharts {
  /** What came out well. */
  shares: SeriesName[];
  /** How far the answers agree. */
  agreement: SeriesName[];
  /** How good the questions are, and how various. */
  quality: SeriesName[];
  variety: SeriesName[];
}

/**
 * The curves worth drawing. Where answers elect labels, the share of right answers is how often they agree with the
 * label: nearly the reward, so it gives way to the truth of labels and answers.
 */
export function shareCharts(has: (name: SeriesName) => boolean): ShareCharts {
  const elects = has('majority_ratio');
  const shares: SeriesName[] = [
    'test_pass_rate',
    ...(elects ? [] : (['solved_rate'] as const)),
    'label_accuracy',
    'answer_accuracy',
    'valid_share',
  ];
  const agreement: SeriesName[] = ['majority_ratio', 'form_agreement', 'labelled_rate'];
  const quality: SeriesName[] = ['sound', 'novelty_words', 'novelty_behaviour', 'difficulty', 'short_references'];
  const variety: SeriesName[] = ['diversity', 'distinct_ngrams', 'hidden_spread'];
  return {
    shares: shares.filter(has),
    agreement: agreement.filter(has),
    quality: quality.filter(has),
    variety: variety.filter(has),
  };
}
