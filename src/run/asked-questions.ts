import type { Answer, QuestionRecord } from '../protocol/records.ts';
import { readStep } from './folder.ts';

/** A question of a step. */
export interface AskedQuestion extends Pick<QuestionRecord, 'id' | 'statement' | 'content'> {
  step: number;
  /** Some of its answers were right and others were not: it can teach. */
  isPartlySolved: boolean;
}

/** The questions of a step in order, each with its answers. */
export function answeredQuestions(runDir: string, step: number): { question: QuestionRecord; answers: Answer[] }[] {
  const lines = readStep(runDir, step, ['question', 'answer']);
  const answers = Map.groupBy(
    lines.filter((line) => line.type === 'answer'),
    ({ questionId }) => questionId,
  );
  return lines
    .filter((line) => line.type === 'question')
    .map((question) => ({ question, answers: answers.get(question.id) ?? [] }));
}

/** The questions of some steps of a run in order, with what their answers made of them. */
export function askedQuestions(runDir: string, steps: readonly number[]): AskedQuestion[] {
  return steps.flatMap((step) =>
    answeredQuestions(runDir, step).map(({ question: { id, statement, content }, answers }) => ({
      ...{ step, id, statement, content },
      isPartlySolved: isMixed(answers.map(({ mark }) => mark)),
    })),
  );
}

/** Answers that could not be judged say nothing. */
function isMixed(marks: readonly Answer['mark'][]): boolean {
  const judged = marks.filter((mark) => mark !== 'masked');
  return judged.includes('right') && judged.some((mark) => mark !== 'right');
}
