import { z } from 'zod';
import { type JudgeResult, Problem } from '../../protocol/problem.ts';
import { createSandbox } from '../../sandbox/pool.ts';
import type { Sandbox } from '../../sandbox/sandbox.ts';
import { type Arguments, usage } from '../arguments.ts';
import { readInput, readInputJson, readInputLines } from '../lines.ts';

const Job = z.strictObject({
  problem: Problem,
  solution: z.string(),
  language: z.enum(['javascript', 'typescript']).optional(),
});
type Job = z.infer<typeof Job>;

/** Programs handed to the sandbox ahead of the one whose result is written next. */
const ahead = 256;

/** `selfq judge`: one solution for a person or as JSON, or a file of them, one JSON line each in their order. */
export async function judge(args: Arguments): Promise<number> {
  const batch = args.text('batch');
  const jobs = batch === undefined ? [singleJob(args)] : readInputLines(batch, Job, '{"problem", "solution"}');
  const workers = args.integer('workers', 1);
  const sandbox = await createSandbox(workers === undefined ? {} : { workers });
  try {
    await judgeInOrder(jobs, sandbox, (result) => {
      const asJson = batch !== undefined || args.has('json');
      process.stdout.write(asJson ? `${JSON.stringify(result)}\n` : describe(result));
    });
    return 0;
  } finally {
    await sandbox.close();
  }
}

function singleJob(args: Arguments): Job {
  const [problem, solution] = [args.text('problem'), args.text('solution')];
  if (problem === undefined || solution === undefined) {
    throw usage('What is to be judged?', 'Give --problem FILE and --solution FILE, or --batch FILE.jsonl.');
  }
  return {
    problem: readInputJson(problem, Problem, 'a problem: {"id", "statement", "kind", "entry", "tests", "limits"}'),
    solution: readInput(solution),
    language: /\.[cm]?ts$/.test(solution) ? 'typescript' : 'javascript',
  };
}

async function judgeInOrder(
  jobs: readonly Job[],
  sandbox: Sandbox,
  write: (result: JudgeResult) => void,
): Promise<void> {
  const pending: Promise<JudgeResult>[] = [];
  for (const { problem, solution, language } of jobs) {
    pending.push(sandbox.judge({ problem, source: solution, ...(language ? { language } : {}) }));
    if (pending.length >= ahead) {
      write(await first(pending));
    }
  }
  while (pending.length > 0) {
    write(await first(pending));
  }
}

function first(pending: Promise<JudgeResult>[]): Promise<JudgeResult> {
  const next = pending.shift();
  if (!next) {
    throw new Error('Nothing is pending.');
  }
  return next;
}

function describe({ verdict, score, passed, total, tests, message }: JudgeResult): string {
  const lines = tests.flatMap((test, index) => {
    if (test.verdict === 'AC') {
      return [];
    }
    const difference = test.actual === undefined ? '' : ` got ${test.actual}, expected ${test.expected ?? ''}`;
    return [`  test ${index + 1}: ${test.verdict}${difference}${test.message ? ` ${test.message}` : ''}`];
  });
  const head = `${verdict}: ${passed} of ${total} tests passed, score ${score.toFixed(2)}${message ? ` (${message})` : ''}`;
  return `${[head, ...lines].join('\n')}\n`;
}
