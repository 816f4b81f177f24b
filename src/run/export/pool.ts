import * as z from 'zod';
import { BoundaryError } from '../../base/errors.ts';
import { writeFileAtomic } from '../../base/files.ts';
import { Problem } from '../../protocol/problem.ts';
import { askedQuestions } from '../asked-questions.ts';
import { recordedSteps } from '../folder.ts';

const Programming = z.object({ problem: Problem });

/**
 * Writes the programming problems of a run that some of its answers solved and others did not, one JSON line each: those
 * that can teach, as the settings pool and labelled read them. Returns how many there are and how many were asked. Throws
 * BoundaryError('usage') where there is none.
 */
export function exportPool(runDir: string, file: string): { questions: number; asked: number } {
  const asked = askedQuestions(runDir, recordedSteps(runDir)).flatMap(({ content, ...question }) => {
    const { data } = Programming.safeParse(content);
    return data ? [{ ...question, problem: data.problem }] : [];
  });
  const problems = asked
    .filter(({ isPartlySolved }) => isPartlySolved)
    .map(({ step, id, problem }): Problem => ({ ...problem, id: `step-${step}-${id}` }));
  if (problems.length === 0) {
    throw new BoundaryError(
      'usage',
      asked.length === 0
        ? 'This run has no programming problems.'
        : `None of the ${asked.length} problems of this run was solved by some answers and not by others.`,
      asked.length === 0
        ? 'Export a run of the domain coding or workspace.'
        : 'Let the run ask more: selfq resume DIR --steps N.',
    );
  }
  writeFileAtomic(file, problems.map((problem) => `${JSON.stringify(problem)}\n`).join(''));
  return { questions: problems.length, asked: asked.length };
}
