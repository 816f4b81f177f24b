import type { Alarm, StepMetrics } from '../protocol/records.ts';
import { type AlarmHistory, type Condition, emptyHistory, extendHistory, findConditions } from './alarms.ts';

/** The alarms of a run and what became of them in a step. */
export interface AlarmChanges {
  /** Each condition once: those that last, and those that are over. */
  alarms: Alarm[];
  raised: Alarm[];
  cleared: Alarm[];
}

/** Follows a run step by step; a function of its metrics, so that a resumed run has the alarms of an undisturbed one. */
export interface AlarmWatch {
  readonly alarms: Alarm[];
  observe(metrics: StepMetrics): AlarmChanges;
}

/** `past`: the metrics of the steps so far, ascending. Only the latest of them are kept. */
export function createAlarmWatch(past: readonly StepMetrics[]): AlarmWatch {
  let history: AlarmHistory = emptyHistory;
  let alarms: Alarm[] = [];
  const watch: AlarmWatch = {
    get alarms() {
      return alarms;
    },
    observe(metrics) {
      history = extendHistory(history, metrics);
      const changes = updateAlarms(alarms, metrics.step, findConditions(history));
      alarms = changes.alarms;
      return changes;
    },
  };
  past.forEach((metrics) => watch.observe(metrics));
  return watch;
}

/** Raises conditions that have begun and clears those that have ended; one that returns is raised again, as the last. */
export function updateAlarms(alarms: readonly Alarm[], step: number, conditions: readonly Condition[]): AlarmChanges {
  const present = new Map(conditions.map((condition) => [condition.name, condition]));
  const isLasting = ({ cleared }: Alarm): boolean => cleared === undefined;
  const lasting = alarms.filter(isLasting).map((alarm): Alarm => {
    const condition = present.get(alarm.name);
    return condition ? { ...alarm, message: condition.message, last: step } : { ...alarm, cleared: step };
  });
  const over = alarms.filter((alarm) => !isLasting(alarm) && !present.has(alarm.name));
  const known = new Set(lasting.map(({ name }) => name));
  const raised = conditions
    .filter(({ name }) => !known.has(name))
    .map(({ name, message }): Alarm => ({ name, message, since: step, last: step }));
  return {
    alarms: [...over, ...lasting, ...raised].sort((a, b) => a.since - b.since),
    raised,
    cleared: lasting.filter((alarm) => !isLasting(alarm)),
  };
}
