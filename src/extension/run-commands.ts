import { rm } from 'node:fs/promises';
import { relative } from 'node:path';
import * as vscode from 'vscode';
import { lastLines } from '../engine/client.ts';
import { dequeue } from '../engine/queue.ts';
import { runName } from '../view/default-name.ts';
import { BoundaryError } from '../base/errors.ts';
import { ActionableError } from './actionable-error.ts';
import { sum } from '../base/statistics.ts';
import { commands } from './contributions.ts';
import type { RunRecord } from '../protocol/records.ts';
import { isLive } from '../protocol/run-state.ts';
import { spareCheckpoints } from '../run/checkpoint.ts';
import { diskUse } from '../run/disk-use.ts';
import { parseTags } from '../run/notes.ts';
import { type BrokenRun, type RunEntry, isResumable } from './run-store.ts';
import { type Disposables, NoRunError, type Services, guarded, showError } from './services.ts';
import { requireTrust } from './trust.ts';
import { changeText, compareEvaluations } from '../view/comparison.ts';
import { outcomeOf } from '../view/evaluations.ts';
import { asSentence, formatBytes, formatPercent } from '../view/format.ts';
import { shownProgress, stateText, stepCount } from '../view/progress.ts';
import { t } from './translate.ts';

/** A run as a command gets it: an item of the tree, a folder (links, other extensions), or nothing (the palette). */
export type RunArgument = { dir: string } | string | undefined;

/** The run that a command is about; asks where there is a choice. Undefined when the person leaves the question. */
export async function pickRun(
  { store }: Services,
  argument: RunArgument,
  fits: (entry: RunEntry) => boolean = () => true,
): Promise<RunEntry | undefined> {
  const dir = typeof argument === 'string' ? argument : argument?.dir;
  if (dir !== undefined) {
    const named = store.find(dir);
    if (!named) {
      throw new ActionableError(
        'run',
        vscode.l10n.t('{0} is not a known run.', dir),
        vscode.l10n.t('Refresh the list of runs.'),
        {
          title: vscode.l10n.t('Refresh Runs'),
          run: () => vscode.commands.executeCommand(commands.refreshRuns),
        },
      );
    }
    return named;
  }
  const candidates = store.runs.filter(fits);
  if (candidates.length === 0) {
    throw new NoRunError();
  }
  if (candidates.length === 1) {
    return candidates[0];
  }
  const items = candidates.map((entry) => ({
    label: entry.name,
    description: `${stateText(t, shownProgress(entry))} · ${stepCount(shownProgress(entry))}`,
    detail: new Date(entry.run.createdAt).toLocaleString(vscode.env.language),
    entry,
  }));
  const chosen = await vscode.window.showQuickPick(items, {
    placeHolder: vscode.l10n.t('Choose a run'),
    matchOnDescription: true,
    matchOnDetail: true,
  });
  return chosen?.entry;
}

/** Commands that steer a run or its folder. */
export function registerRunCommands(services: Services): Disposables {
  const { store, live } = services;
  const running = ({ state }: RunEntry): boolean => state === 'running' || state === 'starting';
  const register = (id: string, work: (argument: RunArgument) => Promise<unknown>): vscode.Disposable =>
    vscode.commands.registerCommand(id, guarded(services, work));

  return [
    register(commands.pause, async (argument) => {
      const entry = await pickRun(services, argument, running);
      await (entry && live.request(entry.dir, 'pause'));
    }),
    register(commands.stop, async (argument) => {
      const entry = await pickRun(services, argument, (run) => running(run) || run.state === 'paused');
      await (entry && live.request(entry.dir, 'stop'));
    }),
    register(commands.resume, async (argument) => {
      const entry = await pickRun(services, argument, ({ state }) => state === 'paused' || isResumable(state));
      await (entry && resumeRun(services, entry));
    }),
    register(commands.moreSteps, async (argument) => {
      const entry = await pickRun(services, argument, ({ state }) => state === 'finished');
      await (entry && continueRun(services, entry));
    }),
    register(commands.renameRun, async (argument) => {
      const entry = await pickRun(services, argument);
      const name =
        entry && (await vscode.window.showInputBox({ title: vscode.l10n.t('Rename Run'), value: entry.name }));
      if (entry && name?.trim()) {
        store.annotate(entry.dir, { name: name.trim() });
      }
    }),
    register(commands.tagRun, async (argument) => {
      const entry = await pickRun(services, argument);
      const tags =
        entry &&
        (await vscode.window.showInputBox({
          title: vscode.l10n.t('Edit Tags'),
          prompt: vscode.l10n.t('Separated by commas; left empty, the run has none.'),
          value: entry.tags.join(', '),
        }));
      if (entry && tags !== undefined) {
        store.annotate(entry.dir, { tags: parseTags(tags) });
      }
    }),
    register(commands.noteRun, async (argument) => {
      const entry = await pickRun(services, argument);
      const note =
        entry &&
        (await vscode.window.showInputBox({
          title: vscode.l10n.t('Edit Note'),
          prompt: vscode.l10n.t('What to remember of this run; left empty, it has none.'),
          value: entry.note,
        }));
      if (entry && note !== undefined) {
        store.annotate(entry.dir, { note: note.trim() });
      }
    }),
    register(commands.cleanRun, (argument) => cleanRun(services, argument)),
    register(commands.revealRun, async (argument) => {
      const dir = typeof argument === 'object' ? argument.dir : (await pickRun(services, argument))?.dir;
      if (dir !== undefined) {
        await revealPath(dir);
      }
    }),
    register(commands.deleteRun, (argument) => deleteRun(services, argument)),
    register(commands.startQueue, async () => {
      requireTrust();
      const started = await live.advanceQueue(true);
      if (started === undefined) {
        void vscode.window.showInformationMessage(
          vscode.l10n.t('Nothing was started: a run is running, or the queue is empty.'),
        );
      }
    }),
    vscode.commands.registerCommand(
      commands.cancelQueued,
      guarded(services, (argument?: { id?: unknown }) => cancelQueued(services, argument)),
    ),
    register(commands.refreshRuns, async () => store.refresh()),
    live.onDidLose((dir) => void reportEnd(services, dir)),
    live.onDidMismatch(({ dir, error }) => {
      const stop = { title: vscode.l10n.t('Stop'), run: () => vscode.commands.executeCommand(commands.stop, dir) };
      void showError(services, error, stop);
    }),
  ];
}

/** Continues a paused run, or starts a new engine for one that ended before its last step. */
async function resumeRun(services: Services, entry: RunEntry): Promise<void> {
  if (entry.state === 'paused') {
    await (await services.live.client(entry.dir)).resume();
    return;
  }
  requireTrust();
  services.store.steps(entry.dir).forget();
  await vscode.window.withProgress(
    { location: { viewId: 'selfQuestioning.runs' }, title: vscode.l10n.t('Resuming {0}', entry.name) },
    () => services.live.start(entry.dir),
  );
}

/** A finished run is continued to a further step. */
async function continueRun(services: Services, entry: RunEntry): Promise<void> {
  const { name, run } = entry;
  const value = await vscode.window.showInputBox({
    title: name,
    prompt: vscode.l10n.t('Up to which step? {0} are done.', String(run.steps)),
    value: String(2 * run.steps),
    validateInput: (text) =>
      /^\d+$/.test(text.trim()) && Number(text) > run.steps
        ? undefined
        : vscode.l10n.t('Give a whole number above {0}.', String(run.steps)),
  });
  if (value === undefined) {
    return;
  }
  requireTrust();
  services.store.steps(entry.dir).forget();
  await vscode.window.withProgress(
    { location: { viewId: 'selfQuestioning.runs' }, title: vscode.l10n.t('Resuming {0}', name) },
    () => services.live.start(entry.dir, { steps: Number(value) }),
  );
}

/**
 * Shows a folder or file in the system's file manager; where the editor runs in a browser there is none: then in the
 * Explorer, or by its path.
 */
export async function revealPath(path: string): Promise<void> {
  const uri = vscode.Uri.file(path);
  const known = new Set(await vscode.commands.getCommands(true));
  if (known.has('revealFileInOS') && vscode.env.uiKind === vscode.UIKind.Desktop) {
    await vscode.commands.executeCommand('revealFileInOS', uri);
    return;
  }
  const folder = vscode.workspace.getWorkspaceFolder(uri);
  if (folder && !relative(folder.uri.fsPath, path).startsWith('..')) {
    await vscode.commands.executeCommand('revealInExplorer', uri);
    return;
  }
  const copy = vscode.l10n.t('Copy Path');
  if ((await vscode.window.showInformationMessage(path, copy)) === copy) {
    await vscode.env.clipboard.writeText(path);
  }
}

async function deleteRun(services: Services, argument: RunArgument): Promise<void> {
  const { store } = services;
  const given = typeof argument === 'string' ? argument : argument?.dir;
  const broken: BrokenRun | undefined = store.broken.find((candidate) => candidate.dir === given);
  const entry = broken ? undefined : await pickRun(services, argument, ({ state }) => !isLive(state));
  const dir = broken?.dir ?? entry?.dir;
  if (dir === undefined) {
    return;
  }
  assertEnded(entry);
  const size = formatBytes(await diskUse(dir));
  const useTrash = hasTrash();
  const confirm = useTrash ? vscode.l10n.t('Move to Trash') : vscode.l10n.t('Delete');
  const question = vscode.l10n.t('Delete the run "{0}" with its checkpoints and records?', entry?.name ?? dir);
  const detail = useTrash
    ? vscode.l10n.t('The folder {0} with {1} is moved to the trash of the system.', dir, size)
    : vscode.l10n.t('The folder {0} with {1} is removed. This cannot be undone.', dir, size);
  if ((await vscode.window.showWarningMessage(question, { modal: true, detail }, confirm)) === confirm) {
    await vscode.workspace.fs.delete(vscode.Uri.file(dir), { recursive: true, useTrash });
    store.refresh();
  }
}

/** Only the desktop's editor reaches a trash, for files of its own machine. */
function hasTrash(): boolean {
  return vscode.env.uiKind === vscode.UIKind.Desktop && vscode.env.remoteName === undefined;
}

/** Takes a run out of the queue; asks which where it is not named. */
async function cancelQueued({ store }: Services, argument?: { id?: unknown }): Promise<void> {
  const items = store.queue.map(({ id, dir, config, addedAt }) => ({
    label: runName(t, { id: dir, config, createdAt: addedAt }, vscode.env.language),
    detail: dir,
    id,
  }));
  if (items.length === 0) {
    void vscode.window.showInformationMessage(vscode.l10n.t('The queue is empty.'));
    return;
  }
  const named = items.find(({ id }) => id === argument?.id);
  const chosen = named ?? (await vscode.window.showQuickPick(items, { placeHolder: vscode.l10n.t('Choose a run') }));
  if (chosen) {
    dequeue(chosen.id);
    store.refresh();
  }
}

function assertEnded(entry: RunEntry | undefined): void {
  if (entry && isLive(entry.state)) {
    throw new ActionableError(
      'run',
      vscode.l10n.t('{0} is still running.', entry.name),
      vscode.l10n.t('Stop it first.'),
      {
        title: vscode.l10n.t('Stop'),
        run: () => vscode.commands.executeCommand(commands.stop, entry.dir),
      },
    );
  }
}

/** Removes all checkpoints of a run but its best and its last. */
async function cleanRun(services: Services, argument: RunArgument): Promise<void> {
  const entry = await pickRun(services, argument, ({ state }) => !isLive(state));
  if (!entry) {
    return;
  }
  assertEnded(entry);
  const spare = spareCheckpoints(entry.dir, entry.run.best?.step);
  if (spare.length === 0) {
    void vscode.window.showInformationMessage(
      vscode.l10n.t('{0} has no checkpoints but its best and its last.', entry.name),
    );
    return;
  }
  const size = formatBytes(sum(await Promise.all(spare.map(({ dir }) => diskUse(dir)))));
  const confirm = vscode.l10n.t('Remove');
  const question = vscode.l10n.t('Remove {0} checkpoints of "{1}", {2}?', String(spare.length), entry.name, size);
  const detail = vscode.l10n.t('The best and the last checkpoint stay, and all records. This cannot be undone.');
  if ((await vscode.window.showWarningMessage(question, { modal: true, detail }, confirm)) === confirm) {
    await Promise.all(spare.map(({ dir }) => rm(dir, { recursive: true })));
    services.store.refresh();
  }
}

/**
 * One message when an engine has gone: what it reached, or why it failed and how to continue. In the window that started
 * it, or that the person is looking at.
 */
async function reportEnd(services: Services, dir: string): Promise<void> {
  const entry = services.store.find(dir);
  if (!entry || !(services.live.hasStarted(dir) || vscode.window.state.focused)) {
    return;
  }
  const { name, run, state } = entry;
  const openDashboard = vscode.l10n.t('Open Dashboard');
  const resume = { title: vscode.l10n.t('Resume'), run: () => vscode.commands.executeCommand(commands.resume, dir) };
  if (state === 'finished') {
    const chosen = await vscode.window.showInformationMessage(
      [vscode.l10n.t('{0}: all {1} steps are done.', name, String(run.steps)), resultText(services, dir, run.best)]
        .join(' ')
        .trim(),
      openDashboard,
      vscode.l10n.t('Export…'),
    );
    if (chosen !== undefined) {
      await vscode.commands.executeCommand(chosen === openDashboard ? commands.openDashboard : commands.exportRun, dir);
    }
  } else if (state === 'failed') {
    const message = run.error?.message ?? vscode.l10n.t('{0} failed.', name);
    await showError(services, new BoundaryError('run', `${name}: ${message}`, run.error?.remedy ?? ''), resume);
  } else if (state === 'interrupted') {
    services.log.error(lastLines(dir));
    const message = vscode.l10n.t('The engine of {0} ended unexpectedly after step {1}.', name, String(run.step));
    await showError(
      services,
      new BoundaryError('run', message, vscode.l10n.t('Nothing that was finished is lost.')),
      resume,
    );
  }
}

/** What the held-out problems say of a finished run; empty without an evaluation before and after. */
function resultText({ store }: Services, dir: string, best: RunRecord['best']): string {
  const outcome = outcomeOf(store.evaluations(dir), best);
  if (!outcome) {
    return '';
  }
  const { before, after } = outcome;
  const figures = `${formatPercent(before.accuracy)} → ${formatPercent(after.accuracy)}`;
  const change = compareEvaluations(before, after);
  return [
    vscode.l10n.t('Held-out problems solved: {0}.', figures),
    change ? asSentence(changeText(t, change)) : '',
  ].join(' ');
}
