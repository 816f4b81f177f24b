import { optional } from '../base/optional.ts';
import type { Grade, Label } from '../protocol/question.ts';
import type { Rewarded } from './domain.ts';

/**
 * Where the label of a question comes from. majority: the most frequent answer (arXiv 2508.03682); agreement: the
 * most frequent of the values that were given in at least two forms of the question. An error that a form provokes again
 * and again wins a majority; in another form the same question provokes another error. truth: no vote, but the computed
 * value; a control for experiments, the upper bound of what labels can do.
 */
export type LabelRule = 'majority' | 'agreement' | 'truth';

/** An answer that was read: what was extracted, and the question's value that follows from it. */
export interface ReadAnswer {
  /** Empty where nothing could be extracted. */
  text: string;
  /** Canonical text, equal for equal values; undefined: unparsable. */
  value?: string | undefined;
}

/** What a domain knows about a vote besides the answers. */
export interface Election {
  rule: LabelRule;
  /** The true value, where it can be computed: recorded, and part of a reward under the rule `truth` alone. */
  truth?: string | undefined;
  /** Values that the question shows, where giving one of them is suspicious. */
  shown?: ReadonlySet<string>;
}

type Values = readonly (string | undefined)[];

/**
 * The label that answers elect, `forms` being their values as [form][sample]; null where nothing wins.
 *
 * majority: a value wins that was given at least twice, and more often than any other value and than no value at all:
 * a majority of one is none, and of equals none is preferred. agreement: a value wins that was given in at least two
 * forms, at least twice in one of them, and more often in all than any other such value; values of `shown` never do,
 * since a model that copies what it reads agrees with itself. truth: `truth`, whatever was answered.
 */
export function electLabel(forms: readonly Values[], { rule, truth, shown }: Election): string | null {
  if (rule === 'truth') {
    return truth ?? null;
  }
  if (rule === 'majority') {
    const winner = mostFrequent(countValues(forms.flat()));
    return winner?.value !== undefined && winner.count > 1 ? winner.value : null;
  }
  const counts = [...countValues(forms.flat())].filter(([value, count]) => {
    const givenIn = forms.filter((values) => values.includes(value)).length;
    return value !== undefined && !shown?.has(value) && givenIn > 1 && count > givenIn;
  });
  return mostFrequent(new Map(counts))?.value ?? null;
}

/** Rewards every answer by the label of the question ({@link electLabel}): 1 for its value, else 0. `answers`: [form][sample]. */
export function rewardByLabel(answers: readonly (readonly ReadAnswer[])[], election: Election): Rewarded {
  const forms = answers.map((form) => form.map(({ value }) => value));
  const label = electLabel(forms, election);
  const grades = answers.map((form, index) =>
    form.map((answer) => gradeOf(answer, label, forms[index] ?? [], election)),
  );
  return { grades, label: labelOf(forms, label, election) };
}

function gradeOf({ text, value }: ReadAnswer, label: string | null, form: Values, { truth, shown }: Election): Grade {
  const isRight = value !== undefined && value === label;
  return {
    mark: value === undefined ? 'unparsable' : isRight ? 'right' : 'wrong',
    reward: Number(isRight),
    answer: text,
    detail: {
      kind: 'vote',
      label,
      votes: form.filter((other) => other === value).length,
      of: form.length,
      ...optional('correct', truth === undefined ? undefined : value === truth),
      ...optional('copied', shown && value !== undefined ? shown.has(value) : undefined),
    },
  };
}

function labelOf(forms: readonly Values[], value: string | null, { truth }: Election): Label {
  const all = forms.flat();
  const parsed = [...countValues(all)].flatMap(([known, count]) => (known === undefined ? [] : [count]));
  const correct = value === null || truth === undefined ? undefined : value === truth;
  return {
    value,
    majorityRatio: all.length === 0 ? 0 : Math.max(0, ...parsed) / all.length,
    ...optional('formAgreement', formAgreement(forms)),
    ...optional('correct', correct),
  };
}

/** Share of pairs of forms that have the same most frequent value; undefined for one form. */
function formAgreement(forms: readonly Values[]): number | undefined {
  const winners = forms.map((values) => mostFrequent(countValues(values))?.value);
  const pairs = winners.flatMap((winner, index) =>
    winners.slice(index + 1).map((other) => winner !== undefined && winner === other),
  );
  return pairs.length === 0 ? undefined : pairs.filter(Boolean).length / pairs.length;
}

function countValues(values: Values): Map<string | undefined, number> {
  const counts = new Map<string | undefined, number>();
  for (const value of values) {
    counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  return counts;
}

/** What was given more often than everything else; undefined where two share the first place. */
function mostFrequent(
  counts: ReadonlyMap<string | undefined, number>,
): { value: string | undefined; count: number } | undefined {
  const [first, second] = [...counts].sort(([, a], [, b]) => b - a);
  return first && first[1] !== second?.[1] ? { value: first[0], count: first[1] } : undefined;
}
