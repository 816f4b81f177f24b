import type { Alarm } from '../protocol/records.ts';

/** The alarms whose condition lasts, the latest first. */
export function lastingAlarms(alarms: readonly Alarm[]): Alarm[] {
  return alarms.filter(({ cleared }) => cleared === undefined).reverse();
}

/** The alarms that are over, the latest first. */
export function clearedAlarms(alarms: readonly Alarm[]): Alarm[] {
  return alarms.filter(({ cleared }) => cleared !== undefined).sort((a, b) => (b.cleared ?? 0) - (a.cleared ?? 0));
}
