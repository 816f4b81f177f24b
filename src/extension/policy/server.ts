import { randomBytes } from 'node:crypto';
import { basename } from 'node:path';
import * as vscode from 'vscode';
import * as z from 'zod';
import { entryPath } from '../../base/entries.ts';
import { BoundaryError } from '../../base/errors.ts';
import { findCheckpoint, latestCheckpoint } from '../../run/checkpoint.ts';
import { holdsRun } from '../../run/folder.ts';
import { modelWord } from '../../view/run-name.ts';
import { type Child, progressText, startNode } from '../selfq.ts';
import { type Services, showError } from '../services.ts';
import { t } from '../translate.ts';
import { requireTrust } from '../trust.ts';
import { PolicyClient } from './client.ts';

/** What is to be served: a base model, and with it the adapter of a run that was begun with it. */
export interface Policy {
  /** Name in the catalogue, or a path. */
  model: string;
  device: string;
  /** Folder of the run. */
  dir?: string;
}

/** A policy that is served. */
export interface Served {
  client: PolicyClient;
  /** Name of the base model. */
  base: string;
  /** Of the run's latest checkpoint when it was loaded. */
  trained?: { name: string; step: number };
}

/** How far the server is; `line`: what it said last while it loads. */
export type ServerState = { is: 'off' } | { is: 'loading'; line: string } | { is: 'on' };

/** Completions at once: two beside each other, a chat and one at the cursor. */
const slots = 4;
/** The process is ended after so long without a request, milliseconds. */
const idleMs = 10 * 60_000;
/** Time that a server has to end by itself, milliseconds. */
const graceMs = 3000;
/** Between the end of a connection and that of its process, milliseconds. */
const lastWordsMs = 500;

const Ready = z.object({ url: z.string() });

/** A server's process. */
interface Running {
  model: string;
  device: string;
  /** Folder of a run -> step of the checkpoint that was loaded. */
  adapters: ReadonlyMap<string, number>;
  child: Child;
  /** The address, once the model is loaded. */
  client: Promise<PolicyClient>;
  /** Rejects when the process ends, with the reason; never resolves. */
  ended: Promise<never>;
  /** Requests that wait. */
  busy: number;
  /** It was asked to end. */
  ending: boolean;
}

/**
 * The one place that owns a policy server: `selfq serve` as a process of this window, started when somebody asks and ended
 * when nobody has for a while. It listens on a free port of this machine with a random key that goes through its standard
 * input, and ends with that input, however the window ends.
 */
export class PolicyServer implements vscode.Disposable {
  readonly #services: Services;
  readonly #changed = new vscode.EventEmitter<void>();
  #running: Running | undefined;
  #state: ServerState = { is: 'off' };
  #idle: NodeJS.Timeout | undefined;

  /** The state is another. */
  readonly onDidChange = this.#changed.event;

  constructor(services: Services) {
    this.#services = services;
  }

  get state(): ServerState {
    return this.#state;
  }

  /**
   * Lets `work` use a served policy, which is loaded first where it is not, with progress in the status bar. Throws
   * BoundaryError: 'interrupted' by `signal` (loading continues, for who asks next), of the command line where the model
   * cannot be loaded, 'runtime' where the process ends meanwhile, 'run' for a run without a checkpoint.
   */
  async use<Result>(policy: Policy, signal: AbortSignal, work: (served: Served) => Promise<Result>): Promise<Result> {
    requireTrust();
    const running = this.#ensure(policy);
    clearTimeout(this.#idle);
    running.busy++;
    const cancelled = rejectedBy(signal);
    try {
      const client = await Promise.race([running.client, running.ended, cancelled.promise]);
      const served = await Promise.race([servedBy(client, running, policy), running.ended, cancelled.promise]);
      return await Promise.race([work(served), running.ended]);
    } catch (error) {
      throw await reasonOf(error, running);
    } finally {
      cancelled.dispose();
      running.busy--;
      if (running.busy === 0 && this.#running === running) {
        this.#idle = setTimeout(() => this.stop(), idleMs).unref();
      }
    }
  }

  /** Whether a policy is served now, without anything to load. */
  serves(policy: Policy): boolean {
    return this.#state.is === 'on' && this.#running !== undefined && isServedBy(this.#running, policy);
  }

  /** Ends the process; requests that wait for it fail. */
  stop(): void {
    const running = this.#running;
    clearTimeout(this.#idle);
    if (!running) {
      return;
    }
    this.#running = undefined;
    running.ending = true;
    running.child.process.stdin.end();
    const kill = setTimeout(() => running.child.process.kill('SIGKILL'), graceMs).unref();
    void running.child.ended.finally(() => clearTimeout(kill)).catch(() => undefined);
    this.#become({ is: 'off' });
  }

  /** Ends a process that serves a run which has been deleted, unless somebody waits for it: also in a window that was left. */
  stopWithoutRun(): void {
    const running = this.#running;
    if (running?.busy === 0 && ![...running.adapters.keys()].every(holdsRun)) {
      this.stop();
    }
  }

  dispose(): void {
    this.stop();
    this.#changed.dispose();
  }

  /** The running server where it serves the policy, else a new one in its place. */
  #ensure(policy: Policy): Running {
    const running = this.#running;
    if (running && isServedBy(running, policy)) {
      return running;
    }
    // What is served already stays: switching between adapters costs nothing.
    const adapters = adaptersFor(policy, running && hasBase(running, policy) ? [...running.adapters.keys()] : []);
    this.stop();
    return (this.#running = this.#start(policy, adapters));
  }

  #start({ model, device }: Policy, adapters: ReadonlyMap<string, number>): Running {
    const { context, log } = this.#services;
    const key = randomBytes(24).toString('base64url');
    const source = adapters.size === 0 ? ['--model', model, '--device', device] : [];
    const served = [...adapters.keys()].flatMap((dir) => ['--adapter', dir]);
    const fixed = ['--port', '0', '--slots', String(slots), '--idle-minutes', '0', '--owned', '--json'];
    const ready = Promise.withResolvers<PolicyClient>();
    const child = startNode([entryPath('cli'), 'serve', ...source, ...served, ...fixed], {
      ...{ extensionPath: context.extensionPath, log },
      onOutput: (line) => ready.resolve(new PolicyClient({ ...Ready.parse(JSON.parse(line)), key }, t)),
      onLine: (line) => {
        if (this.#running === running && this.#state.is === 'loading') {
          this.#become({ is: 'loading', line: progressText(line) });
        }
      },
    });
    const ended = child.ended.then((code): never => {
      if (running.ending) {
        throw new BoundaryError('interrupted', vscode.l10n.t('The model was stopped.'), vscode.l10n.t('Ask again.'));
      }
      // By a signal: it was killed, or crashed in native code, and had no last words.
      throw code === null ? unexpectedEnd() : child.failure(code);
    });
    const client = Promise.race([ready.promise, ended]);
    const running: Running = { model, device, adapters, child, client, ended, busy: 0, ending: false };
    child.process.stdin.write(`${key}\n`);
    this.#become({ is: 'loading', line: '' });
    this.#showLoading(running);
    void client.then(() => this.#running === running && this.#become({ is: 'on' })).catch(() => undefined);
    void ended.catch((error: unknown) => this.#lose(running, error));
    return running;
  }

  /** In the status bar, until the model is loaded or that has failed. */
  #showLoading({ model, client }: Running): void {
    const title = vscode.l10n.t('Loading {0}', modelWord(model));
    void vscode.window.withProgress({ location: vscode.ProgressLocation.Window, title }, async (progress) => {
      const report = this.onDidChange(() => {
        progress.report(this.#state.is === 'loading' ? { message: this.#state.line } : {});
      });
      await Promise.allSettled([client]);
      report.dispose();
    });
  }

  /** A process that nobody asked to end has ended: those who wait are told by their requests, else the person is. */
  #lose(running: Running, error: unknown): void {
    if (this.#running !== running) {
      return;
    }
    this.#running = undefined;
    clearTimeout(this.#idle);
    this.#become({ is: 'off' });
    if (running.busy === 0) {
      void showError(this.#services, error);
    }
  }

  #become(state: ServerState): void {
    this.#state = state;
    this.#changed.fire();
  }
}

function hasBase(running: Running, { model, device }: Policy): boolean {
  return running.model === model && running.device === device;
}

function isServedBy(running: Running, policy: Policy): boolean {
  return hasBase(running, policy) && (policy.dir === undefined || running.adapters.has(policy.dir));
}

/** The policy's adapter and those that can stay beside it, with their steps. Clients tell them apart by the folder's name. */
function adaptersFor({ dir }: Policy, known: readonly string[]): Map<string, number> {
  if (dir === undefined) {
    return new Map();
  }
  const adapters = new Map([[dir, findCheckpoint(dir).step]]);
  for (const other of known.filter((name) => basename(name) !== basename(dir))) {
    const step = checkpointStep(other);
    if (step !== undefined) {
      adapters.set(other, step);
    }
  }
  return adapters;
}

function checkpointStep(dir: string): number | undefined {
  try {
    return latestCheckpoint(dir)?.step;
  } catch {
    return undefined;
  }
}

async function servedBy(client: PolicyClient, { adapters }: Running, { dir }: Policy): Promise<Served> {
  const [base = ''] = await client.models();
  const step = dir === undefined ? undefined : adapters.get(dir);
  return dir === undefined || step === undefined
    ? { client, base }
    : { client, base, trained: { name: basename(dir), step } };
}

/** A lost connection is explained by the end of the process, which is heard of a moment later. */
async function reasonOf(error: unknown, { ended }: Running): Promise<unknown> {
  if (!(error instanceof BoundaryError) || error.boundary !== 'runtime') {
    return error;
  }
  const late = new Promise<unknown>((resolve) => setTimeout(() => resolve(error), lastWordsMs));
  return Promise.race([ended.catch((reason: unknown) => reason), late]);
}

function unexpectedEnd(): BoundaryError {
  return new BoundaryError(
    'runtime',
    vscode.l10n.t('The process of the model ended unexpectedly.'),
    vscode.l10n.t('It is started again with the next question.'),
  );
}

/** A promise that rejects when `signal` aborts. */
function rejectedBy(signal: AbortSignal): { promise: Promise<never>; dispose: () => void } {
  const { promise, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(new BoundaryError('interrupted', vscode.l10n.t('Cancelled.'), ''));
  signal.addEventListener('abort', abort);
  if (signal.aborted) {
    abort();
  }
  promise.catch(() => undefined);
  return { promise, dispose: () => signal.removeEventListener('abort', abort) };
}
