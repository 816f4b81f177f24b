import type { Prompt } from '../../protocol/runtime.ts';
import type { Expression } from '../expression.ts';
import { type Form, sameValue } from '../forms.ts';
import { type AlgebraContent, solveLine, type SolvedSystem } from './content.ts';
import { type Equation, otherUnknown, printEquation } from './linear.ts';

/** A form with the unknown that it asks for; an answer may name it. */
export interface AlgebraForm extends Form {
  unknown?: string;
}

/** What is put before the solver. */
export interface Task {
  story: string;
  /** The line `Solve ... for x.`; absent for a question without equations. */
  line?: string;
  /** The first equation. */
  first?: string;
}

/** Letters that new unknowns are taken from; a and i are words. */
const letters = Array.from('pqmnuvwksztxybcdefgh');

/**
 * The question, the same with its unknowns renamed and its equations and their sides exchanged, and for two unknowns its
 * equations solved for the other one, whose value is put back into an equation that has both.
 */
export function algebraForms(
  content: AlgebraContent,
  solved: SolvedSystem,
  prompt: (task: Task) => Prompt,
): AlgebraForm[] {
  const { system, unknown } = solved;
  const { story } = content;
  const original = system.equations.map(printEquation);
  const names = renaming(system.unknowns, story);
  const swapped = [...system.equations].reverse().map((equation) => exchange(equation, names));
  const renamed = names.get(unknown) ?? unknown;
  return [
    { unknown, restore: sameValue, prompt: prompt(taskOf(story, original, unknown)) },
    {
      unknown: renamed,
      restore: sameValue,
      prompt: prompt(taskOf(renameIn(story, names), swapped.map(printEquation), renamed)),
    },
    ...putBack(solved, prompt),
  ];
}

/** The equations alone, solved for the other unknown: the story asks for this one. */
function putBack({ system, unknown }: SolvedSystem, prompt: (task: Task) => Prompt): AlgebraForm[] {
  const other = system.unknowns.find((name) => name !== unknown);
  const restore = other === undefined ? undefined : otherUnknown(system, other);
  if (other === undefined || !restore) {
    return [];
  }
  const equations = [...system.equations].reverse().map(printEquation);
  return [{ unknown: other, restore, prompt: prompt(taskOf('', equations, other)) }];
}

function taskOf(story: string, equations: string[], unknown: string): Task {
  const [first = ''] = equations;
  return { story, line: solveLine(equations, unknown), first };
}

/** New names, which occur in neither equations nor story. a and i stay: in the story they are words. */
function renaming(unknowns: readonly string[], story: string): ReadonlyMap<string, string> {
  const free = letters.filter((letter) => !unknowns.includes(letter) && !letterIn(letter).test(story)).values();
  return new Map(unknowns.map((name) => [name, /[ai]/i.test(name) ? name : (free.next().value ?? name)]));
}

function renameIn(story: string, names: ReadonlyMap<string, string>): string {
  return story.replaceAll(/(?<![\p{L}'])[a-z](?![\p{L}'])/giu, (letter) => names.get(letter) ?? letter);
}

/** The letter as a word of its own. */
function letterIn(letter: string): RegExp {
  return new RegExp(`(?<![\\p{L}'])${letter}(?![\\p{L}'])`, 'iu');
}

function exchange({ left, right }: Equation, names: ReadonlyMap<string, string>): Equation {
  return { left: rename(right, names), right: rename(left, names) };
}

function rename(expression: Expression, names: ReadonlyMap<string, string>): Expression {
  switch (expression.kind) {
    case 'number':
      return expression;
    case 'unknown':
      return { kind: 'unknown', name: names.get(expression.name) ?? expression.name };
    case 'negation':
      return { kind: 'negation', of: rename(expression.of, names) };
    case 'operation':
      return { ...expression, left: rename(expression.left, names), right: rename(expression.right, names) };
  }
}
