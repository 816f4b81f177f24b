import type { VirtualClock } from '../clock.ts';
import type { Describe } from '../describe.ts';
import type { EventLoop } from '../event-loop.ts';
import type { Emitter, Listener } from './events.ts';
import type { LateEmitter } from './late-prototype.ts';

/** Node's `process`, as far as programs find it. */
export interface NodeProcess extends Emitter {
  exitCode: number | string | undefined;
}

/** The process of a program, and how the realm ends it. */
export interface Processes {
  /** The global `process`. Most programs never look at it, and it takes as long to make as all that they do. */
  process(): NodeProcess;
  /** Tells the listeners, where there can be any. */
  emit(name: string, ...parts: unknown[]): boolean;
  listenerCount(name: string): number;
  /** Whether `process.exit` threw this to leave the program. */
  isExit(error: unknown): boolean;
  /** The program has failed: the exit code is 1. */
  fail(): void;
  hasLeft(): boolean;
  /** What happens once at the end, however the end comes. */
  leave(): void;
  /** 0 to 255. */
  exitCode(): number;
}

/**
 * `complete` gives a process that has just been made its other members. Turned into text (compose.ts): self-contained.
 */
export function makeProcess(
  lateEmitter: LateEmitter,
  loop: EventLoop,
  clock: VirtualClock,
  describe: Describe,
  closeOutput: () => void,
  complete: (process: object) => void,
): Processes {
  const begin = clock.peek();
  let made: NodeProcess | undefined;
  /** `made` once somebody may listen to it. */
  let emitter: NodeProcess | undefined;
  let exitSignal: Error | undefined;
  let failed = false;
  let left = false;

  function process(): NodeProcess {
    return (made ??= makeMembers());
  }

  function leave(): void {
    if (!left) {
      left = true;
      try {
        emitter?.emit('exit', exitCode());
      } finally {
        closeOutput();
      }
    }
  }
  function exitCode(): number {
    return made === undefined ? Number(failed) : Number(made.exitCode ?? 0) & 255;
  }
  function fail(): void {
    failed = true;
    if (made !== undefined) {
      made.exitCode = 1;
    }
  }
  function exit(code?: number | string): never {
    const own = process();
    own.exitCode = code ?? own.exitCode;
    leave();
    exitSignal = new Error('process.exit was called');
    throw exitSignal;
  }
  function hrtime(since?: [number, number]): [number, number] {
    const milliseconds = clock.now() - begin;
    const seconds = Math.floor(milliseconds / 1000) - (since?.[0] ?? 0);
    const nanos = (milliseconds % 1000) * 1e6 - (since?.[1] ?? 0);
    return nanos < 0 ? [seconds - 1, nanos + 1e9] : [seconds, nanos];
  }
  function nextTick(run: unknown, ...parts: never[]): void {
    if (typeof run !== 'function') {
      const error = new TypeError('The "callback" argument must be of type function.');
      throw Object.assign(error, { code: 'ERR_INVALID_ARG_TYPE' });
    }
    loop.nextTick(() => (run as Listener)(...parts));
  }

  function makeMembers(): NodeProcess {
    const members = {
      __proto__: null,
      title: 'node',
      argv: ['/usr/bin/node', '/solution.js'],
      argv0: 'node',
      execArgv: [] as string[],
      execPath: '/usr/bin/node',
      env: {},
      pid: 1,
      ppid: 0,
      platform: 'linux',
      arch: 'x64',
      version: 'v24.0.0',
      versions: { node: '24.0.0', v8: '13.6' },
      release: { name: 'node' },
      exitCode: failed ? 1 : (undefined as number | undefined),
      exit,
      reallyExit: exit,
      abort: () => exit(134),
      kill: () => exit(143),
      nextTick,
      hrtime: Object.assign(hrtime, { bigint: () => BigInt(clock.now() - begin) * 1_000_000n }),
      uptime: () => (clock.now() - begin) / 1000,
      memoryUsage: Object.assign(
        () => ({ rss: 5e7, heapTotal: 3e7, heapUsed: 2e7, external: 1e6, arrayBuffers: 1e4 }),
        {
          rss: () => 5e7,
        },
      ),
      cpuUsage: () => ({ user: 1000, system: 1000 }),
      resourceUsage: () => ({ userCPUTime: 1000, systemCPUTime: 1000, maxRSS: 50_000 }),
      cwd: () => '/',
      umask: () => 18,
      emitWarning: (warning: unknown) => void describe(warning),
    };
    complete(members);
    return lateEmitter(members, (became) => {
      emitter = became;
    });
  }
  Object.defineProperty(globalThis, 'process', {
    get: process,
    set: (value: unknown) => {
      Object.defineProperty(globalThis, 'process', { value, writable: true, configurable: true });
    },
    configurable: true,
  });
  return {
    process,
    emit: (name, ...parts) => emitter?.emit(name, ...parts) ?? false,
    listenerCount: (name) => emitter?.listenerCount(name) ?? 0,
    isExit: (error) => exitSignal !== undefined && error === exitSignal,
    fail,
    hasLeft: () => left,
    leave,
    exitCode,
  };
}
