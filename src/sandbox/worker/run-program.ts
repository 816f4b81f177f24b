import type ivm from 'isolated-vm';
import { Clock, stopwatch } from './clock.ts';
import { type Code, compileModule } from './compile.ts';
import { maxStderrLength, maxValueLength, type TestOutcome, type WorkerJob } from '../wire/messages.ts';
import { Prelude, runPrelude } from './prelude.ts';
import { outcomeOf } from './run-function.ts';
import { shimSource } from '../realm/shim.ts';

const prelude = new Prelude(shimSource(maxValueLength.program));

/** Functions of the shim, callable from here. */
interface Host {
  start: ivm.Reference;
  loaded: ivm.Reference;
  poll: ivm.Reference;
  commonJs: ivm.Reference;
  exportsOf: ivm.Reference;
  streams: ivm.Reference;
}

/** Runs the whole program once for each test, each time in a context of its own. */
export function* runProgram(
  isolate: ivm.Isolate,
  job: WorkerJob,
  code: Code,
  order: readonly number[],
): Generator<TestOutcome> {
  const script = prelude.compile(isolate);
  for (const index of order) {
    const context = isolate.createContextSync();
    const made = runPrelude(script, context, job.seed);
    const host: Host = {
      start: made.getSync('start', { reference: true }),
      loaded: made.getSync('loaded', { reference: true }),
      poll: made.getSync('poll', { reference: true }),
      commonJs: made.getSync('commonJs', { reference: true }),
      exportsOf: made.getSync('exportsOf', { reference: true }),
      streams: made.getSync('streams', { reference: true }),
    };
    const outcome = runOnce(isolate, context, host, new Clock(isolate, job), code, job.inputs[index] ?? '', index);
    yield job.streams === true && !isolate.isDisposed ? withStreams(outcome, host.streams) : outcome;
    if (!isolate.isDisposed) {
      context.release();
    }
  }
}

function runOnce(
  isolate: ivm.Isolate,
  context: ivm.Context,
  host: Host,
  clock: Clock,
  code: Code,
  input: string,
  index: number,
): TestOutcome {
  host.start.applySync(undefined, [input]);
  const time = stopwatch();
  let ran = clock.run<unknown>((timeout) => {
    runTopLevel(isolate, context, host, code, timeout);
    return 't';
  });
  for (;;) {
    let timeMs = time();
    if (ran.status === 'threw') {
      // process.exit unwinds by an exception, and only the shim knows which one that is.
      const fault = ran.message === '' ? 'an exception' : ran.message;
      ran = clock.run<unknown>((timeout) => host.loaded.applySync(undefined, [fault], { timeout }), timeMs);
      timeMs = time();
    }
    if (ran.status !== 'ok') {
      return { index, status: ran.status, timeMs, message: ran.message };
    }
    const reply = ran.value;
    if (typeof reply !== 'string' || reply.length > maxValueLength.program + 1) {
      return { index, status: 'threw', timeMs, message: 'the program broke the shim' };
    }
    if (reply !== 't') {
      return outcomeOf(index, reply, timeMs);
    }
    ran = clock.run<unknown>((timeout) => host.poll.applySync(undefined, [], { timeout }), timeMs);
  }
}

/** The program may have broken its surroundings, so that what comes is looked at. */
export function withStreams(outcome: TestOutcome, streams: ivm.Reference): TestOutcome {
  try {
    const text: unknown = streams.applySync(undefined, [], { timeout: 1000 });
    const written: unknown = typeof text === 'string' ? JSON.parse(text) : undefined;
    if (typeof written !== 'object' || written === null) {
      return outcome;
    }
    const { stdout, stderr, exitCode } = written as Record<string, unknown>;
    return {
      ...outcome,
      value: typeof stdout === 'string' ? stdout.slice(0, maxValueLength.program) : '',
      stderr: typeof stderr === 'string' ? stderr.slice(0, maxStderrLength) : '',
      ...(typeof exitCode === 'number' ? { exitCode } : {}),
    };
  } catch {
    return outcome;
  }
}

function runTopLevel(isolate: ivm.Isolate, context: ivm.Context, host: Host, code: Code, timeout: number): void {
  switch (code.form) {
    case 'script':
      code.script.runSync(context, { timeout });
      return;
    case 'commonJs': {
      const run = host.commonJs.applySync(undefined, [code.source], { timeout, result: { reference: true } });
      run.applySync(undefined, [], { timeout });
      return;
    }
    case 'module': {
      const module = compileModule(isolate, code.source);
      module.instantiateSync(context, (specifier) => builtInModule(isolate, context, host, specifier));
      module.evaluateSync({ timeout });
      return;
    }
    default:
      code satisfies never;
  }
}

/** A module that re-exports what `require` would give. */
function builtInModule(isolate: ivm.Isolate, context: ivm.Context, host: Host, specifier: string): ivm.Module {
  const listed: unknown = host.exportsOf.applySync(undefined, [specifier]);
  if (typeof listed !== 'string' || listed === '') {
    throw new Error(`Cannot find module '${specifier}'`);
  }
  const names = listed.split(',').filter((name) => name !== 'default');
  const source = [
    `const all = __modules(${JSON.stringify(specifier)});`,
    'export default all;',
    ...names.map((name, position) => `const export${position} = all.${name}; export { export${position} as ${name} };`),
  ].join('\n');
  const module = compileModule(isolate, source);
  module.instantiateSync(context, () => {
    throw new Error('a built-in module imports nothing');
  });
  return module;
}
