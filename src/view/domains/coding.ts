import { CodingContent } from '../../domains/coding/content.ts';
import type { Problem } from '../../protocol/problem.ts';
import type { TestsView } from '../messages.ts';

/** The problem that a question's content holds; undefined for questions of other domains. */
export function problemOf(content: unknown): Problem | undefined {
  return CodingContent.safeParse(content).data?.problem;
}

/** Tests and reference of a coding question; undefined for questions of other domains. */
export function testsView(content: unknown, testsMode: string): TestsView | undefined {
  const coding = CodingContent.safeParse(content).data;
  if (!coding) {
    return undefined;
  }
  const { problem, reference, seed } = coding;
  return {
    kind: problem.kind,
    ...(problem.kind === 'function' ? { entry: problem.entry } : {}),
    ...(reference === undefined ? {} : { reference }),
    testsMode,
    ...(seed
      ? { seed: { name: seed.name, place: `${seed.file}:${seed.line}`, isReference: seed.kind === 'statement' } }
      : {}),
    rows: testsOf(problem),
  };
}

/**
 * Input and expected output as a person reads them: call arguments as JSON, standard input and output as text; the test
 * code of a problem that brings it, which holds both.
 */
export function testsOf(problem: Problem): { input: string; expected: string }[] {
  if (problem.kind === 'assertions') {
    return problem.tests.map(({ code }) => ({ input: code, expected: '' }));
  }
  if (problem.kind === 'program') {
    return problem.tests.map(({ input, output }) => ({ input, expected: output }));
  }
  return problem.tests.map(({ input, output }) => ({
    input: input.map((value) => JSON.stringify(value)).join(', '),
    expected: JSON.stringify(output),
  }));
}
