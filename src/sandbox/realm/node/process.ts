import type { VirtualClock } from '../clock.ts';
import type { Describe } from '../describe.ts';
import type { EventLoop } from '../event-loop.ts';
import type { Emitter, Events, Listener } from './events.ts';

/** Node's `process`, as far as programs find it. */
export interface NodeProcess extends Emitter {
  exitCode: number | string | undefined;
}

/** The process of a program, and how the realm ends it. */
export interface Processes {
  process: NodeProcess;
  /** What `process.exit` throws to leave the program. */
  exitSignal: object;
  hasLeft(): boolean;
  /** What happens once at the end, however the end comes. */
  leave(): void;
  /** 0 to 255. */
  exitCode(): number;
}

/** The global `process`. Its streams come later (streams.ts). Turned into text (compose.ts): self-contained. */
export function makeProcess(
  events: Events,
  loop: EventLoop,
  clock: VirtualClock,
  describe: Describe,
  closeOutput: () => void,
): Processes {
  const exitSignal = new Error('process.exit was called');
  const begin = clock.peek();
  let left = false;

  function leave(): void {
    if (!left) {
      left = true;
      try {
        process.emit('exit', exitCode());
      } finally {
        closeOutput();
      }
    }
  }
  function exitCode(): number {
    return Number(process.exitCode ?? 0) & 255;
  }
  function exit(code?: number | string): never {
    process.exitCode = code ?? process.exitCode;
    leave();
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

  const process: NodeProcess = events.emitterWith({
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
    exitCode: undefined as number | undefined,
    exit,
    reallyExit: exit,
    abort: () => exit(134),
    kill: () => exit(143),
    nextTick,
    hrtime: Object.assign(hrtime, { bigint: () => BigInt(clock.now() - begin) * 1_000_000n }),
    uptime: () => (clock.now() - begin) / 1000,
    memoryUsage: Object.assign(() => ({ rss: 5e7, heapTotal: 3e7, heapUsed: 2e7, external: 1e6, arrayBuffers: 1e4 }), {
      rss: () => 5e7,
    }),
    cpuUsage: () => ({ user: 1000, system: 1000 }),
    resourceUsage: () => ({ userCPUTime: 1000, systemCPUTime: 1000, maxRSS: 50_000 }),
    cwd: () => '/',
    umask: () => 18,
    emitWarning: (warning: unknown) => void describe(warning),
  });
  Object.defineProperty(globalThis, 'process', { value: process, writable: true, configurable: true });
  return { process, exitSignal, hasLeft: () => left, leave, exitCode };
}
