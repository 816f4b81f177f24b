import { Script } from 'node:vm';
import { parseJson } from '../../protocol/json.ts';
import type { ImportReason } from '../../protocol/imports.ts';
import { Problem } from '../../protocol/problem.ts';

/** A question that was made of a row. */
export interface Taken {
  /** What the domain reads (`Domain.read`). */
  row: object;
  /** Where rows of the domain have one: two rows of one id are one question. */
  id?: string;
  /** Its tests expect `undefined`. */
  expectsUndefined?: boolean;
  python?: boolean;
}

/** One form in which data sets come. */
export interface Format {
  readonly name: string;
  /** What it is, in a few words. */
  readonly description: string;
  /** The domain that its questions are of. */
  readonly domain: 'coding' | 'algebra';
  /** Columns by which it is recognised; of several in brackets one has to be there. */
  readonly needs: readonly (string | readonly string[])[];
  /** Further columns that are read where they are there; of a parquet file nothing else is decoded. */
  readonly reads?: readonly string[];
  /** Only used where it is asked for by name. */
  readonly onlyByName?: boolean;
  /** A row as a question, or why it makes none. `index`: place among all rows of the import, from 0. Throws nothing. */
  read(row: unknown, index: number): Taken | ImportReason;
}

/** Columns that a format needs and that are not among `columns`, as a person reads them. */
export function missingColumns({ needs }: Format, columns: readonly string[]): string[] {
  return needs.flatMap((need) => {
    const names = typeof need === 'string' ? [need] : need;
    return names.some((name) => columns.includes(name)) ? [] : [names.join(' or ')];
  });
}

/** Every column that a format looks at. */
export function readColumns({ needs, reads = [] }: Format): string[] {
  return [...new Set([...needs.flat(), ...reads])];
}

/** A coding problem as a question, once it fits the schema. */
export function takeProblem(value: unknown, more: Omit<Taken, 'row' | 'id'> = {}): Taken | ImportReason {
  const { data } = Problem.safeParse(value);
  return data ? { row: data, id: data.id, ...more } : 'invalid_question';
}

/** JSON in a string, with numbers as they are written; undefined where it is none. */
export function jsonIn(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}

/** Words that name no function in JavaScript, although Python may call one so. */
const reserved = new Set(
  'await break case catch class const continue debugger default delete do else enum export extends false finally for function if import in instanceof let new null return static super switch this throw true try typeof var void while with yield'.split(
    ' ',
  ),
);

/** Whether a solver in JavaScript can write a function of this name. */
export function isFunctionName(name: string): boolean {
  return /^[A-Za-z_$][\w$]*$/.test(name) && !reserved.has(name);
}

/** Whether a source compiles as a script; nothing of it runs. */
export function isJavaScript(source: string): boolean {
  try {
    new Script(source);
    return true;
  } catch {
    return false;
  }
}
