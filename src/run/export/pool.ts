import * as z from 'zod';
import { BoundaryError } from '../../base/errors.ts';
import { writeFileAtomic } from '../../base/files.ts';
import { Problem } from '../../protocol/problem.ts';
import type { Answer } from '../../protocol/records.ts';
import { readStep, recordedSteps } from '../folder.ts';

const Programming = z.object({ problem: Problem });

/**
 * Writes the programming problems of a run that some of its answers solved and others did not, one JSON line each: those
 * that can teach, as the settings pool and labelled read them. Returns how many there are and how many were asked. Throws
 * BoundaryError('usage') where there is none.
 */
export function exportPool(runDir: string, file: string): { questions: number; asked: number } {
  const problems: Problem[] = [];
  let asked = 0;
  for (const step of recordedSteps(runDir)) {
    const marks = new Map<string, Set<Answer['mark']>>();
    for (const { questionId, mark } of readStep(runDir, step, ['answer'])) {
      marks.set(questionId, (marks.get(questionId) ?? new Set()).add(mark));
    }
    for (const { id, content } of readStep(runDir, step, ['question'])) {
      const found = Programming.safeParse(content);
      asked += Number(found.success);
      const given = marks.get(id);
      if (found.success && given?.delete('right') && [...given].some((mark) => mark !== 'masked')) {
        problems.push({ ...found.data.problem, id: `step-${step}-${id}` });
      }
    }
  }
  if (problems.length === 0) {
    throw new BoundaryError(
      'usage',
      asked === 0
        ? 'This run has no programming problems.'
        : `None of the ${asked} problems of this run was solved by some answers and not by others.`,
      asked === 0
        ? 'Export a run of the domain coding or workspace.'
        : 'Let the run ask more: selfq resume DIR --steps N.',
    );
  }
  writeFileAtomic(file, problems.map((problem) => `${JSON.stringify(problem)}\n`).join(''));
  return { questions: problems.length, asked };
}
