import { BoundaryError } from '../../base/errors.ts';
import type { FunctionProblem, JudgeResult, Problem, ProgramProblem, Verdict } from '../../protocol/problem.ts';
import type { Sandbox } from '../../sandbox/sandbox.ts';
import type { Mutant } from './mutants.ts';
import { limitSteps } from './step-limit.ts';

/** CPU milliseconds of a test of a mutant, for what takes long without loop passes and calls. */
const timeMs = 200;

/** Limits of loop passes and calls that a reference is tried with, and the multiple of them that its mutants get. */
const stepCounts = [1_000, 10_000, 100_000, 1_000_000];
const stepFactor = 10;

/** Tests on which a program is tried first, the longest: most mutants fail there, and the others need not run. */
const firstTests = 2;

/**
 * Which of the reference's mutants pass every test of the problem, in order: each is a mistake that the tests do not
 * notice, or none. A mutant that takes many times the steps of the reference counts as one that never ends. Throws
 * BoundaryError('sandbox') for a reference that does not pass itself, and for a program that the sandbox could not judge,
 * so that it never counts as killed.
 */
export async function survivingMutants(
  problem: Problem,
  reference: string,
  mutants: readonly Mutant[],
  sandbox: Sandbox,
): Promise<Mutant[]> {
  const steps = stepFactor * (await stepsOf(problem, reference, sandbox));
  const limits = { ...problem.limits, timeMs: Math.min(problem.limits.timeMs, timeMs) };
  const limited = mutants.map(({ source }) => limitSteps(source, steps));
  const survived = await survives({ ...problem, limits }, limited, sandbox);
  return mutants.filter((_, index) => survived[index]);
}

async function survives(problem: Problem, sources: readonly string[], sandbox: Sandbox): Promise<boolean[]> {
  switch (problem.kind) {
    case 'function':
      return functionsSurvive(problem, sources, sandbox);
    case 'program':
      return Promise.all(sources.map((source) => programSurvives(problem, source, sandbox)));
    case 'assertions':
      return Promise.all(sources.map((source) => passes(problem, source, sandbox)));
    default:
      return problem satisfies never;
  }
}

/** The least of the counts within which the reference passes: over all tests of a function, for each of a program. */
async function stepsOf(problem: Problem, reference: string, sandbox: Sandbox): Promise<number> {
  for (const steps of stepCounts) {
    if (await passes(problem, limitSteps(reference, steps), sandbox)) {
      return steps;
    }
  }
  throw new BoundaryError(
    'sandbox',
    `The reference of ${problem.id} does not pass its own tests within ${stepCounts.at(-1)} steps.`,
    'Correct the reference or its tests.',
  );
}

async function programSurvives(problem: ProgramProblem, source: string, sandbox: Sandbox): Promise<boolean> {
  const tests = problem.tests.toSorted((a, b) => b.input.length - a.input.length);
  for (const part of [tests.slice(0, firstTests), tests.slice(firstTests)]) {
    if (part.length > 0 && !(await passes({ ...problem, tests: part }, source, sandbox))) {
      return false;
    }
  }
  return true;
}

async function passes(problem: Problem, source: string, sandbox: Sandbox): Promise<boolean> {
  const result = await sandbox.judge({ problem, source });
  if (result.verdict === 'IE') {
    throw new BoundaryError(
      'sandbox',
      `A mutant of the reference of ${problem.id} could not be judged: ${result.message ?? 'fault of the sandbox'}.`,
      'Try again.',
    );
  }
  return result.verdict === 'AC';
}

/** Verdicts of one test that say nothing of the tests behind it in the same isolate. */
const contained: ReadonlySet<Verdict> = new Set(['AC', 'WA', 'RE', 'BAD']);

/**
 * All mutants of a function in one isolate, since to make an isolate takes longer than to run them. A mutant with a
 * test that ended in another way than by a result or an exception, which a neighbour may have caused, is judged again alone.
 */
async function functionsSurvive(
  problem: FunctionProblem,
  sources: readonly string[],
  sandbox: Sandbox,
): Promise<boolean[]> {
  const { entry, tests } = problem;
  const name = `${entry}$mutant`;
  const packed: FunctionProblem = {
    ...problem,
    entry: name,
    parameters: undefined,
    tests: sources.flatMap((_, index) => tests.map(({ input, output }) => ({ input: [index, ...input], output }))),
  };
  const result: JudgeResult | undefined =
    sources.length > 0 ? await sandbox.judge({ problem: packed, source: pack(name, entry, sources) }) : undefined;
  return Promise.all(
    sources.map(async (source, index) => {
      const verdicts = (result?.tests ?? [])
        .slice(index * tests.length, (index + 1) * tests.length)
        .map(({ verdict }) => verdict);
      return verdicts.length === tests.length && verdicts.every((verdict) => contained.has(verdict))
        ? verdicts.every((verdict) => verdict === 'AC')
        : passes(problem, source, sandbox);
    }),
  );
}

/** A function that calls the mutant of the number that is its first argument; each in a separate scope. */
function pack(name: string, entry: string, sources: readonly string[]): string {
  const scopes = sources.map((source) => `() => {${source}\nreturn ${entry};\n}`);
  return `const scopes$ = [${scopes.join(',\n')}];
const loaded$ = [];
function ${name}(index, ...input) { return (loaded$[index] ??= scopes$[index]())(...input); }`;
}
