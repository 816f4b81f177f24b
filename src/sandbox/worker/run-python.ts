import { Clock, type Ran } from './clock.ts';
import type { Interpreter, InterpreterFactory } from './interpreter.ts';
import { sendAll } from './isolate.ts';
import { maxSourceBytes, maxValueLength, type TestOutcome, type WorkerJob } from '../wire/messages.ts';
import { outcomeOf, withStreams } from './outcomes.ts';

/**
 * Runs one Python program in a separate interpreter: all tests in one, each of a `program` as a new `__main__`.
 * `begin` is called when its first line is about to run, so that a boot that came late is nobody's time.
 */
export function runPython(
  factory: InterpreterFactory,
  job: WorkerJob,
  send: (outcome: TestOutcome) => void,
  begin: () => void,
): void {
  const order = job.order ?? job.inputs.map((_, index) => index);
  const interpreter = factory.take();
  const { isolate, realm } = interpreter;
  try {
    realm.limit.applySync(undefined, [job.memoryMb]);
    begin();
    sendAll(order, outcomes(interpreter, job, order), send);
  } finally {
    if (!isolate.isDisposed) {
      isolate.dispose();
    }
  }
}

function* outcomes({ isolate, realm }: Interpreter, job: WorkerJob, order: readonly number[]): Generator<TestOutcome> {
  const clock = new Clock(isolate, job);
  const loaded = load(clock, realm, job);
  const withWritten = (outcome: TestOutcome): TestOutcome =>
    job.streams === true && !isolate.isDisposed ? withStreams(outcome, realm.streams) : outcome;
  if (loaded.status !== 'ok' || loaded.value !== 'v') {
    for (const index of order) {
      yield withWritten(outcomeOfRun(index, loaded));
    }
    return;
  }
  const action = job.kind === 'function' ? realm.call : realm.run;
  for (const index of order) {
    const input = job.inputs[index] ?? '';
    const outcome = outcomeOfRun(
      index,
      clock.run((timeout) => action.applySync(undefined, [input, job.streams === true], { timeout })),
    );
    yield withWritten(outcome);
  }
}

/** Compiles the source; of a function problem, also runs the top level. */
function load(clock: Clock, realm: Interpreter['realm'], job: WorkerJob): Ran<unknown> {
  if (Buffer.byteLength(job.source) > maxSourceBytes) {
    return { status: 'ok', value: `cthe source is over ${maxSourceBytes} bytes`, timeMs: 0 };
  }
  const compiled = clock.run<unknown>((timeout) => realm.compile.applySync(undefined, [job.source], { timeout }));
  return compiled.status === 'ok' && compiled.value === 'v' && job.kind === 'function'
    ? clock.run((timeout) => realm.load.applySync(undefined, [job.entry], { timeout }))
    : compiled;
}

/** The realm belongs to the program, so that its reply may be anything. */
function outcomeOfRun(index: number, ran: Ran<unknown>): TestOutcome {
  const { timeMs } = ran;
  if (ran.status !== 'ok') {
    return { index, status: ran.status, timeMs, message: ran.message };
  }
  const text = ran.value;
  if (typeof text !== 'string' || text.length > maxValueLength.program + 1) {
    return { index, status: 'threw', timeMs, message: 'the program broke its interpreter' };
  }
  switch (text.charAt(0)) {
    case 'c':
      return { index, status: 'compile', timeMs, message: text.slice(1) };
    case 'm':
      return { index, status: 'memory', timeMs, message: 'over the memory limit' };
    default:
      return outcomeOf(index, text, timeMs);
  }
}
