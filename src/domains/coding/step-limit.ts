import type { AnyNode, Function as FunctionNode } from 'acorn';
import { full } from 'acorn-walk';
import { tryParse } from './mutants.ts';

/** A text to insert; at the same position, one that closes a part comes before one that opens the next. */
interface Insertion {
  position: number;
  text: string;
  closes: boolean;
}

/**
 * The program with a counter of its loop passes and of the calls of its functions, over all tests that it runs in one
 * realm; beyond `steps` it throws. A program that never ends then fails after the same work on every machine, and at once,
 * instead of after its time limit. Lines keep their numbers. A source that does not parse is returned as it is.
 */
export function limitSteps(source: string, steps: number): string {
  const program = tryParse(source);
  if (!program) {
    return source;
  }
  // The walk gives inner nodes first: they close first, and open last.
  const insertions: Insertion[] = [];
  full(program, (node) => insertions.push(...insertionsOf(node)));
  const closing = insertions.filter(({ closes }) => closes);
  const opening = insertions.filter(({ closes }) => !closes).toReversed();
  const counter = ` var steps$ = 0; function step$() { if (++steps$ > ${steps}) throw new RangeError('too many steps'); } `;
  const start = endOfDirectives(program.body) ?? 0;
  let result = source.slice(0, start) + counter;
  let copied = start;
  for (const { position, text } of [...closing, ...opening].toSorted((a, b) => a.position - b.position)) {
    result += source.slice(copied, position) + text;
    copied = position;
  }
  return result + source.slice(copied);
}

function insertionsOf(node: AnyNode): Insertion[] {
  switch (node.type) {
    case 'ForStatement':
    case 'ForInStatement':
    case 'ForOfStatement':
    case 'WhileStatement':
    case 'DoWhileStatement':
      return node.body.type === 'BlockStatement'
        ? [opened(node.body.start + 1, ' step$();')]
        : [opened(node.body.start, '{ step$(); '), closed(node.body.end, ' }')];
    case 'FunctionDeclaration':
    case 'FunctionExpression':
    case 'ArrowFunctionExpression':
      return inFunction(node);
    default:
      return [];
  }
}

function inFunction({ body }: FunctionNode): Insertion[] {
  if (body.type !== 'BlockStatement') {
    return [opened(body.start, '(step$(), '), closed(body.end, ')')];
  }
  return [opened(endOfDirectives(body.body) ?? body.start + 1, ' step$();')];
}

/** Directives such as `'use strict'` have to stay first. */
function endOfDirectives(statements: readonly AnyNode[]): number | undefined {
  return statements.findLast((node) => node.type === 'ExpressionStatement' && node.directive !== undefined)?.end;
}

function opened(position: number, text: string): Insertion {
  return { position, text, closes: false };
}

function closed(position: number, text: string): Insertion {
  return { position, text, closes: true };
}
