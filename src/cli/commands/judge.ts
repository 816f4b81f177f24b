import { once } from 'node:events';
import { constants, createReadStream } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { type JudgeResult, Problem } from '../../protocol/problem.ts';
import { judgeBatch } from '../../sandbox/http/batch.ts';
import { createSandbox } from '../../sandbox/host/pool.ts';
import type { Language, Sandbox } from '../../sandbox/sandbox.ts';
import { visibleText } from '../../view/visible-text.ts';
import { type Arguments, usage } from '../arguments.ts';
import { readInput, readInputJson } from '../lines.ts';

/** `selfq judge`: one solution for a person or as JSON, or a file of them, one JSON line each in their order. */
export async function judge(args: Arguments): Promise<number> {
  const batch = args.text('batch');
  if (batch !== undefined && (args.text('problem') ?? args.text('solution')) !== undefined) {
    throw usage('A batch names its own problems and solutions.', 'Leave out --batch, or --problem and --solution.');
  }
  const single = batch === undefined ? readJob(args) : undefined;
  if (batch !== undefined) {
    await assertReadable(batch);
  }
  const workers = args.integer('workers', 1);
  const sandbox = await createSandbox(workers === undefined ? {} : { workers });
  try {
    if (single === undefined) {
      return await writeBatch(sandbox, batch === '-' ? process.stdin : createReadStream(batch ?? ''));
    }
    const result = await sandbox.judge(single);
    process.stdout.write(args.has('json') ? `${JSON.stringify(result)}\n` : describe(result));
    return 0;
  } finally {
    await sandbox.close();
  }
}

/** A line that is no job gives a line with `error` in its place; the exit code is then 1. */
async function writeBatch(sandbox: Sandbox, input: AsyncIterable<Buffer | string>): Promise<number> {
  let failed = 0;
  for await (const item of judgeBatch(sandbox, input)) {
    failed += 'error' in item ? 1 : 0;
    const text = `${JSON.stringify('error' in item ? item : item.result)}\n`;
    if (!process.stdout.write(text)) {
      // A reader that is slower than the judge must not fill the memory.
      await once(process.stdout, 'drain');
    }
  }
  if (failed > 0) {
    process.stderr.write(`${failed} lines could not be judged; their results say why.\n`);
  }
  return failed > 0 ? 1 : 0;
}

function readJob(args: Arguments): Parameters<Sandbox['judge']>[0] {
  const [problem, solution] = [args.text('problem'), args.text('solution')];
  if (problem === undefined || solution === undefined) {
    throw usage('What is to be judged?', 'Give --problem FILE and --solution FILE, or --batch FILE.jsonl.');
  }
  return {
    problem: readInputJson(problem, Problem, 'a problem: {"id", "statement", "kind", "entry", "tests", "limits"}'),
    source: readInput(solution),
    language: languageOf(solution),
  };
}

function languageOf(path: string): Language {
  // Names of Windows come in any case.
  const extension = /\.([cm]?ts|py)$/i.exec(path)?.[1]?.toLowerCase();
  return extension === undefined ? 'javascript' : extension === 'py' ? 'python' : 'typescript';
}

async function assertReadable(path: string): Promise<void> {
  if (path !== '-') {
    const remedy = 'Give the path of a JSONL file, or - for standard input.';
    const found = await stat(path).catch(() => undefined);
    if (found?.isDirectory()) {
      throw usage(`${path} is a folder.`, remedy);
    }
    await access(path, constants.R_OK).catch(() => {
      throw usage(`${path} cannot be read.`, remedy);
    });
  }
}

function describe({ verdict, score, passed, total, tests, message }: JudgeResult): string {
  const lines = tests.flatMap((test, index) => {
    if (test.verdict === 'AC') {
      return [];
    }
    const difference = test.actual === undefined ? '' : ` got ${test.actual}, expected ${test.expected ?? ''}`;
    return [`  test ${index + 1}: ${test.verdict}${difference}${test.message ? ` ${test.message}` : ''}`];
  });
  const note = message ? ` (${message})` : '';
  const head = `${verdict}: ${passed} of ${total} tests passed, score ${score.toFixed(2)}${note}`;
  // What a program throws or returns must not steer the terminal.
  return visibleText(`${[head, ...lines].join('\n')}\n`);
}
