import { sum } from '../base/statistics.ts';

/** Steps in a row that an alarm about a lasting state waits for. */
export const patience = 3;

/** A figure over the steps in which it was measured. */
export interface Gauge {
  /** How many cases its mean has to rest on, however many steps they take. */
  leastCases: number;
  /** Its latest values, each with the cases that it is the mean of: {@link patience} of them, or as many as it takes. */
  recent: readonly { value: number; cases: number }[];
  /** The best mean before these; absent while there was none. */
  best?: number | undefined;
}

/** Before the first step. */
export function emptyGauge(leastCases = 0): Gauge {
  return { leastCases, recent: [] };
}

/** The gauge one step later; as it is where the step has no value. `cases`: what the value is the mean of. */
export function measured(gauge: Gauge, value: number | null | undefined, cases = 1): Gauge {
  if (value === null || value === undefined) {
    return gauge;
  }
  const before = meanOf(gauge);
  let recent = [...gauge.recent, { value, cases }];
  while (isEnough(recent.slice(1), gauge.leastCases)) {
    recent = recent.slice(1);
  }
  return { ...gauge, recent, best: before === undefined ? gauge.best : Math.max(before, gauge.best ?? before) };
}

/** Mean over the cases of the latest values; undefined while they are too few. */
export function meanOf({ recent, leastCases }: Gauge): number | undefined {
  return isEnough(recent, leastCases)
    ? sum(recent.map(({ value, cases }) => value * cases)) / sum(recent.map(({ cases }) => cases))
    : undefined;
}

function isEnough(recent: Gauge['recent'], leastCases: number): boolean {
  const cases = sum(recent.map((one) => one.cases));
  return recent.length >= patience && cases > 0 && cases >= leastCases;
}
