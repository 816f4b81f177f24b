import * as vscode from 'vscode';
import type { Evaluation } from '../../protocol/records.ts';
import { internalCommands, views } from '../contributions.ts';
import { byBenchmark } from '../../view/evaluations.ts';
import type { EvaluationStore } from '../evaluation-store.ts';
import { formatPercent } from '../../view/format.ts';
import type { Disposables, Services } from '../services.ts';

type Node =
  | { kind: 'benchmark'; name: string; evaluations: Evaluation[] }
  | { kind: 'evaluation'; evaluation: Evaluation; before: Evaluation | undefined };

/** Results by benchmark: those of the selected run, and those that were asked for apart from a run. */
export function registerBenchmarksTree({ store, live }: Services, results: EvaluationStore): Disposables {
  const changed = new vscode.EventEmitter<void>();
  const provider: vscode.TreeDataProvider<Node> = {
    onDidChangeTreeData: changed.event,
    getChildren(node) {
      if (node) {
        return node.kind === 'benchmark' ? evaluationNodes(node.evaluations) : [];
      }
      const ofRun = store.selected ? store.evaluations(store.selected.dir) : [];
      return [...byBenchmark([...ofRun, ...results.all()])].map(([name, evaluations]) => ({
        kind: 'benchmark',
        name,
        evaluations,
      }));
    },
    getTreeItem: (node) =>
      node.kind === 'benchmark' ? benchmarkItem(node.name, node.evaluations) : evaluationItem(node),
  };
  return [
    vscode.window.createTreeView(views.benchmarks, { treeDataProvider: provider }),
    changed,
    results.onDidChange(() => changed.fire()),
    store.onDidSelect(() => changed.fire()),
    live.onEvent(({ event }) => event.type === 'evaluation' && changed.fire()),
  ];
}

/** Each after the first is compared with the earliest of the same model. */
function evaluationNodes(evaluations: readonly Evaluation[]): Node[] {
  return evaluations.map((evaluation) => {
    const before = evaluations.find(
      ({ modelHash, step }) => modelHash === evaluation.modelHash && step === 0 && evaluation.step > 0,
    );
    return { kind: 'evaluation', evaluation, before };
  });
}

function benchmarkItem(name: string, evaluations: readonly Evaluation[]): vscode.TreeItem {
  const item = new vscode.TreeItem(name, vscode.TreeItemCollapsibleState.Expanded);
  item.iconPath = new vscode.ThemeIcon('beaker');
  item.description = vscode.l10n.t('{0} problems', String(evaluations[0]?.total ?? 0));
  return item;
}

function evaluationItem({ evaluation, before }: Node & { kind: 'evaluation' }): vscode.TreeItem {
  const { step, adapter, solved, total, accuracy, interval, model, meanScore } = evaluation;
  const who =
    step > 0
      ? vscode.l10n.t('after step {0}', String(step))
      : adapter === null
        ? vscode.l10n.t('before training')
        : vscode.l10n.t('with adapter');
  const item = new vscode.TreeItem(`${formatPercent(accuracy)} ${who}`);
  const points = before ? Math.round(100 * (accuracy - before.accuracy)) : undefined;
  const change = points === undefined ? '' : ` · ${points >= 0 ? '+' : '−'}${Math.abs(points)}`;
  item.description = `${vscode.l10n.t('{0} of {1}', String(solved), String(total))}${change} · ${model}`;
  item.iconPath = new vscode.ThemeIcon(
    points === undefined || points === 0 ? 'dash' : points > 0 ? 'arrow-up' : 'arrow-down',
  );
  item.tooltip = vscode.l10n.t(
    '95 % interval {0} to {1}, mean score {2}',
    formatPercent(interval[0]),
    formatPercent(interval[1]),
    meanScore.toFixed(3),
  );
  item.command = { command: internalCommands.openEvaluation, title: '', arguments: [evaluation, before] };
  return item;
}
