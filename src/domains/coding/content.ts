import * as z from 'zod';
import { optional } from '../../base/optional.ts';
import { Problem } from '../../protocol/problem.ts';
import { FunctionPlace } from '../../protocol/seed.ts';
import type { Question } from '../domain.ts';

/** What a coding question holds: the problem with its tests, and the proposer's own solution, which no solver sees. */
export const CodingContent = z.object({
  problem: Problem,
  reference: z.string().optional(),
  /** Equal for references that do the same (behaviour.ts); absent where that cannot be told. */
  behaviour: z.string().optional(),
  /** The function of the person's own code that the proposer was shown, and what it was asked for. */
  seed: z.object({ ...FunctionPlace.shape, kind: z.enum(['statement', 'variation']) }).optional(),
});
export type CodingContent = z.infer<typeof CodingContent>;
/** A programming problem as a question. */
export type CodingQuestion = Question<CodingContent>;

/** What the parser made of a proposal: not yet executed, not yet guarded. */
export interface Draft {
  statement: string;
  /** Present in mode `executed`; never shown to the solver. */
  reference?: string;
  /** What becomes the tests. `outputs` only in mode `written`. */
  inputs: unknown[][];
  outputs?: unknown[];
  entry: string;
  parameters: string[];
}

/** A problem as a question; its statement is the problem's. */
export function codingQuestion(problem: Problem, reference?: string, behaviour?: string): CodingQuestion {
  return {
    id: problem.id,
    statement: problem.statement,
    content: { problem, ...optional('reference', reference), ...optional('behaviour', behaviour) },
  };
}

/** Lines of the reference solution, empty ones and comments not counted; undefined without a reference. */
export function referenceLinesOf({ reference }: CodingContent): number | undefined {
  return reference?.split('\n').filter((line) => !/^\s*(?:$|\/\/|\/?\*)/.test(line)).length;
}

const InPython = z.object({ problem: z.object({ kind: z.literal('assertions'), language: z.literal('python') }) });

/** Whether answers to a question, of any domain, are run by the Python judge. */
export function needsPython({ content }: Question): boolean {
  return InPython.safeParse(content).success;
}
