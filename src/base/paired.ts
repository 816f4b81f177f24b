import { mean, resampledMeans } from './statistics.ts';

/**
 * How far two policies differ on the same problems. Each function takes the outcomes problem by problem: what is common
 * to both (some problems are hard) cancels out, which makes the difference several times as sure as two accuracies
 * beside each other.
 */

/** Quantile of the normal distribution for 95 % intervals. */
const z95 = 1.959964;
/** And that for a power of 80 %. */
const z80 = 0.841621;

/**
 * 95 % interval of the difference (won - lost) / total of two shares of the same problems: Wald's with one more problem
 * won and lost, which keeps its coverage also where few problems differ. Source: D. G. Bonett, R. M. Price, J. Educ.
 * Behav. Stat. 37 (2012); recommended by Fagerland, Lydersen, Laake, Stat. Med. 33 (2014).
 */
export function pairedShareInterval(won: number, lost: number, total: number): [number, number] {
  const [better, worse] = [(won + 1) / (total + 2), (lost + 1) / (total + 2)];
  const difference = better - worse;
  const half = z95 * Math.sqrt((better + worse - difference ** 2) / (total + 2));
  return [Math.max(-1, difference - half), Math.min(1, difference + half)];
}

/** Resamples of the bootstrap: enough for two digits of its bounds. */
const defaultResamples = 10_000;

/**
 * 95 % interval of the mean difference over problems: percentile bootstrap, whole problems drawn with replacement.
 * `differences`: one a problem, in [-1, 1]. `grain`: the smallest difference that can be, 1 / samples.
 *
 * As with {@link pairedShareInterval}, one problem more differs by a grain each way, so that results that differ nowhere
 * do not get an interval of width 0; and bounds are widened by sqrt(n / (n - 1)) for small sets (T. Hesterberg, Am. Stat.
 * 69, 2015). In simulations of 24 to 400 problems the intervals hold 93 to 96 %. The same seed gives the same bounds.
 */
export function pairedBootstrap(
  differences: readonly number[],
  { grain, seed = 1, resamples = defaultResamples }: { grain: number; seed?: number; resamples?: number },
): [number, number] {
  const n = differences.length;
  if (n < 2) {
    return [-1, 1];
  }
  const values = [...differences, grain, -grain];
  const means = resampledMeans(values, resamples, seed);
  const center = mean(values);
  const widened = (share: number): number =>
    center + ((means[Math.round(share * (resamples - 1))] ?? 0) - center) * Math.sqrt(n / (n - 1));
  return [Math.max(-1, widened(0.025)), Math.min(1, widened(0.975))];
}

/**
 * Problems with which a true difference of `difference` would be told in four of five comparisons (power 80 %, two-sided
 * 5 %), where problems vary as these do. `grain` as in {@link pairedBootstrap}; it keeps the number above 0.
 */
export function problemsNeeded(differences: readonly number[], grain: number, difference: number): number {
  const values = [...differences, grain, -grain];
  const center = mean(values);
  const variance = values.reduce((sum, value) => sum + (value - center) ** 2, 0) / (values.length - 1);
  return Math.ceil(variance * ((z95 + z80) / difference) ** 2);
}
