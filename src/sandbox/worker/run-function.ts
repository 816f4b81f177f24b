import type ivm from 'isolated-vm';
import { Clock, type Ran, stopwatch } from './clock.ts';
import { type Code, compileSource } from './compile.ts';
import type { LibraryShelf } from './libraries.ts';
import { entryExports, type StartedModule, startModule } from './modules.ts';
import { notCompiled, outcomeOf } from './outcomes.ts';
import { prepareFunction, type Surroundings } from './surroundings.ts';
import { maxValueLength, type TestOutcome, type WorkerJob } from '../wire/messages.ts';

/** Loads the source once and calls its entry function for each test, all in one context. */
export function* runFunction(
  isolate: ivm.Isolate,
  job: WorkerJob,
  source: string,
  order: readonly number[],
  shelf: LibraryShelf,
): Generator<TestOutcome> {
  const code = compileSource(isolate, source);
  if ('fault' in code) {
    const status = isolate.isDisposed ? 'memory' : 'compile';
    yield* notCompiled(order, code.fault).map((outcome) => ({ ...outcome, status }) as const);
    return;
  }
  const around = prepareFunction(isolate, job, source, shelf);
  const clock = new Clock(isolate, job);
  const loaded = load(clock, isolate, around, code, job.entry);
  if (loaded.status !== 'ok') {
    for (const index of order) {
      yield { index, status: loaded.status, timeMs: loaded.timeMs, message: loaded.message };
    }
    return;
  }
  if (loaded.value.typeof !== 'function') {
    yield* notCompiled(order, `there is no function named ${job.entry}`);
    return;
  }
  const caller = { call: around.calls('call'), poll: around.calls('poll'), entry: loaded.value };
  for (const index of order) {
    yield callOnce(clock, caller, job, index);
  }
}

/** Runs the top level and takes hold of the entry function, once: what is redefined later has no effect. */
function load(clock: Clock, isolate: ivm.Isolate, around: Surroundings, code: Code, entry: string): Ran<ivm.Reference> {
  const find = (binding: ivm.Reference | undefined, timeout: number): ivm.Reference =>
    around.calls('find').applySync(undefined, [binding?.derefInto(), entry], { timeout, result: { reference: true } });
  switch (code.form) {
    case 'script':
      return clock.run((timeout) => find(loadScript(isolate, around.context, code.script, entry, timeout), timeout));
    case 'commonJs':
      return clock.run((timeout) => {
        const { node } = around;
        if (node !== undefined) {
          const run = node('compile').applySync(undefined, [code.source], { timeout, result: { reference: true } });
          (run as ivm.Reference).applySync(undefined, [], { timeout });
        }
        return find(undefined, timeout);
      });
    case 'module': {
      const started = clock.run((timeout) => startModule(isolate, around, code.source, timeout, entry));
      const done = started.status === 'ok' ? waitFor(clock, around, started.value, started.timeMs) : started;
      return done.status === 'ok'
        ? clock.run((timeout) => find(entryOf(done.value, entry), timeout), done.timeMs)
        : done;
    }
    default:
      return code satisfies never;
  }
}

/** Turns the event loop until the top-level await of a module is over, or nothing is left that could end it. */
function waitFor(clock: Clock, { calls }: Surroundings, module: StartedModule, spentMs: number): Ran<StartedModule> {
  const time = stopwatch();
  const turn = calls('turn');
  let going = true;
  while (going && !module.isDone()) {
    const ran = clock.run<unknown>((timeout) => turn.applySync(undefined, [], { timeout }), spentMs + time());
    if (ran.status !== 'ok') {
      return ran;
    }
    going = ran.value === true;
  }
  return module.isDone()
    ? { status: 'ok', value: module, timeMs: spentMs + time() }
    : { status: 'threw', timeMs: spentMs + time(), message: 'the top-level await never settles' };
}

function entryOf(module: StartedModule, entry: string): ivm.Reference | undefined {
  return entryExports(entry)
    .map((name) => module.get(name))
    .find((found) => found.typeof === 'function');
}

function loadScript(
  isolate: ivm.Isolate,
  context: ivm.Context,
  script: ivm.Script,
  entry: string,
  timeout: number,
): ivm.Reference {
  // The name is an identifier by the problem's schema; only a script of the same context sees its let and const.
  const named = `typeof ${entry} === 'undefined' ? undefined : ${entry}`;
  const find = (text: string): ivm.Reference =>
    isolate.compileScriptSync(text).runSync(context, { timeout, reference: true });
  // What every realm has is no solution, unless the program puts its own in that place.
  const given = isGiven(entry) ? find(named) : undefined;
  script.runSync(context, { timeout, release: true });
  if (!given) {
    return find(named);
  }
  const choose = find(`(given) => { const found = ${named}; return found === given ? undefined : found; }`);
  return choose.applySync(undefined, [given.derefInto()], { timeout, result: { reference: true } });
}

/** Names that a program finds without defining them, besides those that this process has itself. */
const realmNames: readonly string[] = ['require', 'module', 'exports', 'arguments'];

function isGiven(name: string): boolean {
  return name in globalThis || realmNames.includes(name);
}

/** No value within its limit takes more: a control character is written with six. */
const longestReply = 7 * maxValueLength.function;

interface Caller {
  call: ivm.Reference;
  poll: ivm.Reference;
  entry: ivm.Reference;
}

function callOnce(clock: Clock, { call, poll, entry }: Caller, job: WorkerJob, index: number): TestOutcome {
  const args = [entry.derefInto(), job.inputs[index] ?? '[]', job.inputsOnWire === true];
  // The way in and out counts too: a timer that renews itself spends most of its time there.
  const time = stopwatch();
  let ran = clock.run<unknown>((timeout) => call.applySync(undefined, args, { timeout }));
  for (let turns = 0; ; turns += 1) {
    const timeMs = turns === 0 ? ran.timeMs : time();
    if (ran.status !== 'ok') {
      return { index, status: ran.status, timeMs, message: ran.message };
    }
    const text = ran.value;
    if (typeof text !== 'string' || text === '') {
      throw new Error('the boot script gave no reply');
    }
    if (text.length > longestReply) {
      return { index, status: 'output', timeMs, message: 'the result is too large' };
    }
    if (text !== 't' && (text !== 'p' || turns > 0)) {
      return outcomeOf(index, text, timeMs);
    }
    ran = clock.run<unknown>((timeout) => poll.applySync(undefined, [], { timeout }), timeMs);
  }
}
