import { choice } from '../base/setting.ts';

/** How answers are given, in the domains whose answers are values. */
export const answerFormSetting = {
  kind: choice('auto', 'direct', 'working', 'think'),
  description:
    'direct: the answer at once; working: a short working that the prompt begins; think: free reasoning in think and answer tags (the paper); auto: working for models whose name says 1.5B or more, else direct.',
  default: { quick: 'auto', paper: 'think' },
} as const;

/** How answers elect the label of their question, in the domains whose answers are values. */
export const labelSetting = {
  kind: choice('majority', 'agreement'),
  description:
    'majority: the most frequent answer, if it was given at least twice (the paper); agreement: each question is asked in equivalent forms, answersPerQuestion times each, and the label is the value on which forms agree.',
  default: { quick: 'agreement', paper: 'majority' },
} as const;
