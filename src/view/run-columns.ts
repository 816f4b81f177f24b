/** Columns of the table of runs, in their order. */
export const runColumns = [
  'name',
  'domain',
  'topic',
  'model',
  'date',
  'state',
  'steps',
  'held-out',
  'disk',
  'tags',
  'note',
] as const;
export type RunColumn = (typeof runColumns)[number];
