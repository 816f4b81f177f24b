import { once } from 'node:events';
import { readSync, writeSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { isMainThread, Worker } from 'node:worker_threads';
import { encodeFrame, frameOf, FrameReader } from '../wire/frames.ts';
import {
  type Hello,
  interpreterThread,
  type PythonKit,
  type Reply,
  type TestOutcome,
  type WorkerJob,
} from '../wire/messages.ts';

/**
 * Entry of a worker process: reads a job, runs it, answers, all synchronously (the asynchronous way halves the rate).
 * It writes nothing but frames, to a separate pipe; standard output belongs to nobody. Ends with its parent.
 */
const channel = 3;
const lifeline = 4;
/** Outcomes are sent along at least this often, so that the parent knows which test a worker hangs in. */
const flushMs = 15;
/** And before they are too long for a frame, characters. */
const flushLength = 4e6;

/** A thread, because the main one may be held by a program that nothing stops: dies with the parent's end of the pipe. */
const lifelineSource = `
  const { readSync } = require('node:fs');
  try {
    while (readSync(${lifeline}, Buffer.alloc(1)) > 0);
  } finally {
    process.kill(process.pid, 'SIGKILL');
  }
`;

function write(message: Reply | Hello): void {
  writeAll(encodeFrame(message));
}

function writeAll(frame: Buffer): void {
  let written = 0;
  while (written < frame.length) {
    written += writeSync(channel, frame, written);
  }
}

type RunJob = (job: WorkerJob, emit: (outcome: TestOutcome) => void, begin: () => void) => void;

interface Runner {
  runJob: RunJob;
  /** What is to be done before the next job comes. */
  ahead: () => void;
  /** True once no further job may be run. */
  isSpent: () => boolean;
}

function answer(job: WorkerJob, { runJob, isSpent }: Runner): void {
  let outcomes: TestOutcome[] = [];
  let flushed = performance.now();
  let held = 0;
  const flush = (done: boolean): void => {
    write({ id: job.id, nonce: job.nonce, outcomes, done, ...(done && isSpent() ? { spent: true } : {}) });
    outcomes = [];
    held = 0;
    flushed = performance.now();
  };
  const emit = (outcome: TestOutcome): void => {
    outcomes.push(outcome);
    held += outcome.value?.length ?? 0;
    if (held > flushLength || performance.now() - flushed > flushMs) {
      flush(false);
    }
  };
  runJob(job, emit, () => {
    flush(false);
  });
  flush(true);
}

/**
 * Python that recurses through C (lru_cache, max over a generator) takes some 1.4 kB of machine stack a level; with this
 * much, the interpreter reaches the end of its own stack first, some 20,000 levels deep, and says RecursionError.
 */
const pythonStackMb = 128;

/** The main thread's stack is what the system gives; the size of another thread's can be chosen on every platform. */
async function runInThread(): Promise<void> {
  const [, path = '', ...argv] = process.argv;
  const thread = new Worker(path, {
    argv,
    name: interpreterThread,
    resourceLimits: { stackSizeMb: pythonStackMb, codeRangeSizeMb: 8 },
  });
  await once(thread, 'exit');
}

async function prepareRunner(kit: PythonKit | undefined): Promise<Runner> {
  if (kit === undefined) {
    const { runJob } = await import('./isolate.ts');
    return { runJob, ahead: () => undefined, isSpent: (await import('./compile.ts')).isCompilerBroken };
  }
  const { InterpreterFactory } = await import('./interpreter.ts');
  const { runPython } = await import('./run-python.ts');
  const factory = new InterpreterFactory(kit);
  const ahead = (): void => {
    factory.prepare();
  };
  // Each program has had an interpreter that goes with it.
  return { runJob: (job, emit, begin) => runPython(factory, job, emit, begin), ahead, isSpent: () => false };
}

async function main(): Promise<void> {
  const [, , , folder, snapshot] = process.argv;
  const kit = folder === undefined ? undefined : { folder, snapshot };
  if (isMainThread) {
    new Worker(lifelineSource, { eval: true, resourceLimits: { codeRangeSizeMb: 8 } }).unref();
  }
  if (kit !== undefined && isMainThread) {
    await runInThread();
    return;
  }
  if (kit !== undefined) {
    // What V8 allows an isolate that is made from here on; some of the stack is left for what surrounds it.
    setFlagsFromString(`--stack-size=${(pythonStackMb - 4) * 1024}`);
  }
  if (kit !== undefined && kit.snapshot === undefined) {
    const { InterpreterFactory } = await import('./interpreter.ts');
    writeAll(frameOf(new InterpreterFactory(kit).makeSnapshot()));
    return;
  }
  const runner = await prepareRunner(kit);
  runner.ahead();
  write({ ready: true });
  const reader = new FrameReader();
  const buffer = Buffer.allocUnsafe(256 * 1024);
  for (;;) {
    const bytes = readSync(channel, buffer);
    if (bytes === 0) {
      return;
    }
    for (const job of reader.push(Buffer.from(buffer.subarray(0, bytes)))) {
      // The parent is trusted: its jobs are checked there, by their type.
      answer(job as WorkerJob, runner);
      runner.ahead();
    }
  }
}

try {
  await main();
} catch (error) {
  write({ failed: error instanceof Error ? error.message : String(error) });
}
process.kill(process.pid, 'SIGKILL');
