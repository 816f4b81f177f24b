import type { AnswerView } from './messages.ts';

/** One value that answers gave, with the answers (by index) that gave it, form by form. */
export interface VoteRow {
  /** Empty: nothing was found in the answer. */
  value: string;
  /** [form] -> indices of answers. */
  byForm: number[][];
  votes: number;
  /** The value that the answers elected. */
  isLabel: boolean;
  /** Whether the value is true, where that is known. */
  correct?: boolean;
}

/**
 * How the answers to a question voted: most frequent value first, answers without a value last. What agrees with the
 * label stands under it, however it was written: another form of the question may ask for another number.
 */
export function voteRows(answers: readonly AnswerView[], forms: number, label: string | null | undefined): VoteRow[] {
  const groups = Map.groupBy(
    answers.map((answer, index) => ({ answer, index })),
    ({ answer }) => (answer.mark === 'right' ? (label ?? answer.expected ?? answer.answer) : answer.answer),
  );
  const rows = [...groups].map(([value, given]): VoteRow => {
    const isLabel = given.some(({ answer }) => answer.mark === 'right');
    const correct = given.find(({ answer }) => answer.vote?.correct !== undefined)?.answer.vote?.correct;
    return {
      value,
      byForm: Array.from({ length: forms }, (_, form) =>
        given.filter(({ answer }) => answer.form === form).map(({ index }) => index),
      ),
      votes: given.length,
      isLabel,
      ...(correct === undefined ? {} : { correct }),
    };
  });
  return rows.sort((a, b) => Number(a.value === '') - Number(b.value === '') || b.votes - a.votes);
}

/** What tells the forms of a question apart: the first line of each prompt in which they differ. */
export function formTitles(forms: readonly string[]): string[] {
  const lines = forms.map((form) => form.trim().split('\n'));
  const [first = []] = lines;
  const place = first.findIndex((line, i) => lines.some((other) => other[i] !== line));
  return lines.map((form) => (place < 0 ? form.at(-1) : form[place])?.trim() ?? '');
}
