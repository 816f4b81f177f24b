import type { ComparedProblem, TestResult } from '../../protocol/problem.ts';
import type { Execution } from '../sandbox.ts';
import { encodeValue, showValue } from '../wire/values.ts';

/** A checker decides in place of a comparison: `check(input, actual, expected) => boolean`. */
export interface CheckerJob {
  source: string;
  entry: 'check';
  /** Text of each argument list on the wire (values.ts), because results may be what JSON cannot say. */
  inputs: string[];
  limits: ComparedProblem['limits'];
}

/** The result of a test, as data; a box, because the data may be undefined. */
export interface Actual {
  value: unknown;
}

/** What the checker of a problem is called with. `actual`: the result of each test that has one. */
export function checkerJob(
  problem: ComparedProblem,
  checker: string,
  actual: readonly (Actual | undefined)[],
): CheckerJob {
  const inputs = problem.tests.flatMap((test, index) => {
    const result = actual[index];
    return result === undefined ? [] : [encodeValue([test.input, result.value, test.output])];
  });
  return { source: checker, entry: 'check', inputs, limits: { timeMs: 2000, memoryMb: 128 } };
}

/** The verdict of one answer of a checker. A checker that fails is our fault, not the solution's. */
export function checkedResult(
  answer: Execution | undefined,
  timeMs: number,
  actual: unknown,
  expected: unknown,
): TestResult {
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
