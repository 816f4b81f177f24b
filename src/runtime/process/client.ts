import { fork, type ChildProcess } from 'node:child_process';
import { entryPath } from '../../base/entries.ts';
import { BoundaryError, fromErrorRecord } from '../../base/errors.ts';
import type { Progress } from '../../protocol/runtime.ts';
import type { RuntimeCalls, RuntimeMessage, RuntimeRequest } from './calls.ts';
import { lessMemory } from '../devices/failures.ts';

/** How the process is started. */
export interface RuntimeProcessOptions {
  /** Environment variables beside this process' own. */
  env?: Readonly<Record<string, string>>;
  /** How long a cancelled call may continue before the process is killed, milliseconds. Default 20,000. */
  cancelGraceMs?: number;
}

/** How a call is watched and stopped. */
export interface CallOptions {
  onProgress?: ((progress: Progress) => void) | undefined;
  /** Ends the call with BoundaryError('interrupted'); the process lives on unless it does not stop in time. */
  signal?: AbortSignal | undefined;
}

interface PendingCall {
  resolve(value: unknown): void;
  reject(error: BoundaryError): void;
  onProgress: ((progress: Progress) => void) | undefined;
}

/** Lines of the process' error output that are kept for its obituary. */
const keptLines = 20;
/** How long to wait for them after its end. */
const lastWordsMs = 200;

/**
 * The runtime as a child process. When it dies, every pending and later call fails with BoundaryError('runtime') that
 * tells how it ended and its last words; a new process has to be started and loaded. It ends with this process.
 */
export class RuntimeProcess {
  readonly #child: ChildProcess;
  readonly #pending = new Map<number, PendingCall>();
  readonly #cancelGraceMs: number;
  readonly #exit: Promise<void>;
  #words: string[] = [];
  #nextId = 0;
  #closing = false;
  #death: BoundaryError | undefined;

  constructor({ cancelGraceMs = 20_000, env = {} }: RuntimeProcessOptions = {}) {
    this.#cancelGraceMs = cancelGraceMs;
    this.#child = fork(entryPath('runtime'), [], {
      serialization: 'advanced',
      env: { ...process.env, ...env },
      execArgv: [],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => this.#listen(text));
    }
    this.#child.on('message', (message: RuntimeMessage) => this.#receive(message));
    this.#exit = new Promise((resolve) => {
      const end = (how: string, killed: boolean) => {
        this.#die(how, killed);
        resolve();
      };
      // The last words may still be on their way when the process has ended. 'close', which waits for them, does not
      // come after disconnect() (Node 24), hence the limit.
      this.#child.on('exit', (code, signal) => {
        const ended = () => end(signal ?? `exit code ${code}`, signal === 'SIGKILL');
        this.#child.once('close', ended);
        setTimeout(ended, lastWordsMs);
      });
      this.#child.on('error', (error) => end(error.message, false));
    });
  }

  /** Of the process; undefined when it could not be started. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** False once the process has ended. */
  get alive(): boolean {
    return this.#death === undefined;
  }

  /** One call; calls run one at a time, in order. Fails with BoundaryError. */
  call<Name extends keyof RuntimeCalls>(
    name: Name,
    argument: RuntimeCalls[Name][0],
    { onProgress, signal }: CallOptions = {},
  ): Promise<RuntimeCalls[Name][1]> {
    if (this.#death) {
      return Promise.reject(this.#death);
    }
    if (signal?.aborted) {
      return Promise.reject(interrupted());
    }
    const id = this.#nextId++;
    const reply = new Promise<unknown>((resolve, reject) => {
      this.#pending.set(id, { resolve, reject, onProgress });
    });
    this.#send({ type: 'call', id, name, argument });
    const cancel = () => this.#cancel(id);
    signal?.addEventListener('abort', cancel);
    // The process answers each call by its own type (RuntimeHandlers).
    return reply.finally(() => signal?.removeEventListener('abort', cancel)) as Promise<RuntimeCalls[Name][1]>;
  }

  /** Ends the process at once; pending calls fail. */
  kill(): void {
    this.#closing = true;
    this.#child.kill('SIGKILL');
  }

  /** Ends the process: after the current call, or at once when that takes longer than `graceMs`. */
  async close(graceMs = 2_000): Promise<void> {
    this.#closing = true;
    if (this.#child.connected) {
      this.#child.disconnect();
    }
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), graceMs);
    await this.#exit;
    clearTimeout(timer);
  }

  #send(request: RuntimeRequest): void {
    if (this.#child.connected) {
      // A failure to send is the death of the process, which 'close' reports.
      this.#child.send(request, () => undefined);
    }
  }

  #cancel(id: number): void {
    this.#send({ type: 'cancel', id });
    const timer = setTimeout(() => {
      if (this.#pending.has(id)) {
        this.#pending.get(id)?.reject(interrupted());
        this.kill();
      }
    }, this.#cancelGraceMs);
    timer.unref();
  }

  #receive(message: RuntimeMessage): void {
    const call = this.#pending.get(message.id);
    if (message.type === 'progress') {
      call?.onProgress?.(message.progress);
      return;
    }
    this.#pending.delete(message.id);
    if (message.type === 'error') {
      call?.reject(fromErrorRecord(message.error));
    } else {
      call?.resolve(message.value);
    }
  }

  #listen(text: string): void {
    this.#words = [...this.#words, ...text.split('\n').filter((line) => line.trim() !== '')].slice(-keptLines);
  }

  #die(how: string, killed: boolean): void {
    if (this.#death) {
      return;
    }
    this.#death = this.#closing ? interrupted() : obituary(how, killed, this.#words);
    for (const call of this.#pending.values()) {
      call.reject(this.#death);
    }
    this.#pending.clear();
  }
}

function interrupted(): BoundaryError {
  return new BoundaryError('interrupted', 'The runtime was stopped.', 'Start it again.');
}

function obituary(how: string, killed: boolean, words: readonly string[]): BoundaryError {
  const reason = killed ? ', most likely by the system for lack of memory' : '';
  const last = words.length > 0 ? ` Its last words: ${words.join('\n')}` : '';
  return new BoundaryError(
    'runtime',
    `The runtime process ended unexpectedly (${how}${reason}).${last}`,
    killed ? lessMemory : 'Start again; if it ends in the same way, run `selfq doctor` and report both.',
  );
}
