import { availableParallelism } from 'node:os';
import { entryPath } from '../../base/entries.ts';
import { BoundaryError } from '../../base/errors.ts';
import { writeJson } from '../../protocol/json.ts';
import type { AssertionProblem, ComparedProblem, JudgeResult, Limits } from '../../protocol/problem.ts';
import { runCanaries, runPythonCanaries } from './canaries.ts';
import { assertionResult, assertionRun, fitsTests, joinedLanguage, otherLanguage } from '../judge/assertions.ts';
import { type Actual, checkedResult, checkerJob, failedAtResult } from '../judge/check.ts';
import { type Fences, launchPlan, makeWorkingFolder, probeFences, removeWorkingFolder } from './launch.ts';
import type { PythonKit } from '../wire/messages.ts';
import { findPyodide, pythonKit } from './python.ts';
import type { Execution, Language, ProgramRun, Sandbox } from '../sandbox.ts';
import { type Caller, Scheduler } from './scheduler.ts';
import { executionOf, judgeReport, programRunOf, summarise, tryDecode } from '../judge/verdicts.ts';
import type { Program, RunReport } from '../wire/messages.ts';
import type { LaunchPlan } from './worker-process.ts';

/** Python programs after which a worker is replaced; each leaves some garbage of tens of megabytes behind. */
const pythonPrograms = 200;

/** How a pool of workers is made. */
export interface SandboxOptions {
  /** Programs that run at once; default one per core. */
  workers?: number;
  /** Node >= 24 that runs the workers; default the one that runs this. */
  nodePath?: string;
  /** Known programs to judge before anything else: the quick ones (default), those that cost a worker too, or none. */
  canaries?: 'quick' | 'all' | 'none';
}

/** A sandbox with what `selfq doctor` reports of it. */
export interface SandboxPool extends Sandbox {
  /** Runs a whole program once, with `stdin` as its standard input. */
  run(job: {
    source: string;
    stdin: string;
    limits: Limits;
    language?: Language;
    caller?: Caller;
  }): Promise<ProgramRun>;
  judge(job: Parameters<Sandbox['judge']>[0] & { caller?: Caller }): Promise<JudgeResult>;
  execute(job: Parameters<Sandbox['execute']>[0] & { caller?: Caller }): Promise<Execution[]>;
  readonly fences: Fences;
  /** Process ids of the workers that are alive. */
  workerPids(): number[];
}

/**
 * Starts worker processes and proves that they judge rightly. Each program runs in a fresh isolate of a process that has
 * nothing else in flight, without network, files, environment or time to spare; the verdict is made here, from data.
 *
 * Python programs run in a CPython that is compiled to WebAssembly, inside such an isolate, restored from a snapshot of its
 * memory for each program. Their workers start with the first of them; `judge` and `run` throw BoundaryError of the
 * boundary `environment` where Pyodide is not installed.
 *
 * Covered: endless and unstoppable loops, memory in every form, floods, hostile values and thrown values, forged results
 * and tampered primordials, death of a worker or of this process, a busy machine.
 *
 * Not covered: a hole in V8 that lets a program take over its process. It would then face Node's permission model and,
 * on Linux, an empty network namespace and RLIMIT_DATA, but no system-call filter: it could still use the CPU until it
 * is killed, and read what Node's own memory holds (inputs of its own tests, never expected values). On macOS and
 * Windows there is neither namespace nor RLIMIT_DATA nor a look at the memory and the CPU time of a worker: memory is
 * limited by V8's heap limit alone, and wall time stands in for CPU time. Programs of one worker can tell by timing that
 * others run beside them.
 *
 * Throws BoundaryError of the boundary `environment` where no worker can start, of `sandbox` where one misjudges.
 */
export async function createSandbox(options: SandboxOptions = {}): Promise<SandboxPool> {
  const fences = await probeFences();
  const cwd = makeWorkingFolder();
  const plan = (python?: PythonKit): LaunchPlan =>
    launchPlan({
      nodePath: options.nodePath ?? process.execPath,
      workerPath: entryPath('sandbox-worker'),
      cwd,
      fences,
      ...(python === undefined ? {} : { python }),
    });
  const size = Math.max(1, options.workers ?? availableParallelism());
  const pool = new Pool(plan, size, fences, cwd);
  try {
    const failure = await pool.start();
    if (failure !== undefined) {
      throw startFailure(failure);
    }
    if (options.canaries !== 'none') {
      await runCanaries((problem, source) => pool.judge({ problem, source }), options.canaries === 'all');
    }
  } catch (error) {
    await pool.close();
    throw error;
  }
  pool.resetCounters();
  return pool;
}

class Pool implements SandboxPool {
  readonly counters = { programs: 0, workersKilled: 0, internalErrors: 0 };
  readonly fences: Fences;
  readonly #plan: (python?: PythonKit) => LaunchPlan;
  readonly #size: number;
  readonly #scripts: Scheduler;
  /** Started by the first Python program. */
  #python: Promise<Scheduler> | undefined;
  readonly #schedulers: Scheduler[] = [];
  readonly #cwd: string;

  constructor(plan: (python?: PythonKit) => LaunchPlan, size: number, fences: Fences, cwd: string) {
    this.#plan = plan;
    this.#size = size;
    this.fences = fences;
    this.#cwd = cwd;
    this.#scripts = this.#schedule(new Scheduler(plan(), size));
  }

  start(): Promise<string | undefined> {
    return this.#scripts.start();
  }

  #schedule(scheduler: Scheduler): Scheduler {
    scheduler.onKill = () => {
      this.counters.workersKilled += 1;
    };
    this.#schedulers.push(scheduler);
    return scheduler;
  }

  async #startPython(): Promise<Scheduler> {
    const kit = await pythonKit(findPyodide(), this.#plan);
    const scheduler = this.#schedule(new Scheduler(this.#plan(kit), this.#size, pythonPrograms));
    try {
      const failure = await scheduler.start();
      if (failure !== undefined) {
        const remedy = 'Run `selfq doctor`, or free some memory.';
        throw new BoundaryError('sandbox', `Python does not start: ${failure}`, remedy);
      }
      await runPythonCanaries(async (problem, source) =>
        judgeReport(problem, await scheduler.submit(programOf(problem, source, 'python')), 'python'),
      );
    } catch (error) {
      await scheduler.close();
      throw error;
    }
    return scheduler;
  }

  async #submit(program: Omit<Program, 'wallFactor'>, caller?: Caller): Promise<RunReport> {
    if (program.language !== 'python') {
      return this.#scripts.submit(program, caller);
    }
    // One that failed is tried again by the next program: Pyodide may have been installed meanwhile.
    this.#python ??= this.#startPython().catch((error: unknown) => {
      this.#python = undefined;
      throw error;
    });
    return (await this.#python).submit(program, caller);
  }

  workerPids(): number[] {
    return this.#schedulers.flatMap((scheduler) => scheduler.pids());
  }

  async judge(job: Parameters<SandboxPool['judge']>[0]): Promise<JudgeResult> {
    const { problem, language = 'javascript', caller } = job;
    if (problem.kind === 'assertions') {
      return this.#assert(problem, job.source, language, caller);
    }
    this.counters.programs += 1;
    const report = await this.#submit(programOf(problem, job.source, language), caller);
    const judged = judgeReport(problem, report, language);
    const checker = problem.compare?.checker;
    const result = checker === undefined ? judged : await this.#check(problem, checker, judged, report, language);
    this.counters.internalErrors += result.verdict === 'IE' && caller?.signal?.aborted !== true ? 1 : 0;
    return result;
  }

  /** Each piece of test code runs behind the solution as a program for itself. */
  async #assert(
    problem: AssertionProblem,
    source: string,
    language: Language,
    caller: Caller | undefined,
  ): Promise<JudgeResult> {
    if (!fitsTests(problem, language)) {
      return otherLanguage(problem);
    }
    const tests = await Promise.all(
      problem.tests.map(async ({ code }) => {
        const program = assertionRun(problem, source, code);
        const run = await this.run({
          ...{ source: program.source, stdin: '', limits: problem.limits, language: joinedLanguage(problem, language) },
          ...(caller === undefined ? {} : { caller }),
        });
        return assertionResult(run, program);
      }),
    );
    const result = summarise(tests);
    this.counters.internalErrors += result.verdict === 'IE' && caller?.signal?.aborted !== true ? 1 : 0;
    return result;
  }

  /** Verdicts of a problem whose answers a function decides on; it runs in a separate isolate. */
  async #check(
    problem: ComparedProblem,
    checker: string,
    judged: JudgeResult,
    report: RunReport,
    language: Language,
  ): Promise<JudgeResult> {
    const actual = problem.tests.map((_, index) => resultOf(problem, report, index, language));
    if (actual.every((result) => result === undefined)) {
      return judged;
    }
    const ask = (results: readonly (Actual | undefined)[]): Promise<Execution[]> =>
      this.#call({ ...checkerJob(problem, checker, results), inputsOnWire: true });
    const answers = await ask(actual);
    // A checker that fails at an answer is asked about the expected value: does it fail at everything?
    const works = answers.some(failedAtResult)
      ? (await ask(problem.tests.map(({ output }) => ({ value: output })))).map(({ ok }) => ok)
      : [];
    let next = 0;
    const tests = judged.tests.map((test, index) => {
      const result = actual[index];
      if (result === undefined) {
        return test;
      }
      const answer = answers[next];
      next += 1;
      return checkedResult(
        answer,
        failedAtResult(answer) && works[index] === true,
        test.timeMs ?? 0,
        result.value,
        problem.tests[index]?.output,
      );
    });
    return summarise(tests);
  }

  execute(job: Parameters<SandboxPool['execute']>[0]): Promise<Execution[]> {
    this.counters.programs += 1;
    const inputs = job.inputs.map((input) => JSON.stringify(Array.isArray(input) ? input : [input]));
    return this.#call({ ...job, inputs, order: shuffled(inputs.length, job.seed ?? 0) });
  }

  async #call(job: {
    source: string;
    language?: 'javascript' | 'typescript';
    entry: string;
    inputs: readonly string[];
    inputsOnWire?: boolean;
    limits: Limits;
    seed?: number;
    order?: number[];
    caller?: Caller;
  }): Promise<Execution[]> {
    const program = {
      kind: 'function',
      source: job.source,
      language: job.language ?? 'javascript',
      entry: job.entry,
      inputs: job.inputs,
      inputsOnWire: job.inputsOnWire,
      ...job.limits,
      seed: job.seed ?? 0,
      ...(job.order === undefined ? {} : { order: job.order }),
    } as const;
    const report = await this.#submit(program, job.caller);
    return job.inputs.map((_, index) => executionOf(report, index));
  }

  async run(job: Parameters<SandboxPool['run']>[0]): Promise<ProgramRun> {
    this.counters.programs += 1;
    const program = {
      kind: 'program',
      source: job.source,
      language: job.language ?? 'javascript',
      entry: '',
      inputs: [job.stdin],
      ...job.limits,
      seed: 0,
      streams: true,
    } as const;
    const report = await this.#submit(program, job.caller);
    return programRunOf(report);
  }

  resetCounters(): void {
    Object.assign(this.counters, { programs: 0, workersKilled: 0, internalErrors: 0 });
  }

  async close(): Promise<void> {
    // A Python that is just starting is closed as soon as it is there to be closed.
    await this.#python?.catch(() => undefined);
    await Promise.all(this.#schedulers.map((scheduler) => scheduler.close()));
    removeWorkingFolder(this.#cwd);
  }
}

function programOf(problem: ComparedProblem, source: string, language: Language): Omit<Program, 'wallFactor'> {
  const entry = problem.kind === 'function' ? problem.entry : '';
  return {
    kind: problem.kind,
    source,
    language,
    entry,
    inputs: inputsOf(problem, language),
    ...problem.limits,
    seed: 0,
  };
}

function inputsOf(problem: ComparedProblem, language: Language): string[] {
  return problem.kind === 'function'
    ? problem.tests.map((test) => (language === 'python' ? writeJson(test.input) : JSON.stringify(test.input)))
    : problem.tests.map((test) => test.input);
}

/** The result of a test, where it has one. */
function resultOf(problem: ComparedProblem, report: RunReport, index: number, language: Language): Actual | undefined {
  const outcome = report.outcomes[index];
  if (outcome?.status !== 'ok' || outcome.value === undefined) {
    return undefined;
  }
  return problem.kind === 'program' ? { value: outcome.value } : tryDecode(outcome.value, language === 'python');
}

/**
 * An order that depends on the seed: a reference whose answers hang on the order of its calls gives other results for
 * another seed. Seed 0 keeps the order.
 */
function shuffled(count: number, seed: number): number[] {
  const order = Array.from({ length: count }, (_, index) => index);
  let state = seed;
  for (let index = count - 1; index > 0 && seed !== 0; index -= 1) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const other = Math.floor((state / 4294967296) * (index + 1));
    [order[index], order[other]] = [order[other] ?? 0, order[index] ?? 0];
  }
  return order;
}

function startFailure(reason: string): BoundaryError {
  return new BoundaryError(
    'environment',
    `The sandbox cannot start on ${process.platform}-${process.arch} with Node ABI ${process.versions.modules}: ${reason}`,
    /\bSIG(?:KILL|TERM)\b/.test(reason)
      ? 'It was ended from outside: free some memory, and try again.'
      : 'Run it under Node 24 or 26 on Linux, macOS (arm64) or Windows (x64) and reinstall the dependencies with `npm ci`.',
  );
}
