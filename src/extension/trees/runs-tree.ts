import * as vscode from 'vscode';
import { commands, views } from '../contributions.ts';
import { decisive, outcomeOf } from '../../view/evaluations.ts';
import { formatPercent } from '../../view/format.ts';
import type { QueuedRun } from '../../engine/queue.ts';
import { runName } from '../../view/default-name.ts';
import { type BrokenRun, type RunEntry } from '../run-store.ts';
import type { Disposables, Services } from '../services.ts';
import type { ShownState } from '../../protocol/run-state.ts';
import { t } from '../translate.ts';
import { shownProgress, queueText, stateText, stepCount } from '../../view/progress.ts';
import { labelText, visibleText } from '../../view/visible-text.ts';

type Node = RunEntry | BrokenRun | QueuedRun;

const icons: Record<ShownState, [name: string, color?: string]> = {
  starting: ['loading~spin'],
  running: ['sync~spin', 'charts.blue'],
  paused: ['debug-pause', 'charts.yellow'],
  stopping: ['loading~spin'],
  interrupted: ['debug-disconnect', 'charts.yellow'],
  stopped: ['circle-slash'],
  finished: ['pass', 'testing.iconPassed'],
  failed: ['error', 'testing.iconFailed'],
};

const waitingIcon: (typeof icons)[ShownState] = ['clock', 'charts.yellow'];

/** All runs, newest first; a click selects one for Problems and Benchmarks. */
export function registerRunsTree(services: Services): Disposables {
  const { store } = services;
  const changed = new vscode.EventEmitter<void>();
  const provider: vscode.TreeDataProvider<Node> = {
    onDidChangeTreeData: changed.event,
    getChildren: (node) => (node ? [] : [...store.queue, ...store.runs, ...store.broken]),
    getTreeItem: (node) =>
      'run' in node ? runItem(services, node) : 'addedAt' in node ? queuedItem(node) : brokenItem(node),
    getParent: () => undefined,
  };
  const tree = vscode.window.createTreeView(views.runs, { treeDataProvider: provider, showCollapseAll: false });
  return [
    tree,
    changed,
    store.onDidChange(() => changed.fire()),
    // The list shows which run Problems and Benchmarks are about, wherever it was chosen.
    store.onDidSelect(() => {
      const { selected } = store;
      if (tree.visible && selected && tree.selection[0]?.dir !== selected.dir) {
        tree.reveal(selected, { select: true, focus: false }).then(undefined, () => undefined);
      }
    }),
    tree.onDidChangeSelection(({ selection: [node] }) => {
      if (node && 'run' in node) {
        store.select(node.dir);
      }
    }),
  ];
}

function runItem(services: Services, entry: RunEntry): vscode.TreeItem {
  const { store } = services;
  const { dir, name, run, state } = entry;
  const item = new vscode.TreeItem(name);
  const progress = shownProgress(entry);
  const [icon, color] = progress.wait ? waitingIcon : icons[state];
  item.id = dir;
  item.iconPath = new vscode.ThemeIcon(icon, color === undefined ? undefined : new vscode.ThemeColor(color));
  item.contextValue = `run.${state}`;
  item.description = [
    requestWord(services, entry) ?? stateText(t, progress),
    stepCount(progress),
    bestFigure(store.evaluations(dir), run.best),
  ]
    .filter((part) => part !== '')
    .join(' · ');
  item.tooltip = tooltip(entry);
  item.command = { command: commands.openDashboard, title: '', arguments: [{ dir }] };
  item.accessibilityInformation = { label: `${name}, ${item.description}` };
  return item;
}

/** What was asked for and is about to happen. */
function requestWord({ live }: Services, { dir, state }: RunEntry): string | undefined {
  const requested = state === 'running' || state === 'starting' ? live.requested(dir) : undefined;
  return requested && (requested === 'pause' ? vscode.l10n.t('pausing') : vscode.l10n.t('stopping'));
}

/** Held-out result before and after, the figure that a person looks for. */
function bestFigure(evaluations: ReturnType<Services['store']['evaluations']>, best: RunEntry['run']['best']): string {
  const outcome = outcomeOf(evaluations, best);
  const [first] = decisive(evaluations);
  return outcome
    ? `${formatPercent(outcome.before.accuracy)} → ${formatPercent(outcome.after.accuracy)}`
    : first
      ? formatPercent(first.accuracy)
      : '';
}

function tooltip({ dir, name, run }: RunEntry): vscode.MarkdownString {
  const markdown = new vscode.MarkdownString();
  markdown.appendText(name);
  markdown.appendMarkdown('\n\n');
  markdown.appendText(`${labelText(run.model.id)} · ${new Date(run.createdAt).toLocaleString(vscode.env.language)}`);
  markdown.appendMarkdown('\n\n');
  markdown.appendText(dir);
  if (run.error) {
    markdown.appendMarkdown('\n\n');
    markdown.appendText(visibleText(`${run.error.message} ${run.error.remedy}`));
  }
  return markdown;
}

/** A run of the queue that has not been begun. */
function queuedItem({ id, dir, config, addedAt, problem, place = 'next' }: QueuedRun): vscode.TreeItem {
  const item = new vscode.TreeItem(runName(t, { id: dir, config, createdAt: addedAt }, vscode.env.language));
  item.id = `queued ${id}`;
  item.iconPath = new vscode.ThemeIcon(problem === undefined ? 'clock' : 'warning');
  item.contextValue = 'queued';
  item.description =
    problem === undefined ? queueText(t, place) : vscode.l10n.t('could not start: {0}', visibleText(problem));
  item.tooltip = visibleText(problem ?? dir);
  return item;
}

function brokenItem({ dir, problem }: BrokenRun): vscode.TreeItem {
  const item = new vscode.TreeItem(vscode.Uri.file(dir));
  item.id = dir;
  item.iconPath = new vscode.ThemeIcon('warning', new vscode.ThemeColor('list.warningForeground'));
  item.contextValue = 'run.unreadable';
  item.description = vscode.l10n.t('cannot be read');
  item.tooltip = visibleText(problem);
  return item;
}
