import { type FSWatcher, existsSync, lstatSync, readdirSync, watch } from 'node:fs';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { makeFolder, makeFolderSync } from '../base/make-folder.ts';
import { BoundaryError } from '../base/errors.ts';
import { optional } from '../base/optional.ts';
import type { Evaluation, RunRecord } from '../protocol/records.ts';
import { isLive, type QueuePlace, type ShownState } from '../protocol/run-state.ts';
import { holdsRun, readEvaluations, runPaths } from '../run/folder.ts';
import { listRuns } from '../run/list.ts';
import { readNotes, writeNotes } from '../run/notes.ts';
import { listSweeps } from '../sweep/record.ts';
import { shownState } from '../run/ownership.ts';
import { absoluteFolder, rememberFolder } from './folder-setting.ts';
import { contextKeys } from './contributions.ts';
import { MetricsReader, StepReader } from './run-files.ts';
import { setting } from './settings.ts';
import { t } from './translate.ts';
import { listQueue, queueFolder, queuePlaces, type QueuedRun } from '../engine/queue.ts';
import { runName } from '../view/default-name.ts';
import { labelText } from '../view/visible-text.ts';

/** A run that the editor knows. */
export interface RunEntry {
  dir: string;
  name: string;
  state: ShownState;
  run: RunRecord;
  /** Where it waits in the queue without an engine: its place there. */
  queued?: QueuePlace;
  /** What the person wrote about it. */
  tags: readonly string[];
  note: string;
  /** Where it is a run of a sweep: its variant there. */
  variant?: string;
}

/** A sweep with those of its runs that have been begun, in the order of its grid. */
export interface SweepEntry {
  name: string;
  runs: RunEntry[];
}

/** A folder that holds a run which cannot be read: damaged, or made by a newer version. */
export interface BrokenRun {
  dir: string;
  problem: string;
}

const namesKey = 'runNames';
const foldersKey = 'runsFolders';
const selectionKey = 'selectedRun';
/** Several changes of one folder come as one. */
const settleMs = 250;

/** Folders that are watched: each takes one of the system's watches. */
const mostWatched = 1_000;

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
  #queue: QueuedRun[] = [];
  #sweeps: SweepEntry[] = [];
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

  /** Runs of the queue that have not been begun, in their order. */
  get queue(): readonly QueuedRun[] {
    return this.#queue;
  }

  get broken(): readonly BrokenRun[] {
    return this.#broken;
  }

  /** Sweeps with at least one run, as they lie on disk. */
  get sweeps(): readonly SweepEntry[] {
    return this.#sweeps;
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

  /** Writes down what a person says about a run. Throws as {@link writeNotes}. */
  annotate(dir: string, change: Parameters<typeof writeNotes>[1]): void {
    writeNotes(dir, change);
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
    return absoluteFolder(setting('runsFolder')) ?? join(this.#context.globalStorageUri.fsPath, 'runs');
  }

  /** Runs that begin in a folder stay in the list when the setting later names another one. */
  async keepRunsFolder(folder: string): Promise<void> {
    await this.#context.globalState.update(foldersKey, rememberFolder(this.#usedFolders(), folder));
  }

  #usedFolders(): string[] {
    return this.#context.globalState.get<string[]>(foldersKey, []);
  }

  /** Throws BoundaryError('usage') where the setting for the folder of new runs means none. */
  assertRunsFolder(): void {
    const chosen = setting('runsFolder');
    if (chosen !== '' && absoluteFolder(chosen) === undefined) {
      throw new BoundaryError(
        'usage',
        vscode.l10n.t('The folder for runs "{0}" is not an absolute path.', chosen),
        vscode.l10n.t('Choose another one with the setting selfQuestioning.runsFolder.'),
      );
    }
  }

  /** Reads every run.json again and watches what may still change. */
  refresh(): void {
    const before = this.selected?.dir;
    const names = this.#names();
    const queue = listQueue();
    const places = queuePlaces(queue);
    const listed = this.#roots().flatMap((root) => listRuns(root));
    const sweeps = this.#roots().flatMap((root) => listSweeps(root).map((sweep) => ({ root, sweep })));
    const inSweep = new Map(
      sweeps.flatMap(({ root, sweep }) =>
        sweep.runs.map(({ name, variant, seed }) => {
          const title = vscode.l10n.t('{0} · seed {1} · {2}', variant, String(seed), sweep.name);
          return [join(root, name), { variant, title }] as const;
        }),
      ),
    );
    this.#runs = listed
      .flatMap((entry) => ('run' in entry ? [entry] : []))
      .map(({ dir, run }) => ({ dir, run, notes: readNotes(dir) }))
      .map(({ dir, run, notes }) => ({
        ...{ dir, run, tags: notes.tags, note: notes.note },
        state: shownState(run),
        name:
          labelText(notes.name ?? names[dir] ?? inSweep.get(dir)?.title ?? '') || runName(t, run, vscode.env.language),
        ...optional('variant', inSweep.get(dir)?.variant),
        ...optional('queued', places.get(dir)),
      }))
      .sort((a, b) => b.run.createdAt.localeCompare(a.run.createdAt));
    this.#sweeps = sweeps
      .map(({ root, sweep }) => ({
        name: sweep.name,
        runs: sweep.runs.flatMap(({ name }) => this.find(join(root, name)) ?? []),
      }))
      .filter(({ runs }) => runs.length > 0);
    this.#broken = listed.flatMap((entry) => ('problem' in entry ? [entry] : []));
    this.#queue = queue.filter(({ state }) => state === undefined);
    this.#watch();
    this.#setContext(queue.some(({ state }) => state === undefined || !isLive(state)));
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

  /** Names that earlier versions kept in the editor alone. */
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

  /**
   * The folder for new runs, those that were used before the setting was changed, and `runs` of each workspace folder,
   * where the command line puts its runs.
   */
  #roots(): string[] {
    const workspace = workspaceFolders()
      .map((folder) => join(folder, 'runs'))
      // A cloned repository shows what is in it and nothing else.
      .filter(
        (root) => vscode.workspace.isTrusted || lstatSync(root, { throwIfNoEntry: false })?.isDirectory() === true,
      );
    const own = join(this.#context.globalStorageUri.fsPath, 'runs');
    return [...new Set([this.runsFolder(), own, ...this.#usedFolders(), ...workspace])].filter((root) =>
      existsSync(root),
    );
  }

  /**
   * Roots for new folders, folders that are about to become a run, and runs for engines that come and go: another window
   * or the command line may resume a run, or end one whose engine this window cannot reach. No polling.
   */
  #watch(): void {
    const roots = this.#roots();
    const pending = roots.flatMap((root) =>
      readdirSync(root, { withFileTypes: true })
        .filter((entry) => entry.isDirectory() && !holdsRun(join(root, entry.name)))
        .map((entry) => join(root, entry.name)),
    );
    // A workspace without runs gets its folder when the command line starts the first one there.
    const without = workspaceFolders().filter((folder) => existsSync(folder) && !existsSync(join(folder, 'runs')));
    const queue = existsSync(queueFolder()) ? [queueFolder()] : [];
    const all = [...roots, ...queue, ...without, ...this.#runs.map(({ dir }) => dir), ...pending];
    const wanted = new Set(all.slice(0, mostWatched));
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
      return name === null || !workspaceFolders().includes(folder) || name === 'runs';
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

  #setContext(canStartQueue: boolean): void {
    const states = this.#runs.map(({ state }) => state);
    const keys = {
      [contextKeys.hasRuns]: this.#runs.length + this.#broken.length > 0,
      [contextKeys.hasQueue]: canStartQueue,
      [contextKeys.hasSweeps]: this.#sweeps.length > 0,
      [contextKeys.hasSteps]: this.#runs.some(({ run }) => run.step > 0),
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

/** The model that a run was begun with: its name in the catalogue, or the path of an own one. */
export function modelOf({ run }: RunEntry): string {
  return String(run.config['model'] ?? run.model.path);
}

/** Whether a new engine can continue with the run. */
export function isResumable(state: ShownState): boolean {
  return state === 'interrupted' || state === 'stopped' || state === 'failed';
}

function workspaceFolders(): string[] {
  return (vscode.workspace.workspaceFolders ?? [])
    .filter(({ uri }) => uri.scheme === 'file')
    .map(({ uri }) => uri.fsPath);
}

/** Makes a folder of the extension's storage. Throws what the file system says. */
export function ensureFolder(path: string): string {
  makeFolderSync(path);
  return path;
}

/** How long a folder may take to be made, milliseconds: some file systems never answer. */
const patienceMs = 5000;

/** Makes a folder that a person chose without holding up the extension host. Throws what the file system says. */
export async function makeChosenFolder(path: string): Promise<void> {
  const late = new Promise<never>((_, reject) => {
    setTimeout(() => reject(new Error(vscode.l10n.t('The file system does not answer.'))), patienceMs).unref();
  });
  await Promise.race([makeFolder(path), late]);
}
