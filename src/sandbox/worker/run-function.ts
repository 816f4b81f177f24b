import type ivm from 'isolated-vm';
import { bootSource } from '../realm/boot.ts';
import { Clock, stopwatch } from './clock.ts';
import { type Code, compileModule } from './compile.ts';
import { maxValueLength, type TestOutcome, type WorkerJob } from '../wire/messages.ts';
import { Prelude, runPrelude } from './prelude.ts';

const prelude = new Prelude(bootSource(maxValueLength.function));

/** Functions of the boot script, callable from here. */
interface Host {
  call: ivm.Reference;
  poll: ivm.Reference;
  find: ivm.Reference;
}

/** Loads the source once and calls its entry function for each test, all in one context. */
export function* runFunction(
  isolate: ivm.Isolate,
  job: WorkerJob,
  code: Code,
  order: readonly number[],
): Generator<TestOutcome> {
  const context = isolate.createContextSync();
  const boot = runPrelude(prelude.compile(isolate), context, job.seed);
  const host: Host = {
    call: boot.getSync('call', { reference: true }),
    poll: boot.getSync('poll', { reference: true }),
    find: boot.getSync('find', { reference: true }),
  };
  const clock = new Clock(isolate, job);
  const loaded = clock.run((timeout) => load(isolate, context, code, job.entry, host.find, timeout));
  if (loaded.status !== 'ok') {
    for (const index of order) {
      yield { index, status: loaded.status, timeMs: loaded.timeMs, message: loaded.message };
    }
    return;
  }
  const entry = loaded.value;
  for (const index of order) {
    yield entry.typeof === 'function'
      ? callOnce(clock, host, entry, job.inputs[index] ?? '[]', index)
      : { index, status: 'compile', timeMs: 0, message: `there is no function named ${job.entry}` };
  }
}

/** Runs the top level and takes hold of the entry function, once: what is redefined later has no effect. */
function load(
  isolate: ivm.Isolate,
  context: ivm.Context,
  code: Code,
  entry: string,
  find: ivm.Reference,
  timeout: number,
): ivm.Reference {
  const binding =
    code.form === 'script'
      ? loadScript(isolate, context, code.script, entry, timeout)
      : loadModule(isolate, context, code.source, entry, timeout);
  return find.applySync(undefined, [binding.derefInto(), entry], { timeout, result: { reference: true } });
}

function loadScript(
  isolate: ivm.Isolate,
  context: ivm.Context,
  script: ivm.Script,
  entry: string,
  timeout: number,
): ivm.Reference {
  script.runSync(context, { timeout, release: true });
  // The name is an identifier by the problem's schema; only a script of the same context sees its let and const.
  return isolate
    .compileScriptSync(`typeof ${entry} === 'undefined' ? undefined : ${entry}`)
    .runSync(context, { timeout, reference: true });
}

function loadModule(
  isolate: ivm.Isolate,
  context: ivm.Context,
  source: string,
  entry: string,
  timeout: number,
): ivm.Reference {
  const module = compileModule(isolate, source);
  module.instantiateSync(context, (specifier) => {
    throw new Error(`Cannot find module '${specifier}'`);
  });
  module.evaluateSync({ timeout });
  const named = module.namespace.getSync(entry, { reference: true });
  return named.typeof === 'function' ? named : module.namespace.getSync('default', { reference: true });
}

function callOnce(clock: Clock, host: Host, entry: ivm.Reference, input: string, index: number): TestOutcome {
  // The way in and out counts too: a timer that renews itself spends most of its time there.
  const time = stopwatch();
  let ran = clock.run<unknown>((timeout) => host.call.applySync(undefined, [entry.derefInto(), input], { timeout }));
  for (let turns = 0; ; turns += 1) {
    const timeMs = turns === 0 ? ran.timeMs : time();
    if (ran.status !== 'ok') {
      return { index, status: ran.status, timeMs, message: ran.message };
    }
    const text = ran.value;
    if (typeof text !== 'string' || text === '') {
      throw new Error('the boot script gave no reply');
    }
    if (text !== 't' && (text !== 'p' || turns > 0)) {
      return outcomeOf(index, text, timeMs);
    }
    ran = clock.run<unknown>((timeout) => host.poll.applySync(undefined, [], { timeout }), timeMs);
  }
}

/** A reply of the boot script: its tag letter and text. */
export function outcomeOf(index: number, text: string, timeMs: number): TestOutcome {
  const rest = text.slice(1);
  switch (text.charAt(0)) {
    case 'v':
      return { index, status: 'ok', timeMs, value: rest };
    case 'e':
      return { index, status: 'threw', timeMs, message: rest };
    case 'o':
      return { index, status: 'output', timeMs, message: rest };
    case 'b':
      return { index, status: 'notData', timeMs, message: rest };
    default:
      return { index, status: 'pending', timeMs, message: 'the promise never settles' };
  }
}
