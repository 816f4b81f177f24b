import { FunctionProblem, type Limits } from '../../protocol/problem.ts';
import type { Execution, Sandbox } from '../../sandbox/sandbox.ts';
import type { Rejection } from '../domain.ts';
import type { SafetyGuard } from '../safety.ts';
import { codingQuestion, type CodingQuestion, type Draft } from './content.ts';
import { examplesOf } from './examples.ts';
import { type BehaviourDuplicates, behaviourKey } from './behaviour.ts';
import { checkDraft } from './guards.ts';
import { sameData, type Data } from './literal.ts';
import { multiplyInputs } from './multiply-inputs.ts';
import { distinct } from './parse.ts';

/** What a draft is held to. */
export interface VerifyOptions {
  /** What `checkDraft` holds the statement to; empty = anything. */
  topic: string;
  safetyGuard: SafetyGuard;
  minDistinctTests: number;
  maxTests: number;
  multiplyTests: number;
  behaviourDuplicates: BehaviourDuplicates;
  limits: Limits;
}

type Test = FunctionProblem['tests'][number];

/** Longest printed input or output of one test, characters of JSON. */
const maximumValue = 2000;

/** Two runs that differ in seed and in the order of calls tell chance and kept state from a function of the input. */
const seeds = [1, 2] as const;

/**
 * A draft that passes every guard becomes a question. Mode `executed` (a reference is there): the outputs are what the
 * reference returns. Mode `written`: the proposer's outputs are taken at their word.
 */
export async function verifyDraft(
  draft: Draft,
  id: string,
  sandbox: Sandbox,
  options: VerifyOptions,
): Promise<CodingQuestion | Rejection> {
  const objection = checkDraft(draft, options);
  if (objection) {
    return objection;
  }
  const tests =
    draft.reference === undefined ? writtenTests(draft) : await executedTests(draft, draft.reference, sandbox, options);
  if (!Array.isArray(tests)) {
    return tests;
  }
  const examples = examplesOf(draft.statement, draft.entry);
  const fault = checkTests(tests, examples, options);
  if (fault) {
    return fault;
  }
  const problem = FunctionProblem.safeParse({
    id,
    statement: draft.statement,
    kind: 'function',
    entry: draft.entry,
    parameters: draft.parameters,
    tests: tests.slice(0, options.maxTests),
    limits: options.limits,
    tags: [],
    source: 'self-play',
  });
  if (!problem.success) {
    const [issue] = problem.error.issues;
    return { reason: 'malformed', detail: `It makes no problem: ${issue?.path.join('.')}: ${issue?.message}.` };
  }
  const behaviour = await behaviourOf(draft, tests, sandbox, options);
  return codingQuestion(problem.data, draft.reference, behaviour);
}

async function behaviourOf(
  { reference, entry }: Draft,
  tests: readonly Test[],
  sandbox: Sandbox,
  { behaviourDuplicates, limits }: VerifyOptions,
): Promise<string | undefined> {
  if (reference === undefined || behaviourDuplicates === 'off') {
    return undefined;
  }
  const inputs = tests.map(({ input }) => input);
  return behaviourKey({ source: reference, entry, inputs }, sandbox, limits);
}

/** `tests`: those that become the problem's, and behind them others that examples are compared with. */
function checkTests(
  tests: readonly Test[],
  examples: readonly { input: Data[]; output?: Data }[],
  { minDistinctTests, maxTests }: VerifyOptions,
): Rejection | undefined {
  if (tests.length < minDistinctTests) {
    return fewTests(tests.length, minDistinctTests);
  }
  const kept = tests.slice(0, maxTests);
  if (distinct(kept.map((test) => test.output)).length < 2) {
    return { reason: 'tests_all_same_output', detail: 'Every test has the same output, so a constant would pass.' };
  }
  for (const { input, output } of examples) {
    const test = tests.find((candidate) => sameJson(candidate.input, input));
    if (test && output !== undefined && !sameData(output, test.output)) {
      const [said, computed] = [JSON.stringify(output), JSON.stringify(test.output)];
      return {
        reason: 'example_contradicts_reference',
        detail: `An example says ${said.slice(0, 100)} where the solution gives ${computed.slice(0, 100)}.`,
      };
    }
  }
  const hidden = kept.filter((test) => !examples.some(({ input }) => sameJson(input, test.input)));
  return hidden.length === 0
    ? { reason: 'tests_all_shown', detail: 'Every test is an example of the statement, so none is hidden.' }
    : undefined;
}

function fewTests(found: number, wanted: number): Rejection {
  return { reason: 'few_tests', detail: `It has ${found} distinct runnable tests; at least ${wanted} are needed.` };
}

function sameJson(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function writtenTests(draft: Draft): Test[] | Rejection {
  const pairs = draft.inputs.map((input, i) => ({ input, output: draft.outputs?.[i] }));
  const tests = FunctionProblem.shape.tests.safeParse(pairs);
  if (tests.success) {
    return tests.data;
  }
  return pairs.length === 0 ? [] : { reason: 'malformed', detail: 'A test is not plain data.' };
}

/** Runs the reference twice; inputs on which it fails are skipped while enough others remain. */
async function executedTests(
  draft: Draft,
  reference: string,
  sandbox: Sandbox,
  { minDistinctTests, maxTests, multiplyTests, limits }: VerifyOptions,
): Promise<Test[] | Rejection> {
  const own = FunctionProblem.shape.tests.element.shape.input.array().parse(distinct(draft.inputs));
  // A reference fails on some of the mutated ones.
  const inputs = multiplyInputs(own, Math.ceil(1.5 * multiplyTests))
    .filter((input) => JSON.stringify(input).length <= maximumValue)
    .slice(0, 2 * maxTests);
  if (inputs.length < minDistinctTests) {
    return fewTests(inputs.length, minDistinctTests);
  }
  const job = { source: reference, entry: draft.entry, limits };
  const first = await sandbox.execute({ ...job, inputs, seed: seeds[0] });
  if (first.filter((execution) => execution.ok).length < minDistinctTests && !first.some(isOurFault)) {
    return failure(first);
  }
  const second = await sandbox.execute({ ...job, inputs: inputs.toReversed(), seed: seeds[1] });
  const runs = inputs.map((input, i) => ({ input, first: first[i], second: second[inputs.length - 1 - i] }));
  if (runs.some((run) => isOurFault(run.first) || isOurFault(run.second))) {
    return { reason: 'sandbox_fault', detail: 'The sandbox failed while it ran the reference solution.' };
  }
  if (runs.some((run) => !sameExecution(run.first, run.second))) {
    return { reason: 'not_deterministic', detail: 'Two runs of the reference solution gave different results.' };
  }
  const tests = runs.flatMap(({ input, first: result }) =>
    result?.ok && JSON.stringify(result.value).length <= maximumValue ? [{ input, output: result.value }] : [],
  );
  return tests.length >= minDistinctTests ? tests : failure(first);
}

function isOurFault(execution: Execution | undefined): boolean {
  return execution === undefined || (!execution.ok && execution.verdict === 'IE');
}

function sameExecution(a: Execution | undefined, b: Execution | undefined): boolean {
  if (a?.ok && b?.ok) {
    return sameJson(a.value, b.value);
  }
  return a?.ok === b?.ok;
}

/** Why too few inputs are left, by the first that failed. */
function failure(executions: readonly Execution[]): Rejection {
  const failed = executions.find((execution) => !execution.ok);
  if (!failed || failed.verdict === 'BAD' || failed.verdict === 'OLE') {
    return {
      reason: 'output_not_data',
      detail: 'The reference solution returns something else than short plain data.',
    };
  }
  const message = failed.message === '' ? '' : `: ${failed.message.slice(0, 150)}`;
  return { reason: 'reference_fails', detail: `The reference solution ends in ${failed.verdict}${message}` };
}
