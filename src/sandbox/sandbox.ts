import type { FunctionProblem, JudgeResult, Limits, Problem } from '../protocol/problem.ts';

/** Languages that programs may be written in. */
export type Language = 'javascript' | 'typescript' | 'python';

/** One call of `execute`: what came back, as plain data, or why nothing did. */
export type Execution =
  | { ok: true; value: FunctionProblem['tests'][number]['output'] }
  | { ok: false; verdict: Exclude<JudgeResult['verdict'], 'AC' | 'WA'>; message: string };

/** One run of a program on standard input: what it wrote and how it ended. */
export interface ProgramRun {
  /** AC stands for "ran to its end with exit code 0" here; nothing is compared. */
  verdict: Exclude<JudgeResult['verdict'], 'WA' | 'BAD'>;
  stdout: string;
  stderr: string;
  /** Absent where the program was stopped before it could end. */
  exitCode?: number;
  /** CPU milliseconds. */
  timeMs: number;
  message: string;
}

/** Runs model-written programs. Implemented by the pool of child processes (sandbox/host/pool.ts). */
export interface Sandbox {
  /** Runs `source` on every test of `problem` in a fresh isolate and compares outside of it. Never throws for what a program does. */
  judge(job: { problem: Problem; source: string; language?: Language }): Promise<JudgeResult>;
  /** Calls `entry(...input)` for every input in one fresh isolate; results by index. `seed` feeds Math.random and Date. */
  execute(job: {
    source: string;
    /** Default `javascript`. */
    language?: 'javascript' | 'typescript';
    entry: string;
    inputs: readonly FunctionProblem['tests'][number]['input'][];
    limits: Limits;
    seed?: number;
  }): Promise<Execution[]>;
  /** Counters since start. */
  readonly counters: { programs: number; workersKilled: number; internalErrors: number };
  close(): Promise<void>;
}
