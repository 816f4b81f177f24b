import type { Describe } from '../describe.ts';
import type { EventLoop } from '../event-loop.ts';
import type { Input } from './input.ts';
import type { Sink } from './output.ts';
import type { Processes } from './process.ts';

/**
 * The run of a program on standard input and output. It holds no secret and no expected value: a program that tampers with
 * it changes its own output and nothing else.
 *
 * Replies are a tag letter and text: `t` there is more to do, `v` and the standard output at the end, `e` a fault, `o` too
 * much output.
 */
export interface Program {
  /** Gives the program its standard input; must come before its first line runs. */
  start(input: string): void;
  /** Compiles `source` as Node does a CommonJS module. Throws where it is none. */
  compile(source: string): () => unknown;
  /** Runs what `compile` gave. */
  main(run: () => unknown): string;
  /** A fault that came to light outside: of the top level of an ES module, or a promise that nobody handles. */
  fault(text: string): string;
  poll(): string;
  /** What has been written so far and the exit code, as JSON {stdout, stderr, exitCode}. */
  streams(): string;
}

/** Turned into text (compose.ts): self-contained. */
export function makeProgram(
  { emit, listenerCount, isExit, fail, hasLeft, leave, exitCode }: Processes,
  loop: EventLoop,
  describe: Describe,
  input: Input,
  sinks: { out: Sink; err: Sink; overflowed(): boolean },
  module: { exports: unknown },
  require: (specifier: unknown) => unknown,
): Program {
  const FunctionMaker = Function;

  function ended(fault: string): string {
    if (sinks.overflowed()) {
      return 'othe output is too large';
    }
    if (!hasLeft() && fault !== '') {
      fail();
      sinks.err.write(`Uncaught ${fault}\n`);
      return 'e' + fault;
    }
    leave();
    return exitCode() === 0 ? 'v' + sinks.out.text() : `eexit code ${exitCode()}`;
  }

  /** One call into the program; it may end it. */
  function guarded(step: () => boolean): string {
    try {
      return step() && !hasLeft() ? 't' : ended('');
    } catch (error) {
      return failed(error);
    }
  }
  function failed(error: unknown): string {
    if (isExit(error) || hasLeft() || sinks.overflowed()) {
      return ended('');
    }
    if (listenerCount('uncaughtException') === 0) {
      return ended(describe(error));
    }
    return guarded(() => emit('uncaughtException', error, 'uncaughtException'));
  }

  function turn(): boolean {
    if (hasLeft()) {
      return false;
    }
    if (loop.turn()) {
      return true;
    }
    emit('beforeExit', exitCode());
    return loop.turn();
  }

  return {
    start: (text) => input.start(text),
    compile(source) {
      const text = source.startsWith('#!') ? source.replace(/^.*/, '') : source;
      const run = FunctionMaker('exports', 'require', 'module', '__filename', '__dirname', text);
      return () => run.call(module.exports, module.exports, require, module, '/solution.js', '/') as unknown;
    },
    main: (run) =>
      guarded(() => {
        run();
        loop.drainTicks();
        return true;
      }),
    fault(text) {
      if (!hasLeft() && !sinks.overflowed() && listenerCount('unhandledRejection') > 0) {
        return guarded(() => emit('unhandledRejection', new Error(text), Promise.resolve()));
      }
      return ended(text);
    },
    poll: () => guarded(turn),
    streams: () => JSON.stringify({ stdout: sinks.out.text(), stderr: sinks.err.text(), exitCode: exitCode() }),
  };
}
