import { createRandomSequence } from './random.ts';

/**
 * Wilson score interval of a share, 95 % by default (z = 1.96).
 * `successes` of `total`; [0, 1] when nothing was tried. Source: E. B. Wilson, JASA 22 (1927).
 */
export function wilsonInterval(successes: number, total: number, z = 1.959964): [number, number] {
  if (total === 0) {
    return [0, 1];
  }
  const share = successes / total;
  const denominator = 1 + z ** 2 / total;
  const center = (share + z ** 2 / (2 * total)) / denominator;
  const half = (z / denominator) * Math.sqrt((share * (1 - share)) / total + z ** 2 / (4 * total ** 2));
  return [Math.max(0, center - half), Math.min(1, center + half)];
}

/** Sum of the values; 0 of none. */
export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** Mean of the values; 0 of none. */
export function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : sum(values) / values.length;
}

/** Mean of the values; null of none. */
export function meanOrNull(values: readonly number[]): number | null {
  return values.length === 0 ? null : mean(values);
}

/** `part / whole`; null where the whole is 0. */
export function ratioOrNull(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole;
}

/**
 * Unbiased estimate of the probability that at least one of `k` samples is right, from `right` of `samples` that were:
 * 1 - C(samples - right, k) / C(samples, k), 1 <= k <= samples. Source: M. Chen et al., arXiv 2107.03374, section 2.1.
 */
export function passAtK(samples: number, right: number, k: number): number {
  let allWrong = 1;
  for (let i = 0; i < k; i++) {
    allWrong *= Math.max(0, samples - right - i) / (samples - i);
  }
  return 1 - allWrong;
}

/** Resamples of a bootstrap: the ends of a 95 % interval then vary by a few percent of its width. */
const resamples = 2000;

/**
 * 95 % interval of the mean of `values`, which lie in [0, 1], by the bootstrap. Where all values are 0 or all are 1 no
 * resample differs, and Wilson's interval is given instead. [0, 1] of no values.
 */
export function bootstrapInterval(values: readonly number[], seed: number): [number, number] {
  const average = mean(values);
  return values.length === 0 || average === 0 || average === 1
    ? wilsonInterval(average * values.length, values.length)
    : bootstrapMean(values, seed);
}

/**
 * 95 % interval of the mean of at least one value by the percentile bootstrap: the mean of as many values drawn with
 * replacement, 2,000 times.
 */
function bootstrapMean(values: readonly number[], seed: number): [number, number] {
  const means = resampledMeans(values, resamples, seed);
  return [means[Math.floor(0.025 * resamples)] ?? 0, means[Math.ceil(0.975 * resamples) - 1] ?? 1];
}

/** Means of as many values drawn with replacement, `count` times; ascending. */
export function resampledMeans(values: readonly number[], count: number, seed: number): Float64Array {
  const draw = createRandomSequence(seed);
  const { length } = values;
  const source = Float64Array.from(values);
  const means = Float64Array.from({ length: count }, () => {
    let sum = 0;
    for (let i = 0; i < length; i++) {
      sum += source[Math.floor(draw() * length)] ?? 0;
    }
    return sum / length;
  });
  return means.sort();
}

/**
 * Probability that a fair coin falls at least as unevenly, two-sided and exact: McNemar's exact test of `heads` and `tails`
 * pairs that differ in one direction and in the other.
 */
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
