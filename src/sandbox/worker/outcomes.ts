import type ivm from 'isolated-vm';
import { maxStderrLength, maxValueLength, type TestOutcome } from '../wire/messages.ts';

/** A reply of the realm: its tag letter and text. */
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

/** The outcomes of a source that is no program. */
export function notCompiled(order: readonly number[], fault: string, timeMs = 0): TestOutcome[] {
  return order.map((index) => ({ index, status: 'compile', timeMs, message: fault }));
}

/** With what a program wrote. It may have broken its surroundings, so that what comes is looked at. */
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
