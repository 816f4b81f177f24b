import { join } from 'node:path';
import * as z from 'zod';
import { makeFolderSync } from '../../base/make-folder.ts';
import { BoundaryError } from '../../base/errors.ts';
import { explainFileError, writeFileAtomic } from '../../base/files.ts';
import { FunctionProblem, ProgramProblem, type ComparedProblem } from '../../protocol/problem.ts';
import { readRun, readStep, recordedSteps } from '../folder.ts';

/** A question whose tests compare results, with the proposer's solution. */
const Programming = z.object({
  problem: z.discriminatedUnion('kind', [FunctionProblem, ProgramProblem]),
  reference: z.string().optional(),
});

/**
 * Writes every programming problem of a run as a task folder of Harbor (harborframework.com: instruction.md, task.toml,
 * environment, tests, solution) into `out`; the reward is the share of tests passed. Returns the number of tasks. Throws
 * BoundaryError('usage') for a run without programming problems.
 */
export function exportHarbor(runDir: string, out: string): number {
  const { id: run } = readRun(runDir);
  let tasks = 0;
  for (const step of recordedSteps(runDir)) {
    for (const line of readStep(runDir, step, ['question'])) {
      const found = Programming.safeParse(line.content);
      if (found.success) {
        const name = `step-${step}-${line.id.replace(/[^\w-]+/g, '-')}`;
        writeTask(join(out, name), filesOf({ name, run, step, solveRate: line.solveRate ?? undefined, ...found.data }));
        tasks++;
      }
    }
  }
  if (tasks === 0) {
    throw new BoundaryError(
      'usage',
      'This run has no programming problems that could be tasks.',
      'Export a run of the domain coding or workspace, or the questions with --format dataset.',
    );
  }
  return tasks;
}

interface Task {
  name: string;
  run: string;
  step: number;
  /** Mean reward of the solver's answers, in [0, 1]. */
  solveRate?: number | undefined;
  problem: ComparedProblem;
  reference?: string | undefined;
}

function writeTask(folder: string, files: ReadonlyMap<string, string>): void {
  for (const [name, text] of files) {
    const path = join(folder, name);
    try {
      makeFolderSync(join(path, '..'));
      writeFileAtomic(path, text, name.endsWith('.sh') ? { mode: 0o755 } : undefined);
    } catch (error) {
      throw explainFileError(error, path);
    }
  }
}

const solutionFile = '/app/solution.js';

function filesOf({ name, run, step, solveRate, problem, reference }: Task): Map<string, string> {
  const files = new Map([
    ['instruction.md', instructionOf(problem)],
    ['task.toml', settingsOf(name, { run, step, solveRate, tags: problem.tags })],
    ['environment/Dockerfile', 'FROM node:24-slim\nWORKDIR /app\n'],
    ['tests/problem.json', `${JSON.stringify(problem)}\n`],
    ['tests/check.cjs', checker],
    [
      'tests/test.sh',
      `#!/bin/sh\nmkdir -p /logs/verifier\nnode /tests/check.cjs ${solutionFile} > /logs/verifier/reward.txt\n`,
    ],
  ]);
  if (reference !== undefined) {
    const solution = `#!/bin/sh\ncat > ${solutionFile} <<'END_OF_SOLUTION'\n${reference}\nEND_OF_SOLUTION\n`;
    files.set('solution/solve.sh', solution);
  }
  return files;
}

function instructionOf(problem: ComparedProblem): string {
  const form =
    problem.kind === 'function'
      ? `Write the JavaScript function \`${problem.entry}(${parametersOf(problem)})\` that returns the result, at the top level of \`${solutionFile}\`. It is run by Node.js.`
      : `Write the JavaScript program \`${solutionFile}\` for Node.js, which reads standard input and writes its answer to standard output.`;
  return `${problem.statement}\n\n${form}\n`;
}

function parametersOf({ parameters, tests }: FunctionProblem): string {
  const longest = Math.max(...tests.map(({ input }) => input.length));
  return (parameters ?? Array.from({ length: longest }, (_, index) => `arg${index}`)).join(', ');
}

function settingsOf(
  name: string,
  { run, step, solveRate, tags }: Pick<Task, 'run' | 'step' | 'solveRate'> & { tags: readonly string[] },
): string {
  // JSON's strings, lists of strings and numbers are TOML's too.
  const text = (value: unknown): string => JSON.stringify(value);
  return `schema_version = "1.1"

[task]
name = ${text(`self-questioning/${name}`)}
description = "A problem that a language model wrote for itself."
keywords = ${text(tags)}

[metadata]
category = "programming"
run = ${text(run)}
step = ${step}
${solveRate === undefined ? '' : `solve_rate = ${solveRate}\n`}
[verifier]
timeout_sec = 120.0

[agent]
timeout_sec = 600.0

[environment]
build_timeout_sec = 600.0
cpus = 1
memory_mb = 1024
storage_mb = 1024
`;
}

/** tests/check.cjs of every task: prints the share of tests that the file of its argument passes. Node.js alone is needed. */
const checker = `'use strict';
const { spawnSync } = require('node:child_process');
const { readFileSync } = require('node:fs');
const { join } = require('node:path');
const problem = JSON.parse(readFileSync(join(__dirname, 'problem.json'), 'utf8'));
const solution = process.argv[2];
const { compare = {}, limits } = problem;

function close(expected, actual) {
  if (compare.tolerance === undefined && Number.isInteger(expected)) return expected === actual;
  const tolerance = compare.tolerance ?? Math.min(1e-6, Math.abs(expected) / 100);
  return Math.abs(expected - actual) <= tolerance * Math.max(1, Math.abs(expected), Math.abs(actual));
}

function text(value) {
  return compare.mode === 'caseInsensitive' ? value.toLowerCase() : value;
}

function agree(expected, actual) {
  if (typeof expected === 'number') return typeof actual === 'number' && close(expected, actual);
  if (typeof expected === 'string') return typeof actual === 'string' && text(expected) === text(actual);
  if (expected === null || typeof expected !== 'object') return expected === actual;
  if (actual === null || typeof actual !== 'object' || Array.isArray(expected) !== Array.isArray(actual)) return false;
  if (!Array.isArray(expected)) {
    const fields = Object.keys(expected);
    return fields.length === Object.keys(actual).length && fields.every((f) => f in actual && agree(expected[f], actual[f]));
  }
  if (expected.length !== actual.length) return false;
  if (compare.mode !== 'unordered') return expected.every((value, i) => agree(value, actual[i]));
  const left = [...actual];
  return expected.every((value) => {
    const found = left.findIndex((other) => agree(value, other));
    if (found >= 0) left.splice(found, 1);
    return found >= 0;
  });
}

function tokensAgree(expected, actual) {
  const [left, right] = [expected, actual].map((output) => output.split(/\\s+/).filter(Boolean));
  const same = (a, b) => text(a) === text(b) || (a !== '' && Number.isFinite(+a) && Number.isFinite(+b) && close(+a, +b));
  return left.length === right.length && left.every((token, i) => same(token, right[i]));
}

function run(args, input) {
  const { status, stdout } = spawnSync(process.execPath, args, {
    input, encoding: 'utf8', timeout: limits.timeMs + 2000, maxBuffer: 2 ** 24, stdio: ['pipe', 'pipe', 'ignore'],
  });
  return status === 0 ? stdout : undefined;
}

/** The value of the function, or the output of the program; undefined where there is none. */
function outcome({ input }) {
  if (problem.kind === 'program') return run([solution], input);
  const mark = 'result ' + Math.random().toString(36).slice(2) + ': ';
  const print = '\\n;process.stdout.write("\\\\n" + ' + JSON.stringify(mark) + ' + JSON.stringify(';
  const call = problem.entry + '(...' + JSON.stringify(input) + ')) + "\\\\n")';
  const output = run(['-e', readFileSync(solution, 'utf8') + print + call], '') ?? '';
  const line = output.split('\\n').find((one) => one.startsWith(mark));
  try {
    return line === undefined ? undefined : JSON.parse(line.slice(mark.length));
  } catch {
    return undefined;
  }
}

const own = compare.checker && new Function(compare.checker + '\\nreturn check;')();
const passes = (test) => {
  const actual = outcome(test);
  if (actual === undefined) return false;
  if (own) return own(test.input, actual, test.output) === true;
  return problem.kind === 'program' ? tokensAgree(test.output, actual) : agree(test.output, actual);
};
console.log(problem.tests.filter(passes).length / problem.tests.length);
`;
