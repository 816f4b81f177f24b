import { parse as parseProgram, type Function as FunctionNode, type Node, type Program } from 'acorn';
import type { Rejection } from '../domain.ts';
import type { Draft } from './content.ts';
import { callsOf, examplesOf } from './examples.ts';
import { parseLiteral, type Data } from './literal.ts';

/** A proposal that is longer is not looked at, characters. */
const maximumLength = 20_000;

/** Lines that may be cut from a broken end before a file counts as not parsable. */
const maximumCuts = 80;

/**
 * Reads a code-shaped proposal (mode `executed`): the first comment is the statement, a function behind it the
 * reference, calls of that function with literal arguments are the tests' inputs. Whatever stands around them, and a
 * broken or cut end, is ignored.
 */
export function parseProposalFile(proposal: string): Draft | Rejection {
  const comment = firstComment(codeBlock(proposal.slice(0, maximumLength)));
  if (!comment) {
    return malformed('The proposal has no comment that states a problem.');
  }
  const { statement, rest } = splitTags(comment.text);
  if (statement === '') {
    return malformed('The comment states no problem.');
  }
  const file = parseLenient(comment.after);
  const functions = file ? topLevelFunctions(file.program) : [];
  if (!file || functions.length === 0) {
    return malformed('No complete function follows the statement.');
  }
  const entry = chooseEntry(functions, comment.after);
  const parameters = parameterNames(entry.node);
  if (!parameters) {
    return malformed(`The function ${entry.name} does not take a plain list of named parameters.`);
  }
  // Calls inside the function itself are recursion, not tests.
  const outside = `${rest}\n${comment.after.slice(0, entry.node.start)}\n${comment.after.slice(entry.node.end)}`;
  // A call that leaves an argument out tests nothing that the statement speaks of.
  const required = entry.node.params.filter((parameter) => parameter.type === 'Identifier').length;
  const fits = ({ length }: readonly Data[]) => length >= Math.max(1, required) && length <= parameters.length;
  const calls = [...callsOf(outside, entry.name), ...examplesOf(statement, entry.name)];
  return {
    statement,
    reference: referenceOf(file.source, file.program, entry.name),
    inputs: distinct(calls.map((call) => call.input).filter(fits)),
    entry: entry.name,
    parameters,
  };
}

/** The rejection of what does not have the form of a proposal. */
export function malformed(detail: string): Rejection {
  return { reason: 'malformed', detail };
}

/** Values that differ as JSON, in order. */
export function distinct<T>(values: readonly T[]): T[] {
  const seen = new Set<string>();
  return values.filter((value) => {
    const key = JSON.stringify(value);
    return seen.has(key) ? false : seen.add(key);
  });
}

/** What stands in the first fence, or everything where there is none; an open fence reaches to the end. */
function codeBlock(text: string): string {
  const open = text.indexOf('```');
  const start = open < 0 ? 0 : text.indexOf('\n', open) + 1;
  const close = text.indexOf('```', start);
  return text.slice(start, close < 0 ? undefined : close);
}

/** The first block comment or run of line comments, without its marks, and the code behind it. */
function firstComment(source: string): { text: string; after: string } | undefined {
  const match = /\/\*([\s\S]*?)\*\/|(?:^[ \t]*\/\/[^\n]*(?:\n|$))+/m.exec(source);
  if (!match) {
    return undefined;
  }
  const body = match[1] ?? match[0].replaceAll(/^[ \t]*\/\/+ ?/gm, '');
  const text = body.replaceAll(/^[ \t]*\*+[ \t]?/gm, '');
  return { text, after: source.slice(match.index + match[0].length) };
}

/** Prose and examples are the statement; the block of `@param`, `@return` and other tags says nothing new. */
function splitTags(comment: string): { statement: string; rest: string } {
  const at = comment.search(/^[ \t]*@\w/m);
  const prose = at < 0 ? comment : comment.slice(0, at);
  const lines = prose.split('\n').map((line) => line.trimEnd());
  return {
    statement: lines
      .join('\n')
      .replaceAll(/\n{3,}/g, '\n\n')
      .trim(),
    rest: at < 0 ? '' : comment.slice(at),
  };
}

/** Parses the longest beginning that is a program: lines are cut from the end, first those behind the error. */
function parseLenient(source: string): { program: Program; source: string } | undefined {
  let text = source;
  for (let cuts = 0; cuts <= maximumCuts; cuts++) {
    const result = tryParse(text);
    if ('program' in result) {
      return { program: result.program, source: text };
    }
    const lineStart = text.lastIndexOf('\n', Math.min(result.position, text.length) - 1);
    if (lineStart < 0) {
      return undefined;
    }
    text = text.slice(0, lineStart);
  }
  return undefined;
}

function tryParse(source: string): { program: Program } | { position: number } {
  let position = source.length;
  for (const sourceType of ['script', 'module'] as const) {
    try {
      return { program: parseProgram(source, { ecmaVersion: 'latest', sourceType, allowReturnOutsideFunction: true }) };
    } catch (error) {
      if (!(error instanceof SyntaxError)) {
        // Nesting so deep that the parser's own stack overflows.
        return { position: 0 };
      }
      if ('pos' in error && typeof error.pos === 'number' && sourceType === 'script') {
        position = error.pos;
      }
    }
  }
  return { position };
}

interface NamedFunction {
  name: string;
  node: FunctionNode;
}

/** Function declarations and functions bound to a name, also behind `export`. */
function topLevelFunctions(program: Program): NamedFunction[] {
  return program.body.flatMap((statement): NamedFunction[] => {
    const node = statement.type === 'ExportNamedDeclaration' ? statement.declaration : statement;
    if (node?.type === 'FunctionDeclaration') {
      return node.id.name === '' ? [] : [{ name: node.id.name, node }];
    }
    if (node?.type !== 'VariableDeclaration') {
      return [];
    }
    return node.declarations.flatMap(({ id, init }) =>
      id.type === 'Identifier' && init && isFunction(init) ? [{ name: id.name, node: init }] : [],
    );
  });
}

function isFunction(node: Node): node is FunctionNode {
  return node.type === 'FunctionExpression' || node.type === 'ArrowFunctionExpression';
}

/** `solve` where there is one, else the function that is called most with data, else the first. */
function chooseEntry(functions: readonly NamedFunction[], source: string): NamedFunction {
  const solve = functions.find(({ name }) => name === 'solve');
  const counts = new Map(functions.map(({ name }) => [name, solve ? 0 : callsOf(source, name).length]));
  const count = ({ name }: NamedFunction): number => counts.get(name) ?? 0;
  const [first] = solve ? [solve] : functions.toSorted((a, b) => count(b) - count(a));
  if (!first) {
    throw new RangeError('chooseEntry needs at least one function');
  }
  return first;
}

/** Names of plain parameters, without defaults; undefined for none, rest, destructuring and generators. */
function parameterNames(node: FunctionNode): string[] | undefined {
  const names: string[] = [];
  for (const parameter of node.params) {
    const target = parameter.type === 'AssignmentPattern' ? parameter.left : parameter;
    if (target.type !== 'Identifier') {
      return undefined;
    }
    names.push(target.name);
  }
  return names.length === 0 || node.generator ? undefined : names;
}

/** Declarations alone, as written: functions, classes and constants, without calls and test code. */
function referenceOf(source: string, program: Program, entry: string): string {
  const callsEntry = (text: string) => callsOf(text, entry).length > 0;
  const parts = program.body.flatMap((statement) => {
    const node = statement.type === 'ExportNamedDeclaration' ? statement.declaration : statement;
    if (node?.type === 'FunctionDeclaration' || node?.type === 'ClassDeclaration') {
      return node.type === 'FunctionDeclaration' &&
        node.id.name !== entry &&
        callsEntry(source.slice(node.start, node.end))
        ? []
        : [source.slice(node.start, node.end)];
    }
    if (node?.type !== 'VariableDeclaration') {
      return [];
    }
    const text = source.slice(node.start, node.end);
    const needed = node.declarations.every(
      ({ init }) => !init || isFunction(init) || init.type === 'NewExpression' || isLiteralText(source, init),
    );
    return needed ? [text] : [];
  });
  return parts.join('\n\n');
}

function isLiteralText(source: string, node: Node): boolean {
  return parseLiteral(source.slice(node.start, node.end)) !== undefined;
}
