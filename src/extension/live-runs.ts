import * as vscode from 'vscode';
import {
  type RunClient,
  type StartOptions,
  VersionMismatch,
  attach,
  attachToStop,
  startEngine,
} from '../engine/client.ts';
import { advanceQueue, holdQueue } from '../engine/queue.ts';
import type { RunEvent } from '../protocol/control.ts';
import { nodePath } from './node-path.ts';
import { isLive } from '../protocol/run-state.ts';
import type { RunStore } from './run-store.ts';
import { requireTrust } from './trust.ts';
import { withEvent } from '../view/live-feed.ts';
import type { FeedEntry, StageView } from '../view/messages.ts';

/** An event of one live run. */
export interface LiveEvent {
  dir: string;
  event: RunEvent;
}

/** Connections to the engines of all live runs that this window knows: events in, requests out. No polling. */
export class LiveRuns implements vscode.Disposable {
  readonly #store: RunStore;
  readonly #log: vscode.LogOutputChannel;
  readonly #extensionPath: string;
  /** Runs whose engine this window started. */
  readonly #started = new Set<string>();
  readonly #clients = new Map<string, RunClient>();
  readonly #attaching = new Set<string>();
  /** Runs of engines of another version -> pid of the engine; they are not tried again. */
  readonly #foreign = new Map<string, number>();
  readonly #stages = new Map<string, StageView>();
  readonly #feeds = new Map<string, readonly FeedEntry[]>();
  readonly #requests = new Map<string, 'pause' | 'stop'>();
  readonly #event = new vscode.EventEmitter<LiveEvent>();
  readonly #lost = new vscode.EventEmitter<string>();
  readonly #mismatch = new vscode.EventEmitter<{ dir: string; error: VersionMismatch }>();
  readonly #subscription: vscode.Disposable;
  #disposed = false;

  readonly onEvent = this.#event.event;
  /** The engine of this run folder has gone; run.json says whether it had ended the run. */
  readonly onDidLose = this.#lost.event;
  /** A live run whose engine is of another version was found: told once for each engine. */
  readonly onDidMismatch = this.#mismatch.event;

  constructor(store: RunStore, log: vscode.LogOutputChannel, extensionPath: string) {
    this.#store = store;
    this.#log = log;
    this.#extensionPath = extensionPath;
    this.#subscription = vscode.Disposable.from(
      store.onDidChange(() => this.#attachAll()),
      vscode.workspace.onDidGrantWorkspaceTrust(() => store.refresh()),
    );
  }

  /** Starts the engine of a new run, or of one that is to continue, as `startEngine` does. */
  async start(dir: string, options: Omit<StartOptions, 'nodePath'> = {}): Promise<void> {
    await startEngine(dir, { ...options, nodePath: nodePath(this.#extensionPath) });
    this.#started.add(dir);
    this.#log.info(`started ${dir}`);
    this.#store.refresh();
  }

  /** Starts the first run of the queue that can; `insist` as {@link advanceQueue}. Resolves to its folder. */
  async advanceQueue(insist = false): Promise<string | undefined> {
    const next = await advanceQueue({ insist, start: (dir, options) => this.start(dir, options) });
    this.#store.refresh();
    return next?.dir;
  }

  /** Whether this window started the engine of the run. */
  hasStarted(dir: string): boolean {
    return this.#started.has(dir);
  }

  /** Proposals and questions of the step in progress, as they came. */
  feed(dir: string): readonly FeedEntry[] {
    return this.#feeds.get(dir) ?? [];
  }

  /** What was asked of the engine from this window and has not happened yet. */
  requested(dir: string): 'pause' | 'stop' | undefined {
    return this.#requests.get(dir);
  }

  /** Asks the engine to pause or stop at its next safe point, which may be a minute away. Throws like {@link client}. */
  async request(dir: string, what: 'pause' | 'stop'): Promise<void> {
    const client = await this.client(dir);
    this.#requests.set(dir, what);
    this.#store.refresh();
    try {
      await client[what]();
    } catch (error) {
      this.#requests.delete(dir);
      throw error;
    }
  }

  /** Asks every engine that this window started to stop, by new connections: the others are disposed by then. */
  async stopStarted(): Promise<void> {
    // What is ended with the window must not make room for the next.
    if (this.#started.size > 0) {
      holdQueue();
    }
    await Promise.allSettled([...this.#started].map((dir) => this.stop(dir)));
  }

  /** Asks the engine of a run to stop, whatever its version, by a new connection. Throws BoundaryError('run') as `client`. */
  async stop(dir: string): Promise<void> {
    requireTrust();
    const link = await attachToStop(dir);
    await link.stop().finally(() => link.dispose());
  }

  /** What the run is doing, as far as was told. */
  stage(dir: string): StageView | undefined {
    return this.#stages.get(dir);
  }

  /** The connection to a live run. Throws BoundaryError('run') when no engine of this version lives there. */
  async client(dir: string): Promise<RunClient> {
    const known = this.#clients.get(dir);
    if (known) {
      return known;
    }
    // Records of a workspace that nobody vouches for may name any socket.
    requireTrust();
    const client = await attach(dir);
    this.#adopt(dir, client);
    return client;
  }

  dispose(): void {
    this.#disposed = true;
    this.#subscription.dispose();
    this.#clients.forEach((client) => client.dispose());
    this.#event.dispose();
    this.#lost.dispose();
    this.#mismatch.dispose();
  }

  #attachAll(): void {
    if (!vscode.workspace.isTrusted) {
      return;
    }
    for (const { dir, state, run } of this.#store.runs) {
      const { pid } = run.engine;
      if (isLive(state) && !this.#clients.has(dir) && !this.#attaching.has(dir) && this.#foreign.get(dir) !== pid) {
        this.#attaching.add(dir);
        this.client(dir)
          .catch((error: unknown) => this.#refuse(dir, pid, error))
          .finally(() => this.#attaching.delete(dir));
      }
    }
  }

  #refuse(dir: string, pid: number, error: unknown): void {
    this.#log.warn(`${dir}: ${error instanceof Error ? error.message : String(error)}`);
    if (error instanceof VersionMismatch) {
      this.#foreign.set(dir, pid);
      this.#mismatch.fire({ dir, error });
    }
  }

  #adopt(dir: string, client: RunClient): void {
    if (this.#disposed || this.#clients.has(dir)) {
      client.dispose();
      return;
    }
    this.#clients.set(dir, client);
    this.#log.info(`attached to ${dir}`);
    client.onEvent((event) => this.#receive(dir, event));
    void client.status().then(
      ({ last }) => last && this.#receive(dir, last),
      () => undefined,
    );
    // Its state may have changed between the reading of its record and the first event that is heard; one that waits tells
    // nothing more.
    this.#store.refresh();
    void client.closed.then(() => {
      this.#clients.delete(dir);
      this.#stages.delete(dir);
      this.#feeds.delete(dir);
      this.#requests.delete(dir);
      client.dispose();
      if (!this.#disposed) {
        this.#store.refresh();
        this.#lost.fire(dir);
        this.#log.info(`the engine of ${dir} has gone`);
      }
    });
  }

  #receive(dir: string, event: RunEvent): void {
    this.#feeds.set(dir, withEvent(this.feed(dir), event));
    if (event.type === 'state' && event.run.state !== 'running') {
      this.#requests.delete(dir);
    }
    if (event.type === 'state' && event.run.held) {
      // One that waits is in no stage, whatever it did before.
      this.#stages.delete(dir);
    }
    if (event.type === 'stage') {
      const { type: _type, ...stage } = event;
      this.#stages.set(dir, stage);
    } else if (event.type === 'state' || event.type === 'metrics' || event.type === 'evaluation') {
      this.#store.refresh();
    } else if (event.type === 'alarm' && event.change === 'cleared') {
      this.#log.info(`${dir}: no longer: ${event.message}`);
    } else if (event.type === 'alarm' || event.type === 'restart') {
      this.#log.warn(`${dir}: ${event.message}`);
      this.#store.refresh();
    }
    this.#event.fire({ dir, event });
  }
}
