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

/** Whether a checker failed at a result in a way that the result can have caused: it threw, took too long, and so on. */
export function failedAtResult(answer: Execution | undefined): boolean {
  return answer !== undefined && !answer.ok && answer.verdict !== 'IE' && answer.verdict !== 'CE';
}

/**
 * The verdict of one answer of a checker. `works`: it was asked about the expected value, too, and answered. Then a failure
 * is the result's; otherwise it is the checker's, not the solution's.
 */
export function checkedResult(
  answer: Execution | undefined,
  works: boolean,
  timeMs: number,
  actual: unknown,
  expected: unknown,
): TestResult {
  if (answer === undefined || (!answer.ok && !works)) {
    return { verdict: 'IE', timeMs, message: `the checker failed: ${answer?.message ?? 'no answer'}` };
  }
  if (!answer.ok) {
    const shown = { actual: showValue(actual), expected: showValue(expected) };
    return { verdict: 'WA', timeMs, ...shown, difference: `the checker cannot take it: ${answer.message}` };
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
