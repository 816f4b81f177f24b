import type { Rejection } from '../domain.ts';
import type { Draft } from './content.ts';
import { parseLiteral, parseLiteralList, type Data } from './literal.ts';
import { distinct, malformed } from './parse.ts';
import { testsHeading, writtenHeading } from './prompts.ts';

const separator = '|||';

/** A proposal that is longer is not looked at, characters. */
const maximumLength = 20_000;

/**
 * Reads a proposal in the paper's layout (mode `written`): everything between the headings is the statement, every
 * line with three bars behind the second heading a test. Tests that cannot be read are skipped; tests that
 * contradict one another turn the proposal down.
 */
export function parseWrittenProposal(proposal: string): Draft | Rejection {
  const text = proposal.slice(0, maximumLength);
  const heading = text.search(new RegExp(`^[^\\w\\n]*${testsHeading}`, 'im'));
  if (heading < 0) {
    return malformed(`The heading "${testsHeading}" is missing.`);
  }
  const before = text.slice(0, heading);
  const start = before.indexOf(writtenHeading);
  // Marks that a model sets a heading in (`**`, `#`) are no part of the description.
  const statement = withoutMarks(before.slice(start < 0 ? 0 : start + writtenHeading.length));
  if (statement === '') {
    return malformed('The description is empty.');
  }
  const tests = distinct(text.slice(heading).split('\n').flatMap(readTest));
  const inputs = tests.map((test) => test.input);
  if (distinct(inputs).length < inputs.length) {
    return { reason: 'contradicting_tests', detail: 'Two tests give different outputs for one input.' };
  }
  return {
    statement: `${statement}\n\nThe function takes the integers as an array and returns ${returned(tests)}.`,
    inputs: inputs.map((numbers) => [numbers]),
    outputs: tests.some((test) => test.output.length !== 1 || test.list)
      ? tests.map((test) => test.output)
      : tests.map((test) => test.output[0] ?? null),
    entry: 'solve',
    parameters: ['nums'],
  };
}

function withoutMarks(text: string): string {
  const isMark = (char: string): boolean => char === '*' || char === '#' || char.trim() === '';
  let end = text.length;
  while (end > 0 && isMark(text.charAt(end - 1))) {
    end--;
  }
  return text.slice(0, end).replace(/^[\s*#]+/, '');
}

interface WrittenTest {
  input: number[];
  output: number[];
  /** The output was written in brackets. */
  list: boolean;
}

function returned(tests: readonly WrittenTest[]): string {
  return tests.some((test) => test.output.length !== 1 || test.list) ? 'an array of integers' : 'an integer';
}

function readTest(line: string): WrittenTest[] {
  const at = line.indexOf(separator);
  if (at < 0) {
    return [];
  }
  const left = line.slice(0, at).replace(/^\s*(?:\d+[.)]|[-*](?=\s))\s+(?=\S)/, '');
  const input = integersOf(left);
  const right = line.slice(at + separator.length).trim();
  const output = integersOf(right);
  return input && output ? [{ input, output, list: right.startsWith('[') }] : [];
}

/** `1 2 3`, `1, 2, 3` or `[1, 2, 3]` as integers; undefined for anything else. */
function integersOf(text: string): number[] | undefined {
  const trimmed = text.trim();
  const values: Data | undefined = trimmed.startsWith('[')
    ? parseLiteral(trimmed)
    : parseLiteralList(trimmed.replaceAll(/\s+/g, ' ').replaceAll(/ ?, ?| /g, ','));
  if (!Array.isArray(values)) {
    return undefined;
  }
  const integers = values.filter((value): value is number => Number.isSafeInteger(value));
  return integers.length === values.length ? integers : undefined;
}
