import type { FunctionProblem, Problem, TestResult } from '../../protocol/problem.ts';
import type { Execution } from '../sandbox.ts';
import { showValue, type Json } from '../wire/values.ts';

/** A checker decides in place of a comparison: `check(input, actual, expected) => boolean`. */
export interface CheckerJob {
  source: string;
  entry: 'check';
  inputs: FunctionProblem['tests'][number]['input'][];
  limits: Problem['limits'];
}

/** What the checker of a problem is called with. `actual`: the result of each test that has one, as data. */
export function checkerJob(problem: Problem, checker: string, actual: readonly (Json | undefined)[]): CheckerJob {
  const inputs = problem.tests.flatMap((test, index) => {
    const value = actual[index];
    return value === undefined ? [] : [[test.input, value, test.output]];
  });
  return { source: checker, entry: 'check', inputs, limits: { timeMs: 2000, memoryMb: 128 } };
}

/** The verdict of one answer of a checker. A checker that fails is our fault, not the solution's. */
export function checkedResult(answer: Execution | undefined, timeMs: number, actual: Json, expected: Json): TestResult {
  if (answer === undefined || !answer.ok) {
    return { verdict: 'IE', timeMs, message: `the checker failed: ${answer?.message ?? 'no answer'}` };
  }
  if (answer.value === true) {
    return { verdict: 'AC', timeMs };
  }
  return {
    verdict: 'WA',
    timeMs,
    actual: showValue(actual),
    expected: showValue(expected),
    difference: 'refused by the checker',
  };
}
