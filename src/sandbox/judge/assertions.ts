import { randomBytes } from 'node:crypto';
import type { AssertionProblem, JudgeResult, TestResult } from '../../protocol/problem.ts';
import type { Language, ProgramRun } from '../sandbox.ts';
import { summarise } from './verdicts.ts';

/** A program that ends with a piece of test code, and what it writes last where it comes to its end. */
export interface AssertionRun {
  source: string;
  /** Nobody can guess it: a solution that ends its process before the assertions has not passed them. */
  mark: string;
}

/**
 * The program of a test: the solution, then the test code as it is, then the mark. In JavaScript the test code has a block
 * for itself, so that what it declares meets no declaration of the solution.
 */
export function assertionRun({ language }: AssertionProblem, source: string, code: string): AssertionRun {
  const mark = randomBytes(12).toString('hex');
  return {
    mark,
    source:
      language === 'python'
        ? `${source}\n\n${code}\n\nimport sys\nsys.stdout.write('${mark}')\n`
        : `${source}\n;{\n${code}\n}\nprocess.stdout.write('${mark}');\n`,
  };
}

/** Whether a solution in `solution` can stand in front of the test code. */
export function fitsTests({ language }: AssertionProblem, solution: Language): boolean {
  return (language === 'python') === (solution === 'python');
}

/** The language in which solution and test code run together. */
export function joinedLanguage({ language }: AssertionProblem, solution: Language): Language {
  return language === 'typescript' ? 'typescript' : solution;
}

/** What became of a test. An assertion that failed is a wrong answer, any other exception one of the program. */
export function assertionResult({ verdict, stdout, message, timeMs }: ProgramRun, { mark }: AssertionRun): TestResult {
  if (verdict === 'AC') {
    return stdout.endsWith(mark)
      ? { verdict, timeMs }
      : { verdict: 'WA', timeMs, message: 'the program ended before the assertions were through' };
  }
  const failed = verdict === 'RE' && message.startsWith('AssertionError');
  return { verdict: failed ? 'WA' : verdict, timeMs, ...(message === '' ? {} : { message }) };
}

/** The judgement of a solution in a language that the test code is not in. */
export function otherLanguage({ language, tests }: AssertionProblem): JudgeResult {
  return summarise(tests.map(() => ({ verdict: 'CE', message: `the tests are ${language}, the solution is not` })));
}
