/** The stages of a step, in order. A run loads and evaluates between steps. */
export const stepStages = ['propose', 'verify', 'solve', 'judge', 'update', 'record'] as const;

/** Everything that a run can be doing. */
export const stages = ['load', 'evaluate', ...stepStages] as const;
export type Stage = (typeof stages)[number];
