import { choice } from '../base/setting.ts';

/** How answers are given, in the domains whose answers are values. */
export const answerFormSetting = {
  kind: choice('auto', 'direct', 'working', 'think'),
  description:
    'direct: the answer at once; working: a short working that the prompt begins; think: free reasoning in think and answer tags (the paper); auto: working for models whose name says 1.5B or more, else direct.',
  default: { quick: 'auto', paper: 'think' },
} as const;

/** Where the label of a question comes from, in the domains whose answers are values. */
export const labelSetting = {
  kind: choice('majority', 'agreement', 'truth'),
  description:
    'majority: the most frequent answer, if it was given at least twice (the paper); agreement: each question is asked in equivalent forms, answersPerQuestion times each, and the label is the value on which forms agree; truth: asked as in agreement, but the label is the computed true value: no self-play, a control that says how far labels could lead.',
  default: { quick: 'agreement', paper: 'majority' },
} as const;
