/** Inputs of tests as nested data, so that those of functions and of programs can be changed in the same way. */
import type { JsonValue } from '../../src/protocol/json.ts';
import type { FunctionProblem, ProgramProblem } from '../../src/protocol/problem.ts';

/**
 * An input: the arguments of a function; or the first line of standard input and the list of its other lines, each a list
 * of words and integers.
 */
export type Document = JsonValue[];

/** Both ways between the inputs of a problem and documents. */
export interface DocumentForm {
  documents: Document[];
  toInput(document: Document): Document | string;
}

/** The inputs of a problem's tests as documents. A line of a program whose spaces count is one text. */
export function documentForm(problem: FunctionProblem | ProgramProblem): DocumentForm {
  if (problem.kind === 'function') {
    return { documents: problem.tests.map(({ input }) => input), toInput: (document) => document };
  }
  const texts = problem.tests.map(({ input }) => input.replace(/\n$/, '').split('\n'));
  const isSpaced = texts.flat().every((line) => line === line.split(/\s+/).join(' ').trim());
  return {
    documents: texts.map((lines) => {
      const [first = [], ...others] = lines.map((line) => (isSpaced || isNumeric(line) ? wordsOf(line) : [line]));
      return others.length === 0 ? [first] : [first, others];
    }),
    toInput: ([first = [], others]) => `${[first, ...(Array.isArray(others) ? others : [])].map(textOf).join('\n')}\n`,
  };
}

function textOf(line: JsonValue): string {
  const words = Array.isArray(line) ? line : [line];
  return words.map((word) => (typeof word === 'string' ? word : JSON.stringify(word))).join(' ');
}

function isNumeric(line: string): boolean {
  return /^-?\d+(?: -?\d+)*$/.test(line);
}

function wordsOf(line: string): JsonValue[] {
  return line === '' ? [] : line.split(' ').map((word) => (/^-?(?:0|[1-9]\d{0,14})$/.test(word) ? Number(word) : word));
}
