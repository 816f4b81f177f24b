import type { Grade } from '../protocol/question.ts';
import type { Prompt } from '../protocol/runtime.ts';
import type { ReadAnswer } from './majority.ts';
import { type Rational, rationalText } from './rational.ts';

/** One form of a question: how it is asked, and what an answer to it says about the question. */
export interface Form {
  prompt: Prompt;
  /** The question's value if `value` is that of this form; exact. Undefined where no value of the question gives it. */
  restore(value: Rational): Rational | undefined;
}

/** The form that is the question itself. */
export function sameValue(value: Rational): Rational {
  return value;
}

/** What an answer says: the text that was extracted from it, empty where there is none, and its value if it has one. */
export interface ReadValue {
  text: string;
  value?: Rational | undefined;
}

/**
 * Answers as [form][sample] in values of the question. `read` gives what an answer says and its value in its own form.
 */
export function readForms(
  forms: readonly Form[],
  answers: readonly (readonly string[])[],
  read: (answer: string, form: number) => ReadValue,
): ReadAnswer[][] {
  return answers.map((samples, index) =>
    samples.map((sample) => {
      const { text, value } = read(sample, index);
      const restored = value && forms[index]?.restore(value);
      return { text, value: restored && rationalText(restored) };
    }),
  );
}

/** The grade of an answer by the true value. */
export function gradeValue({ text, value }: ReadValue, truth: Rational): Grade {
  const isRight = value?.equals(truth) ?? false;
  return {
    mark: value === undefined ? 'unparsable' : isRight ? 'right' : 'wrong',
    reward: Number(isRight),
    answer: text,
    detail: { kind: 'value', expected: rationalText(truth) },
  };
}
