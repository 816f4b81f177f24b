/** A linear map from values to pixels with round ticks. */
export interface Scale {
  (value: number): number;
  ticks: number[];
}

/** A linear scale from values to pixels, with about `ticks` round values. */
export function linearScale(domain: readonly [number, number], range: readonly [number, number], ticks: number): Scale {
  const [low, high] = domain[0] === domain[1] ? [domain[0] - 1, domain[1] + 1] : domain;
  const scale = (value: number): number => range[0] + ((value - low) / (high - low)) * (range[1] - range[0]);
  return Object.assign(scale, { ticks: roundTicks(low, high, ticks) });
}

/** About `count` round numbers of 1, 2 or 5 times a power of ten within the borders. */
export function roundTicks(low: number, high: number, count: number): number[] {
  const raw = (high - low) / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= raw) ?? 10 * power;
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) => (first + i) * step);
}
