/** The stages of a step, in order. A run loads and evaluates between steps. */
export const stepStages = ['propose', 'verify', 'solve', 'judge', 'update', 'record'] as const;

/** Everything that a run can be doing; `search`: functions of the person's own code are looked for. */
export const stages = ['search', 'load', 'evaluate', ...stepStages] as const;
export type Stage = (typeof stages)[number];
