import { BoundaryError } from '../../base/errors.ts';
import type { ComparedProblem, JudgeResult, Verdict } from '../../protocol/problem.ts';

/** A program whose verdict is known; a pool that says anything else must not judge. */
interface Canary {
  name: string;
  verdict: Verdict;
  source: string;
}

/** CPU milliseconds of a test: short for a loop that takes all of it, ample for what ends by itself. */
const limitMs = { loop: 50, other: 2000 };

const problem: ComparedProblem = {
  id: 'canary',
  statement: 'Return the sum of two numbers.',
  kind: 'function',
  entry: 'add',
  tests: [
    { input: [1, 2], output: 3 },
    { input: [-4, 4], output: 0 },
  ],
  limits: { timeMs: limitMs.other, memoryMb: 32 },
  tags: [],
  source: 'canary',
};

const honest: Canary = { name: 'an honest solution', verdict: 'AC', source: 'const add = (a, b) => a + b;' };

/** Those that leave the worker alive; a start-up can afford them. */
const quick: Canary[] = [
  honest,
  { name: 'a wrong answer', verdict: 'WA', source: 'const add = () => 3;' },
  { name: 'a syntax error', verdict: 'CE', source: 'const add = (' },
  { name: 'an exception', verdict: 'RE', source: "const add = () => { throw 'Script execution timed out.'; };" },
  { name: 'a result that is no data', verdict: 'BAD', source: 'const add = () => add;' },
  {
    name: 'replaced primordials',
    verdict: 'WA',
    source:
      'JSON.stringify = JSON.parse = () => 3; Reflect.apply = () => 3; Object.is = () => true;' +
      'Array.prototype[Symbol.iterator] = function* () {}; Object.prototype.toJSON = () => 3; const add = () => 4;',
  },
  { name: 'an endless loop', verdict: 'TLE', source: 'const add = () => { for (;;); };' },
];

/** Those that cost a worker. */
const thorough: Canary[] = [
  { name: 'endless growth', verdict: 'MLE', source: 'const add = () => { const a = []; for (;;) a.push({}); };' },
  { name: 'a loop that no timeout stops', verdict: 'TLE', source: 'const add = () => 7n ** (7n ** (10n ** 7n));' },
];

const python: Canary[] = [
  { name: 'an honest solution in Python', verdict: 'AC', source: 'def add(a, b):\n    return a + b' },
  { name: 'a wrong answer in Python', verdict: 'WA', source: 'def add(a, b):\n    return 3' },
];

type Judge = (problem: ComparedProblem, source: string) => Promise<JudgeResult>;

/** Throws BoundaryError of the boundary `sandbox` at the first canary with another verdict than its own. */
export function runCanaries(judge: Judge, all: boolean): Promise<void> {
  return runAll(judge, [...quick, ...(all ? thorough : []), honest]);
}

/** The same for Python. Throws BoundaryError('sandbox') that names the first wrong verdict. */
export function runPythonCanaries(judge: Judge): Promise<void> {
  return runAll(judge, python);
}

async function runAll(judge: Judge, canaries: readonly Canary[]): Promise<void> {
  for (const canary of canaries) {
    const result = await judgeCanary(judge, canary);
    // "Our fault" about a loop on a machine that gives the pool next to no time is true, and no misjudgement.
    const starved = result.verdict === 'IE' && canary.verdict === 'TLE';
    if (result.verdict !== canary.verdict && !starved) {
      throw new BoundaryError(
        'sandbox',
        `The sandbox judged ${canary.name} ${result.verdict} instead of ${canary.verdict} (${result.message ?? 'no message'}).`,
        'Run `selfq doctor`; if the machine is very busy, try again when it is less so.',
      );
    }
  }
}

/** A verdict, or IE after three tries: a fault that passes must not keep the pool from starting. */
async function judgeCanary(judge: Judge, canary: Canary): Promise<JudgeResult> {
  const timeMs = canary.verdict === 'TLE' ? limitMs.loop : limitMs.other;
  const limited = { ...problem, limits: { ...problem.limits, timeMs } };
  let result = await judge(limited, canary.source);
  for (let tries = 1; tries < 3 && result.verdict === 'IE'; tries += 1) {
    result = await judge(limited, canary.source);
  }
  return result;
}
