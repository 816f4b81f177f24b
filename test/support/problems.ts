import type { FunctionProblem, ProgramProblem } from '../../src/protocol/problem.ts';

/** Problems that the tests of this folder share. */
export function functionProblem(overrides: Partial<FunctionProblem> = {}): FunctionProblem {
  return {
    id: 'sum',
    statement: 'Return the sum of an array of numbers.',
    kind: 'function',
    entry: 'solve',
    tests: [
      { input: [[1, 2, 3]], output: 6 },
      { input: [[]], output: 0 },
      { input: [[10, -4]], output: 6 },
    ],
    limits: { timeMs: 200, memoryMb: 64 },
    tags: [],
    source: 'test',
    ...overrides,
  };
}

export function programProblem(overrides: Partial<ProgramProblem> = {}): ProgramProblem {
  return {
    id: 'sum-program',
    statement: 'Read n and then n integers; print their sum.',
    kind: 'program',
    tests: [
      { input: '3\n1 2 3\n', output: '6\n' },
      { input: '1\n-5\n', output: '-5\n' },
    ],
    limits: { timeMs: 300, memoryMb: 64 },
    tags: [],
    source: 'test',
    ...overrides,
  };
}

export const honest = 'function solve(a) { return a.reduce((x, y) => x + y, 0); }';
