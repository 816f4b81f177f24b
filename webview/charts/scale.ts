/** A linear map from values to pixels with round ticks. */
export interface Scale {
  (value: number): number;
  ticks: number[];
}

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

/** A value with as many digits as a person can use. */
export function short(value: number): string {
  const size = Math.abs(value);
  if (size >= 1000) {
    return Math.round(value).toLocaleString('en');
  }
  if (size >= 100) {
    return value.toFixed(0);
  }
  return size >= 10 || size === 0
    ? trimZeros(value.toFixed(1))
    : size >= 0.01
      ? trimZeros(value.toFixed(3))
      : value.toPrecision(2);
}

function trimZeros(text: string): string {
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}

/** Seconds as a person says them. */
export function duration(seconds: number): string {
  if (seconds < 10) {
    return `${trimZeros(seconds.toFixed(1))} s`;
  }
  if (seconds < 90) {
    return `${Math.round(seconds)} s`;
  }
  const minutes = Math.round(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

export function percent(value: number): string {
  return `${Math.round(100 * value)} %`;
}
