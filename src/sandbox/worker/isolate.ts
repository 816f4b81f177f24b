import { ivm } from './native.ts';
import { sourceOfJob } from './compile.ts';
import { LibraryShelf } from './libraries.ts';
import { notCompiled } from './outcomes.ts';
import { runFunction } from './run-function.ts';
import { runProgram } from './run-program.ts';
import type { TestOutcome, WorkerJob } from '../wire/messages.ts';

const shelf = new LibraryShelf();

/** Runs one program in a fresh isolate and hands out one outcome per test, as soon as it is known. */
export function runJob(job: WorkerJob, send: (outcome: TestOutcome) => void): void {
  const order = job.order ?? job.inputs.map((_, index) => index);
  const isolate = new ivm.Isolate({ memoryLimit: job.memoryMb });
  try {
    const code = sourceOfJob(job, shelf);
    const run = job.kind === 'function' ? runFunction : runProgram;
    const outcomes = 'fault' in code ? notCompiled(order, code.fault) : run(isolate, job, code.source, order, shelf);
    sendAll(order, outcomes, send);
  } finally {
    if (!isolate.isDisposed) {
      isolate.dispose();
    }
  }
}

/** A test that breaks a limit ends the program: the isolate is gone or in an unknown state. The others fail with it. */
export function sendAll(
  order: readonly number[],
  outcomes: Iterable<TestOutcome>,
  send: (outcome: TestOutcome) => void,
): void {
  const open = new Set(order);
  let last: TestOutcome | undefined;
  for (const outcome of outcomes) {
    send(outcome);
    open.delete(outcome.index);
    last = outcome;
    if (['time', 'starved', 'memory'].includes(outcome.status)) {
      break;
    }
  }
  for (const index of open) {
    send({ index, status: last?.status ?? 'compile', timeMs: 0, message: 'not run: an earlier test broke its limit' });
  }
}
