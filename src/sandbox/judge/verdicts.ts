import type { ComparedProblem, JudgeResult, TestResult, Verdict } from '../../protocol/problem.ts';
import { compareText, compareValues, type Verified } from './compare.ts';
import type { RunEnd, RunReport, TestOutcome } from '../wire/messages.ts';
import type { Execution, Language, ProgramRun } from '../sandbox.ts';
import { decodeValue, hasSpecials, type Json } from '../wire/values.ts';

/** Verdict of a test that produced no value to compare. */
export function verdictOfStatus(status: Exclude<TestOutcome['status'], 'ok'>): Exclude<Verdict, 'AC' | 'WA'> {
  switch (status) {
    case 'threw':
    case 'pending':
      return 'RE';
    case 'compile':
      return 'CE';
    case 'time':
      return 'TLE';
    case 'starved':
      return 'IE';
    case 'memory':
      return 'MLE';
    case 'output':
      return 'OLE';
    case 'notData':
      return 'BAD';
    default:
      return status satisfies never;
  }
}

/**
 * Verdict of the tests that a dead worker left open, by how it died. A process that aborts or traps ran out of memory:
 * that is how V8 gives up. `final` is the second time, alone on the pool.
 */
export function verdictOfEnd(
  end: Exclude<RunEnd, { type: 'done' }>,
  final: boolean,
): { verdict: Exclude<Verdict, 'AC' | 'WA'>; message: string; timeMs?: number } {
  if (end.type === 'killed') {
    switch (end.reason) {
      case 'time':
        return {
          verdict: 'TLE',
          message: 'killed at the deadline',
          ...(end.spentMs === undefined ? {} : { timeMs: Math.round(end.spentMs) }),
        };
      case 'memory':
        return { verdict: 'MLE', message: 'killed for its memory' };
      case 'stalled':
      case 'protocol':
      case 'retired':
        return { verdict: 'IE', message: `the worker was killed: ${end.reason}` };
      default:
        return end.reason satisfies never;
    }
  }
  const cause = end.signal ?? `exit code ${end.code}`;
  if (isOutOfMemory(end)) {
    return { verdict: 'MLE', message: `the process ran out of memory (${cause})` };
  }
  const crashed = end.signal === 'SIGSEGV' || end.signal === 'SIGBUS' || end.signal === 'SIGFPE';
  return crashed && final
    ? { verdict: 'RE', message: `the program crashed its process twice (${cause})` }
    : { verdict: 'IE', message: `the worker died (${cause})` };
}

function isOutOfMemory(end: { signal: NodeJS.Signals | null; code: number | null }): boolean {
  // 134, 133 and 132 are SIGABRT, SIGTRAP and SIGILL as a shell reports them; 0x80000003 is abort on Windows.
  const signals: readonly (string | null)[] = ['SIGABRT', 'SIGTRAP', 'SIGILL'];
  const codes: readonly (number | null)[] = [134, 133, 132, 0x80000003, 3];
  return signals.includes(end.signal) || codes.includes(end.code);
}

/** True where the fault may be ours or the machine's, so that the program deserves a second run alone. */
export function deservesRetry(report: RunReport): boolean {
  if (report.outcomes.some((outcome) => outcome?.status === 'starved')) {
    return true;
  }
  return report.end.type !== 'done' && verdictOfEnd(report.end, false).verdict === 'IE';
}

/** The judgement of a finished report. Comparison happens here, in the parent, as `language` compares. */
export function judgeReport(problem: ComparedProblem, report: RunReport, language: Language): JudgeResult {
  const tests = problem.tests.map((_, index) => judgeTest(problem, index, report, language));
  return summarise(tests);
}

/** The result of a program from those of its tests. */
export function summarise(tests: readonly TestResult[]): JudgeResult {
  const failed = tests.find((test) => test.verdict !== 'AC');
  const passed = tests.filter((test) => test.verdict === 'AC').length;
  return {
    verdict: failed?.verdict ?? 'AC',
    score: passed / tests.length,
    passed,
    total: tests.length,
    tests: [...tests],
    timeMs: tests.reduce((sum, test) => sum + (test.timeMs ?? 0), 0),
    ...(failed?.message === undefined ? {} : { message: failed.message }),
  };
}

function judgeTest(problem: ComparedProblem, index: number, report: RunReport, language: Language): TestResult {
  const outcome = report.outcomes[index];
  if (outcome === undefined) {
    return missingOutcome(report);
  }
  const timeMs = Math.round(outcome.timeMs * 1000) / 1000;
  if (outcome.status !== 'ok') {
    const verdict = verdictOfStatus(outcome.status);
    return { verdict, timeMs, ...(outcome.message === undefined ? {} : { message: outcome.message }) };
  }
  const verified = verify(problem, index, outcome.value ?? '', language);
  if (verified === undefined) {
    return { verdict: 'BAD', timeMs, message: 'the result cannot be read' };
  }
  if (verified.equal) {
    return { verdict: 'AC', timeMs };
  }
  const { path, actual, expected } = verified;
  return { verdict: 'WA', timeMs, actual, expected, difference: path };
}

/** Undefined where the text, which the program's own realm wrote, is no value. */
function verify(problem: ComparedProblem, index: number, text: string, language: Language): Verified | undefined {
  if (problem.kind === 'program') {
    return compareText(problem.tests[index]?.output ?? '', text, problem.compare);
  }
  const python = language === 'python';
  const decoded = tryDecode(text, python);
  return decoded && compareValues(problem.tests[index]?.output, decoded.value, problem.compare, python);
}

/** The value that a realm wrote, which belongs to the program and may have written anything. */
export function tryDecode(text: string, exact = false): { value: unknown } | undefined {
  try {
    return { value: decodeValue(text, exact) };
  } catch {
    return undefined;
  }
}

/** One result of `execute`, as JSON data. */
export function executionOf(report: RunReport, index: number): Execution {
  const outcome = report.outcomes[index];
  if (outcome === undefined) {
    const { verdict, message } = missingOutcome(report);
    return { ok: false, verdict, message };
  }
  if (outcome.status !== 'ok') {
    return { ok: false, verdict: verdictOfStatus(outcome.status), message: outcome.message ?? '' };
  }
  const text = outcome.value ?? '';
  const decoded = hasSpecials(text) ? undefined : tryDecode(text);
  return decoded === undefined
    ? { ok: false, verdict: 'BAD', message: `the result is not JSON data: ${text.slice(0, 100)}` }
    : { ok: true, value: decoded.value as Json };
}

/** The one run of a program whose streams were asked for. */
export function programRunOf(report: RunReport): ProgramRun {
  const outcome = report.outcomes[0];
  const nothing = { stdout: '', stderr: '', timeMs: 0 };
  if (outcome === undefined) {
    const { verdict, ...rest } = missingOutcome(report);
    return { ...nothing, verdict: verdict === 'BAD' ? 'RE' : verdict, ...rest };
  }
  const verdict = outcome.status === 'ok' ? 'AC' : verdictOfStatus(outcome.status);
  const started = outcome.status !== 'compile' && outcome.status !== 'starved' && outcome.status !== 'memory';
  return {
    verdict: verdict === 'BAD' ? 'RE' : verdict,
    stdout: started ? (outcome.value ?? '') : '',
    stderr: outcome.stderr ?? '',
    timeMs: outcome.timeMs,
    message: outcome.message ?? '',
    ...(outcome.exitCode === undefined || outcome.status === 'time' ? {} : { exitCode: outcome.exitCode }),
  };
}

function missingOutcome(report: RunReport): ReturnType<typeof verdictOfEnd> {
  return report.end.type === 'done' ? { verdict: 'IE', message: 'no outcome arrived' } : verdictOfEnd(report.end, true);
}
