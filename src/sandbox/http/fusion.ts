import * as z from 'zod';
import { BoundaryError } from '../../base/errors.ts';
import type { Limits } from '../../protocol/problem.ts';
import type { SandboxPool } from '../host/pool.ts';
import type { Caller } from '../host/scheduler.ts';
import type { Language, ProgramRun } from '../sandbox.ts';

/**
 * The `/run_code` shape of Sandbox Fusion, for the languages that this sandbox runs, so that trainers which speak to it
 * can speak to this one. Times are seconds, memory is megabytes; -1 stands for "no limit".
 */
const defaultMemoryMb = 256;
const memoryRange = { least: 8, most: 1024 };
const maxTimeMs = 60_000;

/** Sandbox Fusion's names, the short one that it takes too, and what clients write by hand. */
const languages = {
  nodejs: 'javascript',
  js: 'javascript',
  javascript: 'javascript',
  typescript: 'typescript',
  ts: 'typescript',
  python: 'python',
  python3: 'python',
  py: 'python',
} as const satisfies Record<string, Language>;

/** The body of `POST /run_code`. */
export const RunCodeRequest = z.object({
  code: z.string(),
  language: z.enum(Object.keys(languages) as (keyof typeof languages)[]),
  stdin: z.string().nullish(),
  compile_timeout: z.number().optional(),
  run_timeout: z.number().positive().optional(),
  memory_limit_MB: z.number().optional(),
  files: z.record(z.string(), z.string().nullable()).nullish(),
  fetch_files: z.array(z.string()).nullish(),
});
export type RunCodeRequest = z.infer<typeof RunCodeRequest>;

interface CommandResult {
  status: 'Finished' | 'Error' | 'TimeLimitExceeded';
  execution_time: number;
  return_code: number | null;
  stdout: string;
  stderr: string;
}

/** The answer to `POST /run_code`; times in seconds. */
export interface RunCodeReply {
  status: 'Success' | 'Failed' | 'SandboxError';
  message: string;
  compile_result: CommandResult | null;
  run_result: CommandResult | null;
  executor_pod_name: string | null;
  files: Record<string, string>;
}

/** Runs one request. Files in and out are refused: a program sees no file system. */
export async function runCode(sandbox: SandboxPool, request: RunCodeRequest, caller: Caller): Promise<RunCodeReply> {
  if (Object.keys(request.files ?? {}).length > 0 || (request.fetch_files ?? []).length > 0) {
    return reply('SandboxError', 'files and fetch_files are not supported', {});
  }
  try {
    const run = await sandbox.run({
      source: request.code,
      stdin: request.stdin ?? '',
      language: languages[request.language],
      limits: limitsOf(request),
      caller,
    });
    return replyOf(run);
  } catch (error) {
    if (error instanceof BoundaryError) {
      return reply('SandboxError', `${error.message} ${error.remedy}`, {});
    }
    throw error;
  }
}

function limitsOf(request: RunCodeRequest): Limits {
  const timeMs = Math.round((request.run_timeout ?? 10) * 1000);
  const memoryMb = request.memory_limit_MB ?? -1;
  return {
    timeMs: Math.min(maxTimeMs, Math.max(1, timeMs)),
    memoryMb:
      memoryMb <= 0 ? defaultMemoryMb : Math.round(Math.min(memoryRange.most, Math.max(memoryRange.least, memoryMb))),
  };
}

/**
 * As there: no language here has a step of compiling, so that a source that does not parse is a run that ended with code 1
 * and said so on standard error; `Error` and a message are for faults of the sandbox alone.
 */
function replyOf(run: ProgramRun): RunCodeReply {
  const ended = (returnCode: number, stderr = run.stderr): RunCodeReply =>
    reply(returnCode === 0 ? 'Success' : 'Failed', '', { run_result: resultOf(run, 'Finished', returnCode, stderr) });
  const said = `${run.stderr}${run.message}\n`;
  switch (run.verdict) {
    case 'AC':
      return ended(0);
    case 'RE':
      // One that chose its exit code has nothing to say; one whose interpreter broke could not.
      return ended(run.exitCode || 1, run.stderr === '' && !run.message.startsWith('exit code') ? said : run.stderr);
    case 'CE':
      return ended(1, run.stderr === '' ? said : run.stderr);
    case 'OLE':
      return ended(1, said);
    case 'MLE':
      // As a process that the system killed.
      return ended(137, said);
    case 'TLE':
      return reply('Failed', '', { run_result: resultOf(run, 'TimeLimitExceeded', null, run.stderr) });
    case 'IE':
      return reply('SandboxError', run.message, {});
    default:
      return run.verdict satisfies never;
  }
}

function resultOf(
  run: ProgramRun,
  status: CommandResult['status'],
  returnCode: number | null,
  stderr: string,
): CommandResult {
  return { status, execution_time: run.timeMs / 1000, return_code: returnCode, stdout: run.stdout, stderr };
}

function reply(
  status: RunCodeReply['status'],
  message: string,
  results: Partial<Pick<RunCodeReply, 'compile_result' | 'run_result'>>,
): RunCodeReply {
  return { status, message, compile_result: null, run_result: null, executor_pod_name: null, files: {}, ...results };
}
