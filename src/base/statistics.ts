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
