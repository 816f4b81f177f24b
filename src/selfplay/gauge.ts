import { mean } from '../base/statistics.ts';

/** Steps in a row that an alarm about a lasting state waits for. */
export const patience = 3;

/** A figure over the steps in which it was measured. */
export interface Gauge {
  /** Its latest {@link patience} values. */
  recent: readonly number[];
  /** The best mean of {@link patience} values in a row before these; absent while there was none. */
  best?: number | undefined;
}

/** Before the first step. */
export const emptyGauge: Gauge = { recent: [] };

/** The gauge one step later; as it is where the step has no value. */
export function measured(gauge: Gauge, value: number | null | undefined): Gauge {
  if (value === null || value === undefined) {
    return gauge;
  }
  const before = meanOf(gauge);
  return {
    recent: [...gauge.recent, value].slice(-patience),
    best: before === undefined ? gauge.best : Math.max(before, gauge.best ?? before),
  };
}

/** Mean of the latest {@link patience} values; undefined while there are fewer. */
export function meanOf({ recent }: Gauge): number | undefined {
  return recent.length < patience ? undefined : mean(recent);
}
