import { mean } from '../base/statistics.ts';

/** Mean and deviation of a figure over seeds. */
export interface Spread {
  /** Number of values. */
  n: number;
  mean: number;
  /** Sample standard deviation (n - 1); absent for a single value. */
  deviation?: number;
  /** 95 % interval of the mean by Student's t, which takes values as normal; absent for a single value. */
  interval?: [low: number, high: number];
}

/** The 97.5 % quantile of Student's t by degrees of freedom, from 1 on. */
const quantiles = [
  12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145, 2.131, 2.12, 2.11,
  2.101, 2.093, 2.086, 2.08, 2.074, 2.069, 2.064, 2.06, 2.056, 2.052, 2.048, 2.045, 2.042,
];
/** Beyond the table: Cornish and Fisher's expansion to its first term, right to 0.002 from 30 degrees on. */
const normalQuantile = 1.959964;

function tQuantile(degrees: number): number {
  const z = normalQuantile;
  return quantiles[degrees - 1] ?? z + (z ** 3 + z) / (4 * degrees);
}

/** Spread of the values that there are; undefined for none. */
export function spreadOf(values: readonly (number | null | undefined)[]): Spread | undefined {
  const known = values.filter((value) => value !== null && value !== undefined);
  const n = known.length;
  if (n === 0) {
    return undefined;
  }
  const center = mean(known);
  if (n === 1) {
    return { n, mean: center };
  }
  const deviation = Math.sqrt(known.reduce((sum, value) => sum + (value - center) ** 2, 0) / (n - 1));
  const half = (tQuantile(n - 1) * deviation) / Math.sqrt(n);
  return { n, mean: center, deviation, interval: [center - half, center + half] };
}
