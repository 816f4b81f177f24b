import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type * as vscode from 'vscode';
import { JudgeResult, type Problem } from '../protocol/problem.ts';
import { type Services, runSelfq } from './services.ts';

/** A program and the problem that it is to solve. */
export interface Job {
  problem: Problem;
  source: string;
  language: 'javascript' | 'typescript' | 'python';
}

const extensions = { javascript: 'js', typescript: 'ts', python: 'py' };

/** Runs a program against the tests of a problem in the real sandbox. Throws BoundaryError as `selfq judge` does. */
export async function judgeProgram(
  services: Services,
  { problem, source, language }: Job,
  token: vscode.CancellationToken,
): Promise<JudgeResult> {
  const folder = await mkdtemp(join(tmpdir(), 'selfq-solution-'));
  try {
    const [solution, tests] = [join(folder, `solution.${extensions[language]}`), join(folder, 'problem.json')];
    await writeFile(solution, source);
    await writeFile(tests, JSON.stringify(problem));
    const args = ['judge', '--problem', tests, '--solution', solution, '--json'];
    return JudgeResult.parse(JSON.parse(await runSelfq(services, args, { token })));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
