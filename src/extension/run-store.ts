import { type FSWatcher, existsSync, mkdirSync, readdirSync, watch } from 'node:fs';
import { basename, join } from 'node:path';
import * as vscode from 'vscode';
import type { Evaluation, RunRecord } from '../protocol/records.ts';
import { isLive, type ShownState } from '../protocol/run-state.ts';
import { readEvaluations, runPaths } from '../run/folder.ts';
import { listRuns } from '../run/list.ts';
import { shownState } from '../run/ownership.ts';
import { contextKeys } from './contributions.ts';
import { MetricsReader, StepReader } from './run-files.ts';
import { setting } from './settings.ts';

export interface RunEntry {
  dir: string;
  name: string;
  state: ShownState;
  run: RunRecord;
}

/** A folder that holds a run which cannot be read: damaged, or made by a newer version. */
export interface BrokenRun {
  dir: string;
  problem: string;
}

const namesKey = 'runNames';
const selectionKey = 'selectedRun';
/** Several changes of one folder come as one. */
const settleMs = 250;

/** The run folders that this window knows, which of them is selected, and what lies in them. */
export class RunStore implements vscode.Disposable {
  readonly #context: vscode.ExtensionContext;
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #selected = new vscode.EventEmitter<void>();
  readonly #readers = new Map<string, { metrics: MetricsReader; steps: StepReader }>();
  readonly #watchers = new Map<string, FSWatcher>();
  #settling: NodeJS.Timeout | undefined;
  #runs: RunEntry[] = [];
  #broken: BrokenRun[] = [];
  #selection: string | undefined;

  /** Runs came, went or changed their state. */
  readonly onDidChange = this.#changed.event;
  /** Another run was selected. */
  readonly onDidSelect = this.#selected.event;

  constructor(context: vscode.ExtensionContext) {
    this.#context = context;
    this.#selection = context.workspaceState.get(selectionKey);
  }

  /** Newest first. */
  get runs(): readonly RunEntry[] {
    return this.#runs;
  }

  get broken(): readonly BrokenRun[] {
    return this.#broken;
  }

  /** The run that Problems and Benchmarks show: the chosen one, else the newest. */
  get selected(): RunEntry | undefined {
    return this.find(this.#selection) ?? this.#runs[0];
  }

  find(dir: string | undefined): RunEntry | undefined {
    return this.#runs.find((entry) => entry.dir === dir);
  }

  select(dir: string): void {
    const before = this.selected?.dir;
    this.#selection = dir;
    void this.#context.workspaceState.update(selectionKey, dir);
    if (before !== this.selected?.dir) {
      this.#selected.fire();
    }
  }

  rename(dir: string, name: string): void {
    const names = this.#names();
    void this.#context.globalState.update(namesKey, { ...names, [dir]: name });
    this.refresh();
  }

  metrics(dir: string): MetricsReader {
    return this.#reader(dir).metrics;
  }

  steps(dir: string): StepReader {
    return this.#reader(dir).steps;
  }

  /** Evaluations of a run; none where a file is damaged. */
  evaluations(dir: string): Evaluation[] {
    try {
      return readEvaluations(dir);
    } catch {
      return [];
    }
  }

  /** Folder for new runs. */
  runsFolder(): string {
    return setting('runsFolder') || join(this.#context.globalStorageUri.fsPath, 'runs');
  }

  /** Reads every run.json again and watches what may still change. */
  refresh(): void {
    const before = this.selected?.dir;
    const names = this.#names();
    const listed = this.#roots().flatMap((root) => listRuns(root));
    this.#runs = listed
      .flatMap((entry) => ('run' in entry ? [entry] : []))
      .map(({ dir, run }) => ({ dir, run, state: shownState(run), name: names[dir] ?? defaultName(run) }))
      .sort((a, b) => b.run.createdAt.localeCompare(a.run.createdAt));
    this.#broken = listed.flatMap((entry) => ('problem' in entry ? [entry] : []));
    this.#watch();
    this.#setContext();
    this.#changed.fire();
    if (before !== this.selected?.dir) {
      this.#selected.fire();
    }
  }

  dispose(): void {
    this.#watchers.forEach((watcher) => watcher.close());
    clearTimeout(this.#settling);
    this.#changed.dispose();
    this.#selected.dispose();
  }

  #names(): Record<string, string> {
    return this.#context.globalState.get<Record<string, string>>(namesKey, {});
  }

  #reader(dir: string): { metrics: MetricsReader; steps: StepReader } {
    let reader = this.#readers.get(dir);
    if (!reader) {
      reader = { metrics: new MetricsReader(dir), steps: new StepReader(dir) };
      this.#readers.set(dir, reader);
    }
    return reader;
  }

  /** The folder for new runs, and `runs` of each workspace folder, where the command line puts its runs. */
  #roots(): string[] {
    const workspace = (vscode.workspace.workspaceFolders ?? [])
      .filter(({ uri }) => uri.scheme === 'file')
      .map(({ uri }) => join(uri.fsPath, 'runs'));
    return [...new Set([this.runsFolder(), ...workspace])].filter((root) => existsSync(root));
  }

  /**
   * Roots for new folders, folders that are about to become a run, and runs for engines that come and go: another window
   * or the command line may resume a run, or end one whose engine this window cannot reach. No polling.
   */
  #watch(): void {
    const roots = this.#roots();
    const pending = roots.flatMap((root) =>
      readdirSync(root, { withFileTypes: true })
        .filter((entry) => entry.isDirectory() && !existsSync(runPaths(join(root, entry.name)).run))
        .map((entry) => join(root, entry.name)),
    );
    const wanted = new Set([...roots, ...pending, ...this.#runs.map(({ dir }) => dir)]);
    for (const [folder, watcher] of this.#watchers) {
      if (!wanted.has(folder)) {
        watcher.close();
        this.#watchers.delete(folder);
      }
    }
    for (const folder of wanted) {
      if (this.#watchers.has(folder)) {
        continue;
      }
      try {
        const watcher = watch(folder, (_event, name) => this.#matters(folder, name) && this.#refreshSoon());
        this.#watchers.set(
          folder,
          watcher.on('error', () => undefined),
        );
      } catch {
        // It has just gone.
      }
    }
  }

  /** Of a run its lock does, and its record while no engine lives, which writes it all the time and tells what matters. */
  #matters(folder: string, name: string | null): boolean {
    const entry = this.find(folder);
    if (!entry || name === null) {
      return true;
    }
    const { lock, run } = runPaths(folder);
    const path = join(folder, name);
    return path === lock || (path === run && !isLive(entry.state));
  }

  #refreshSoon(): void {
    this.#settling ??= setTimeout(() => {
      this.#settling = undefined;
      this.refresh();
    }, settleMs);
  }

  #setContext(): void {
    const states = this.#runs.map(({ state }) => state);
    const keys = {
      [contextKeys.hasRuns]: this.#runs.length + this.#broken.length > 0,
      [contextKeys.hasSelectedRun]: this.#runs.length > 0,
      [contextKeys.running]: states.some((state) => state === 'running' || state === 'starting'),
      [contextKeys.paused]: states.includes('paused'),
      [contextKeys.resumable]: states.some((state) => isResumable(state)),
    };
    for (const [key, value] of Object.entries(keys)) {
      void vscode.commands.executeCommand('setContext', key, value);
    }
  }
}

/** Whether a new engine can go on with the run. */
export function isResumable(state: ShownState): boolean {
  return state === 'interrupted' || state === 'stopped' || state === 'failed';
}

function defaultName(run: RunRecord): string {
  const domain = String(run.config['domain'] ?? basename(run.id));
  const topic = String(run.config['topic'] ?? '');
  const title = domain.charAt(0).toUpperCase() + domain.slice(1);
  return topic === '' ? title : `${title} · ${topic}`;
}

/** Makes the folder for new runs. Throws what the file system says. */
export function ensureFolder(path: string): string {
  mkdirSync(path, { recursive: true });
  return path;
}
