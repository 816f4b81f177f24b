import ivm from 'isolated-vm';
import { bootSource } from './boot.ts';
import { maxSourceBytes, maxValueLength, type TestOutcome, type WorkerJob } from './messages.ts';

/** What running under a limit gave: the value, the program's own exception, or a fact about the limits. */
type Ran<T> =
  | { status: 'ok'; value: T; timeMs: number }
  | { status: 'threw' | 'time' | 'starved' | 'memory'; timeMs: number; message: string };

/** Runs one program in a fresh isolate and hands out one outcome per test, as soon as it is known. */
export function runJob(job: WorkerJob, emit: (outcome: TestOutcome) => void): void {
  const order = job.order ?? job.inputs.map((_, index) => index);
  const failAll = (status: TestOutcome['status'], message: string, timeMs = 0): void => {
    for (const index of order) {
      emit({ index, status, timeMs, message });
    }
  };
  if (Buffer.byteLength(job.source) > maxSourceBytes) {
    failAll('compile', `the source is over ${maxSourceBytes} bytes`);
    return;
  }
  const isolate = new ivm.Isolate({ memoryLimit: job.memoryMb });
  try {
    runFunction(isolate, job, order, emit, failAll);
  } finally {
    if (!isolate.isDisposed) {
      isolate.dispose();
    }
  }
}

function runFunction(
  isolate: ivm.Isolate,
  job: WorkerJob,
  order: readonly number[],
  emit: (outcome: TestOutcome) => void,
  failAll: (status: TestOutcome['status'], message: string, timeMs?: number) => void,
): void {
  const context = isolate.createContextSync();
  const boot = isolate
    .compileScriptSync(bootSource(job.seed, maxValueLength.function))
    .runSync(context, { reference: true });
  const host = {
    call: boot.getSync('call', { reference: true }),
    poll: boot.getSync('poll', { reference: true }),
    find: boot.getSync('find', { reference: true }),
  };
  const compiled = compile(isolate, job.source);
  if (typeof compiled === 'string') {
    failAll(isolate.isDisposed ? 'memory' : 'compile', compiled);
    return;
  }
  const clock = new Clock(isolate, job);
  const loaded = clock.run((timeout) => load(isolate, context, compiled, job.entry, host.find, timeout));
  if (loaded.status !== 'ok') {
    failAll(loaded.status, loaded.message, loaded.timeMs);
    return;
  }
  if (loaded.value.typeof !== 'function') {
    failAll('compile', `there is no function named ${job.entry}`);
    return;
  }
  const entry = loaded.value;
  for (const [position, index] of order.entries()) {
    const outcome = callOnce(clock, host, entry, job.inputs[index] ?? '[]', index);
    emit(outcome);
    if (outcome.status === 'time' || outcome.status === 'memory' || outcome.status === 'starved') {
      for (const later of order.slice(position + 1)) {
        emit({ index: later, status: outcome.status, timeMs: 0, message: 'not run: an earlier test broke its limit' });
      }
      return;
    }
  }
}

type Code = { script: ivm.Script } | { module: ivm.Module };

/** Script first; as an ES module where the source only makes sense as one. Text of the fault when it is neither. */
function compile(isolate: ivm.Isolate, source: string): Code | string {
  const filename = 'file:///solution.js';
  try {
    return { script: isolate.compileScriptSync(source, { filename }) };
  } catch (error) {
    if (!/\b(?:export|import|await)\b/.test(source)) {
      return messageOf(error);
    }
  }
  try {
    return { module: isolate.compileModuleSync(source, { filename }) };
  } catch (error) {
    return messageOf(error);
  }
}

function load(
  isolate: ivm.Isolate,
  context: ivm.Context,
  code: Code,
  entry: string,
  find: ivm.Reference,
  timeout: number,
): ivm.Reference {
  let binding: ivm.Reference | undefined;
  if ('module' in code) {
    code.module.instantiateSync(context, (specifier) => {
      throw new Error(`Cannot find module '${specifier}'`);
    });
    code.module.evaluateSync({ timeout });
    const { namespace } = code.module;
    binding = namespace.getSync(entry, { reference: true });
    if (binding.typeof !== 'function') {
      binding = namespace.getSync('default', { reference: true });
    }
  } else {
    code.script.runSync(context, { timeout, release: true });
    // The name is an identifier by the problem's schema; only a script of the same context sees its let and const.
    binding = isolate
      .compileScriptSync(`typeof ${entry} === 'undefined' ? undefined : ${entry}`)
      .runSync(context, { timeout, reference: true });
  }
  return find.applySync(undefined, [binding.derefInto(), entry], { timeout, result: { reference: true } });
}

function callOnce(
  clock: Clock,
  host: { call: ivm.Reference; poll: ivm.Reference },
  entry: ivm.Reference,
  input: string,
  index: number,
): TestOutcome {
  let timeMs = 0;
  let ran = clock.run((timeout) => host.call.applySync(undefined, [entry.derefInto(), input], { timeout }) as unknown);
  for (let turns = 0; ; turns += 1) {
    timeMs += ran.timeMs;
    if (ran.status !== 'ok') {
      return { index, status: ran.status, timeMs, message: ran.message };
    }
    const text = ran.value;
    if (typeof text !== 'string' || text === '') {
      throw new Error('the boot script gave no reply');
    }
    if (text === 't' || (text === 'p' && turns === 0)) {
      ran = clock.run((timeout) => host.poll.applySync(undefined, [], { timeout }) as unknown, timeMs);
      continue;
    }
    return outcomeOf(index, text, timeMs);
  }
}

function outcomeOf(index: number, text: string, timeMs: number): TestOutcome {
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

/**
 * Runs code of the program under its limits. isolated-vm's timeout counts wall time, the limit is CPU time: the job says
 * how much wall time a CPU millisecond takes at the moment.
 */
class Clock {
  readonly #isolate: ivm.Isolate;
  readonly #limitMs: number;
  readonly #wallFactor: number;

  constructor(isolate: ivm.Isolate, job: WorkerJob) {
    this.#isolate = isolate;
    this.#limitMs = job.timeMs;
    this.#wallFactor = job.wallFactor;
  }

  /** `spentMs`: CPU time that this test has had in earlier turns. */
  run<T>(action: (timeout: number) => T, spentMs = 0): Ran<T> {
    const limitMs = Math.max(1, this.#limitMs - spentMs);
    const timeout = Math.ceil(limitMs * 1.25 * this.#wallFactor + 10);
    const start = { wall: performance.now(), cpu: threadCpuMs() };
    let value: T;
    try {
      value = action(timeout);
    } catch (error) {
      return this.#failed(error, elapsed(start), { limitMs, timeout });
    }
    const { timeMs } = elapsed(start);
    if (timeMs > limitMs) {
      return { status: 'time', timeMs, message: `over ${this.#limitMs} ms` };
    }
    return { status: 'ok', value, timeMs };
  }

  /** Which limit ended it is told by the isolate and the clock, never by the exception, which the program may have made. */
  #failed(
    error: unknown,
    { wallMs, timeMs }: { wallMs: number; timeMs: number },
    { limitMs, timeout }: { limitMs: number; timeout: number },
  ): Ran<never> {
    if (this.#isolate.isDisposed) {
      return { status: 'memory', timeMs, message: 'over the memory limit' };
    }
    if (timeMs > limitMs) {
      return { status: 'time', timeMs, message: `over ${this.#limitMs} ms` };
    }
    if (wallMs >= timeout) {
      return { status: 'starved', timeMs, message: 'cut before it had its CPU time' };
    }
    return { status: 'threw', timeMs, message: messageOf(error) };
  }
}

/** The CPU clock of a thread may lag by a scheduler tick, so that short runs go by the clock on the wall. */
const tickMs = 8;

function elapsed(start: { wall: number; cpu: number }): { wallMs: number; timeMs: number } {
  const wallMs = performance.now() - start.wall;
  const cpuMs = threadCpuMs() - start.cpu;
  return { wallMs, timeMs: wallMs - cpuMs <= tickMs ? wallMs : cpuMs };
}

/** CPU milliseconds of this thread. */
function threadCpuMs(): number {
  const usage = process.threadCpuUsage();
  return (usage.user + usage.system) / 1000;
}

/** Exceptions of isolated-vm and of a program's top level, whose message may be anything. */
function messageOf(error: unknown): string {
  try {
    const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    return text.slice(0, 300);
  } catch {
    return 'a value was thrown that cannot be read';
  }
}
