import * as z from 'zod';
import { isRejection, type Question, type Rejection } from '../domain.ts';
import { type Rational, rationalText } from '../rational.ts';
import { parseValue } from '../value.ts';
import { type LinearSystem, parseSystem, printEquation, solveSystem } from './linear.ts';

/**
 * What an algebra question holds: a story (may be empty) and, where it has them, its equations and the unknown that is
 * asked for. A question of a file without equations holds the answer that the file gives (canonical text).
 */
export const AlgebraContent = z.object({
  story: z.string(),
  system: z.object({ equations: z.array(z.string()).min(1), unknown: z.string() }).optional(),
  answer: z.string().optional(),
});
export type AlgebraContent = z.infer<typeof AlgebraContent>;
/** A word problem with its equations as a question. */
export type AlgebraQuestion = Question<AlgebraContent>;

/** Equations, the unknown that is asked for, and its value. */
export interface SolvedSystem {
  system: LinearSystem;
  unknown: string;
  value: Rational;
}

/** The line that states equations: `Solve c + r = 30, 2*c + 4*r = 86 for c.` */
export function solveLine(equations: readonly string[], unknown: string): string {
  return `Solve ${equations.join(', ')} for ${unknown}.`;
}

/** A question of a story and a system, or of either alone. */
export function algebraQuestion(
  id: string,
  story: string,
  solved?: Pick<SolvedSystem, 'system' | 'unknown'>,
): AlgebraQuestion {
  if (!solved) {
    return { id, statement: story, content: { story } };
  }
  const equations = solved.system.equations.map(printEquation);
  const line = solveLine(equations, solved.unknown);
  return {
    id,
    statement: story === '' ? line : `${story}\n\n${line}`,
    content: { story, system: { equations, unknown: solved.unknown } },
  };
}

/** Most unknowns of a question. */
const maximumUnknowns = 2;

/** Solves equations for one unknown; rejected where they are not linear or have no unique solution. */
export function solveFor(equations: readonly string[], unknown: string): SolvedSystem | Rejection {
  const system = parseSystem(equations);
  if (isRejection(system)) {
    return system;
  }
  if (system.unknowns.length > maximumUnknowns) {
    return { reason: 'malformed', detail: `There are more than ${maximumUnknowns} unknowns.` };
  }
  if (!system.unknowns.includes(unknown)) {
    return { reason: 'malformed', detail: `The unknown ${unknown} is in no equation.` };
  }
  const value = solveSystem(system)?.get(unknown);
  return value
    ? { system, unknown, value }
    : { reason: 'no_unique_solution', detail: 'The equations have no solution, or more than one.' };
}

/** The solved system of a question; undefined for one without equations. Throws RangeError for a damaged record. */
export function solvedOf({ id, content }: AlgebraQuestion): SolvedSystem | undefined {
  if (!content.system) {
    return undefined;
  }
  const solved = solveFor(content.system.equations, content.system.unknown);
  if (isRejection(solved)) {
    throw new RangeError(`The question ${id} holds no system: ${solved.detail}`);
  }
  return solved;
}

/** The true value; undefined where it is not known. */
export function truthOf(question: AlgebraQuestion): Rational | undefined {
  return solvedOf(question)?.value ?? parseValue(question.content.answer ?? '');
}

const Row = z.object({ question: z.string(), answer: z.union([z.string(), z.number()]).optional() });

/** The parts of `Solve A = B, C = D for x.`, alone or behind a story; undefined where a question is none. */
function taskOf(question: string): { story: string; equations: string; unknown: string } | undefined {
  const asked = /\bfor\s+\$?([a-z])\$?\s*\.?$/i.exec(question.trimEnd());
  const before = question.slice(0, asked?.index ?? 0).trimEnd();
  const line = before.lastIndexOf('\n');
  const verb = [...before.matchAll(/\bSolve\s+/gi)].find(({ index, 0: words }) => index + words.length > line);
  const equations = verb && before.slice(verb.index + verb[0].length).trim();
  return asked?.[1] !== undefined && equations?.includes('=') === true
    ? { story: before.slice(0, verb?.index), equations, unknown: asked[1] }
    : undefined;
}

/**
 * A question from a row `{question, answer}`: equations in the line `Solve ... for x.`, or a word problem. The answer
 * stands behind `####`, or alone. Throws where the row is none, and where its answer is not the solution.
 */
export function readRow(row: unknown, id: string): AlgebraQuestion {
  const { question, answer } = Row.parse(row);
  const given = answer === undefined ? undefined : givenValue(String(answer));
  const task = taskOf(question);
  if (!task) {
    if (!given) {
      throw new Error('it has neither equations nor an answer');
    }
    return { id, statement: question.trim(), content: { story: question.trim(), answer: rationalText(given) } };
  }
  const solved = solveFor(splitEquations(task.equations), task.unknown);
  if (isRejection(solved)) {
    throw new Error(solved.detail);
  }
  if (given && !given.equals(solved.value)) {
    throw new Error(`its answer ${rationalText(given)} is not the solution ${rationalText(solved.value)}`);
  }
  return algebraQuestion(id, task.story.trim(), solved);
}

/** Equations of one line, between commas, semicolons or "and". */
export function splitEquations(text: string): string[] {
  return text
    .split(/;|,(?!\d{3}\b)|\band\b/i)
    .map((equation) => equation.trim())
    .filter((equation) => equation !== '');
}

function givenValue(text: string): Rational {
  const value = parseValue((text.split('####').at(-1) ?? '').trim());
  if (!value) {
    throw new Error(`its answer is not a number: "${text.slice(-40)}"`);
  }
  return value;
}
