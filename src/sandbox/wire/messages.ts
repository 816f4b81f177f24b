/**
 * What pool and worker say to each other. Shapes only: the worker loads nothing it does not need, and the parent checks
 * every message against replies.ts.
 */

/**
 * One program for a worker. Inputs only: expected values never leave the parent.
 * A worker answers with one or more {@link Reply} of the same id and nonce, the last with `done`.
 */
export interface WorkerJob {
  id: number;
  nonce: string;
  kind: 'function' | 'program';
  source: string;
  language: 'javascript' | 'typescript' | 'python';
  /** Name of the function to call; unused by programs. */
  entry: string;
  /** JSON text of each argument list, or the standard input of each test. */
  inputs: readonly string[];
  /** CPU milliseconds of one test. */
  timeMs: number;
  /** V8 heap of the isolate, MiB. */
  memoryMb: number;
  /** Feeds Math.random and Date. */
  seed: number;
  /** Tests run in this order; a permutation of the indices. */
  order?: readonly number[];
  /** Wall time may be this many times the CPU limit before a test is cut. */
  wallFactor: number;
  /** Function problems only: inputs are text of the wire (values.ts), which holds more than JSON can say. */
  inputsOnWire?: boolean | undefined;
  /** Programs only: send what they wrote and how they ended even where they failed. */
  streams?: boolean | undefined;
}

/**
 * How one test ended, by facts the worker process owns.
 * ok: `value` is the result on the wire (values.ts) or the standard output; threw: `message` is the program's own text;
 * time: over its CPU limit; starved: cut by the clock before it had its CPU time; memory: the isolate hit its limit;
 * output: result or output over the cap; notData: result is not plain data; pending: the promise never settles;
 * compile: no code to run.
 */
export type OutcomeStatus =
  'ok' | 'threw' | 'time' | 'starved' | 'memory' | 'output' | 'notData' | 'pending' | 'compile';

/** What running a program on one input came to. */
export interface TestOutcome {
  index: number;
  status: OutcomeStatus;
  /** CPU milliseconds where the platform tells, else wall time. */
  timeMs: number;
  value?: string | undefined;
  message?: string | undefined;
  /** With `streams`: standard error and exit code; `value` is then the standard output, also of a failed program. */
  stderr?: string | undefined;
  exitCode?: number | undefined;
}

/** Outcomes of a program, as soon as they are known; `done` with the last. */
export interface Reply {
  id: number;
  nonce: string;
  outcomes: TestOutcome[];
  done: boolean;
  /** The job has broken something that later jobs would need: the worker is not to be used again. */
  spent?: boolean | undefined;
}

/**
 * Why the pool killed a worker. time: a program past its CPU limit that nothing inside stopped; memory: resident memory;
 * stalled: no CPU time for long (a stopped process, a machine that does not get to it); protocol: a message that its job
 * did not call for; retired: no longer needed.
 */
export type KillReason = 'time' | 'memory' | 'stalled' | 'protocol' | 'retired';

/** A program as the pool hands it over; id and nonce are the channel's own. */
export type Program = Omit<WorkerJob, 'id' | 'nonce'>;

/**
 * How the worker's part of a program ended: all outcomes are there, or the process is gone. `spentMs`: CPU time (else wall
 * time) that the test had had when it was killed for its time.
 */
export type RunEnd =
  | { type: 'done' }
  | { type: 'killed'; reason: KillReason; spentMs?: number }
  | { type: 'died'; signal: NodeJS.Signals | null; code: number | null };

/** What the pool knows of a program that has run. */
export interface RunReport {
  /** By test index; holes where no outcome arrived. */
  outcomes: (TestOutcome | undefined)[];
  end: RunEnd;
  /** The worker is not to be used again, although the program ended well. */
  spent?: boolean;
}

/**
 * What a worker for Python is started with: the folder of Pyodide and a memory snapshot of its interpreter. Without the
 * snapshot it makes one, writes it to the channel in place of any message, and ends.
 */
export interface PythonKit {
  folder: string;
  snapshot: string | undefined;
}

/** Name of the thread in which a worker for Python runs its programs; its CPU time is what counts. */
export const interpreterThread = 'interpreter';

/** First message of a worker: it has loaded isolated-vm, or why it has not. */
export type Hello = { ready: true } | { failed: string };

/** Longest result of one test on the wire, and longest standard output, in UTF-16 units. */
export const maxValueLength = { function: 1024 * 1024, program: 8 * 1024 * 1024 };
/** Longest source of a program, bytes of UTF-8. */
export const maxSourceBytes = 1_000_000;
/** What is kept of standard error, in UTF-16 units. */
export const maxStderrLength = 64 * 1024;
