import type ivm from 'isolated-vm';
import { Clock, messageOf, type Ran, stopwatch } from './clock.ts';
import { moduleOr } from './compile.ts';
import type { LibraryShelf } from './libraries.ts';
import { type StartedModule, startModule } from './modules.ts';
import { notCompiled, outcomeOf, withStreams } from './outcomes.ts';
import { prepareProgram, type ProgramSurroundings } from './surroundings.ts';
import { maxValueLength, type TestOutcome, type WorkerJob } from '../wire/messages.ts';

/** Runs the whole program once for each test, each time in a separate context. */
export function* runProgram(
  isolate: ivm.Isolate,
  job: WorkerJob,
  source: string,
  order: readonly number[],
  shelf: LibraryShelf,
): Generator<TestOutcome> {
  const make = prepareProgram(isolate, job, shelf);
  for (const index of order) {
    const around = make();
    const { context, node } = around;
    const top = topLevel(isolate, around, source);
    if ('fault' in top) {
      const status = isolate.isDisposed ? 'memory' : 'compile';
      yield* notCompiled(order, top.fault).map((outcome) => ({ ...outcome, status }) as const);
      return;
    }
    const outcome = runOnce(new Clock(isolate, job), { node, top }, job.inputs[index] ?? '', index);
    yield job.streams === true && !isolate.isDisposed ? withStreams(outcome, node('streams')) : outcome;
    if (!isolate.isDisposed) {
      context.release();
    }
  }
}

/** The top level of a program, compiled. As a CommonJS module gives a reply at its end; as an ES module, what it started. */
type TopLevel =
  { form: 'commonJs'; run: (timeout: number) => unknown } | { form: 'module'; run: (timeout: number) => StartedModule };

function topLevel(isolate: ivm.Isolate, around: ProgramSurroundings, source: string): TopLevel | { fault: string } {
  const { node } = around;
  try {
    const compiled: ivm.Reference = node('compile').applySync(undefined, [source], { result: { reference: true } });
    const main = node('main');
    return { form: 'commonJs', run: (timeout) => main.applySync(undefined, [compiled.derefInto()], { timeout }) };
  } catch (error) {
    const code = isolate.isDisposed ? { fault: messageOf(error) } : moduleOr(isolate, source, messageOf(error));
    return 'fault' in code ? code : { form: 'module', run: (timeout) => startModule(isolate, around, source, timeout) };
  }
}

interface Run {
  node: ProgramSurroundings['node'];
  top: TopLevel;
}

function runOnce(clock: Clock, { node, top }: Run, input: string, index: number): TestOutcome {
  node('start').applySync(undefined, [input]);
  const poll = node('poll');
  let module: StartedModule | undefined;
  const time = stopwatch();
  let ran: Ran<unknown> = clock.run<unknown>((timeout) => {
    if (top.form === 'commonJs') {
      return top.run(timeout);
    }
    module = top.run(timeout);
    return 't';
  });
  for (;;) {
    let timeMs = time();
    if (ran.status === 'threw') {
      // The top level of an ES module, a promise that nobody handles, or process.exit, which unwinds by an exception.
      const fault = ran.message === '' ? 'an exception' : ran.message;
      ran = clock.run<unknown>((timeout) => node('fault').applySync(undefined, [fault], { timeout }), timeMs);
      timeMs = time();
    }
    if (ran.status !== 'ok') {
      return { index, status: ran.status, timeMs, message: ran.message };
    }
    const reply = ran.value;
    if (typeof reply !== 'string' || reply.length > maxValueLength.program + 1) {
      return { index, status: 'threw', timeMs, message: 'the program broke its surroundings' };
    }
    if (reply !== 't') {
      return reply.startsWith('v') && module?.isDone() === false
        ? { index, status: 'threw', timeMs, message: 'the top-level await never settles' }
        : outcomeOf(index, reply, timeMs);
    }
    ran = clock.run<unknown>((timeout) => poll.applySync(undefined, [], { timeout }), timeMs);
  }
}
