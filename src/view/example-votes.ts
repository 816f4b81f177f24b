import { type Evaluation, StepLine, type StepMetrics } from '../protocol/records.ts';
import { exampleEvaluation, exampleMetrics } from './example-records.ts';

/** Records of a domain without tests, for tests of the views: answers to several forms of a question elect its label. */

export interface ExampleVote {
  id: string;
  statement: string;
  /** For each form: what is asked, and what each answer says; empty: no answer was found in it. */
  forms: readonly { asks: string; answers: readonly string[] }[];
  label: string | null;
  truth: string;
  /** `pool`, `dataset`: no proposal. */
  source?: 'pool' | 'dataset';
}

/** The lines of one step. */
export function exampleVoteStep(step: number, questions: readonly ExampleVote[]): StepLine[] {
  const asked = { messages: [{ role: 'user', content: 'Invent a calculation.' }], tokenIds: [1, 2] };
  const proposed = questions.filter(({ source }) => source === undefined);
  const lines = [
    { type: 'step', step, seed: 1 },
    ...(proposed.length > 0 ? [{ type: 'prompt', groupId: 'p0', prompt: asked }] : []),
    ...proposed.map(({ id, statement }) => ({
      ...{ type: 'proposal', id, groupId: 'p0', text: ` ${statement}` },
      ...{ tokens: 3, meanLogprob: -1, finishReason: 'stop', reward: 1, advantage: 0.5 },
    })),
    ...questions.flatMap((question) => voteLines(question)),
  ];
  return lines.map((line) => StepLine.parse(line));
}

function voteLines({ id, statement, forms, label, truth, source }: ExampleVote): object[] {
  const values = forms.flatMap(({ answers }) => answers);
  const counts = [...Map.groupBy(values, (value) => value)].map(([value, all]) => (value === '' ? 0 : all.length));
  const elected = {
    label: {
      value: label,
      majorityRatio: Math.max(...counts) / values.length,
      ...(forms.length > 1 ? { formAgreement: 0.5 } : {}),
      ...(label === null ? {} : { correct: label === truth }),
    },
  };
  const known = source === 'dataset';
  return [
    {
      ...{ type: 'question', id, statement, content: { expression: statement } },
      prompts: forms.map(({ asks }) => ({
        messages: [{ role: 'user', content: `Calculate.\n\n${asks}` }],
        ...{ prefill: `${asks} =`, tokenIds: [1] },
      })),
      solveRate: values.filter((value) => value === (known ? truth : label)).length / values.length,
      ...(source === undefined ? {} : { origin: `${source}/7` }),
      ...(known ? { labelled: true } : elected),
    },
    ...forms.flatMap(({ asks, answers }, form) =>
      answers.map((answer, i) => {
        const right = answer !== '' && answer === (known ? truth : label);
        const votes = answers.filter((other) => other === answer).length;
        const detail = known
          ? { kind: 'value', expected: truth }
          : { kind: 'vote', label, votes, of: answers.length, correct: answer === truth };
        return {
          ...{ type: 'answer', id: `${id}-f${form}-${i}`, groupId: `${id}~${form}`, questionId: id, form },
          ...{ text: answer === '' ? ' I do not know.' : ` ${asks} = ${answer}`, answer, detail },
          ...{ tokens: 2, meanLogprob: -0.3, finishReason: 'stop' },
          ...{ reward: Number(right), advantage: right ? 0.5 : -0.5 },
          mark: answer === '' ? 'unparsable' : right ? 'right' : 'wrong',
        };
      }),
    ),
  ];
}

/** A step's figures without tests. */
export function exampleVoteMetrics(step: number, given: Partial<StepMetrics> = {}): StepMetrics {
  return exampleMetrics(step, {
    ...{ test_pass_rate: null, verdicts: {}, marks: { right: 30, wrong: 18 }, solved_rate: 0.6 },
    ...{ label_accuracy: 0.9, labelled_rate: 0.8, majority_ratio: 0.7, form_agreement: 0.6, answer_accuracy: 0.65 },
    ...{
      rejected: { division_by_zero: 2, numbers_too_large: 4, near_duplicate: 2 },
      difficulty: [1, 0, 2, 1, 3, 0, 4, 2, 3],
    },
    ...given,
  });
}

/** An evaluation of values: every problem has a known one. */
export function exampleValueEvaluation(step: number, solved: number): Evaluation {
  const evaluation = exampleEvaluation(step, solved);
  return {
    ...{ ...evaluation, benchmark: 'arithmetic', domain: 'arithmetic', meanScore: evaluation.accuracy },
    problems: evaluation.problems.map(({ id, answers }, i) => ({
      ...{ id, expected: String(i < solved ? 100 + i : 200 + i) },
      answers: answers.map((answer) => ({
        ...{ ...answer, score: i < solved ? 1 : 0, mark: i < solved ? 'right' : 'wrong', answer: String(100 + i) },
      })),
    })),
  };
}
