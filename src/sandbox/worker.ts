import { readSync, writeSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { encodeFrame, FrameReader } from './frames.ts';
import type { Hello, Reply, TestOutcome, WorkerJob } from './messages.ts';

/**
 * Entry of a worker process: reads a job, runs it, answers, all synchronously (the asynchronous way halves the rate).
 * It writes nothing but frames, to a pipe of its own; standard output belongs to nobody. Ends with its parent.
 */
const channel = 3;
const lifeline = 4;
/** Outcomes are sent along at least this often, so that the parent knows which test a worker hangs in. */
const flushMs = 15;

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
  const frame = encodeFrame(message);
  let written = 0;
  while (written < frame.length) {
    written += writeSync(channel, frame, written);
  }
}

function answer(job: WorkerJob, runJob: (job: WorkerJob, emit: (outcome: TestOutcome) => void) => void): void {
  let outcomes: TestOutcome[] = [];
  let flushed = performance.now();
  const flush = (done: boolean): void => {
    write({ id: job.id, nonce: job.nonce, outcomes, done });
    outcomes = [];
    flushed = performance.now();
  };
  runJob(job, (outcome) => {
    outcomes.push(outcome);
    if (performance.now() - flushed > flushMs) {
      flush(false);
    }
  });
  flush(true);
}

async function main(): Promise<void> {
  new Worker(lifelineSource, { eval: true, resourceLimits: { codeRangeSizeMb: 8 } }).unref();
  const { runJob } = await import('./isolate.ts');
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
      answer(job as WorkerJob, runJob);
    }
  }
}

try {
  await main();
} catch (error) {
  write({ failed: error instanceof Error ? error.message : String(error) });
}
process.kill(process.pid, 'SIGKILL');
