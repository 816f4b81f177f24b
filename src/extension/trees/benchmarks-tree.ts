import * as vscode from 'vscode';
import { optional } from '../../base/optional.ts';
import { questionsFile } from '../../benchmarks/imported.ts';
import type { ImportRecord } from '../../protocol/imports.ts';
import type { Evaluation } from '../../protocol/records.ts';
import { benchmarkTitle, evaluationBefore, policyWord, solvedText } from '../../view/evaluation.ts';
import { formatPercent, formatPoints } from '../../view/format.ts';
import { importText } from '../../view/import.ts';
import { modelWord } from '../../view/run-name.ts';
import { commands, internalCommands, views } from '../contributions.ts';
import type { EvaluationStore } from '../evaluation-store.ts';
import { type Disposables, type Services, guarded } from '../services.ts';
import { t } from '../translate.ts';

/** A benchmark with its results; `imported` where it was. */
interface BenchmarkNode {
  kind: 'benchmark';
  name: string;
  imported?: ImportRecord;
  results: ResultNode[];
}
/** A result; `file` where it was asked for from the editor, and not by a run. */
interface ResultNode {
  kind: 'evaluation';
  evaluation: Evaluation;
  before: Evaluation | undefined;
  file?: string;
}
type Node = BenchmarkNode | ResultNode;

/** Imported sets, and results by benchmark: of the selected run, and those that were asked for apart from a run. */
export function registerBenchmarksTree(services: Services, results: EvaluationStore): Disposables {
  const { store, live } = services;
  const changed = new vscode.EventEmitter<void>();
  const provider: vscode.TreeDataProvider<Node> = {
    onDidChangeTreeData: changed.event,
    getChildren: (node) => (node ? (node.kind === 'benchmark' ? node.results : []) : benchmarkNodes(services, results)),
    getTreeItem: (node) => (node.kind === 'benchmark' ? benchmarkItem(node) : evaluationItem(services, node)),
  };
  const tree = vscode.window.createTreeView(views.benchmarks, { treeDataProvider: provider });
  const update = (): void => {
    tree.description = store.selected?.name ?? '';
    changed.fire();
  };
  return [
    tree,
    changed,
    results.onDidChange(update),
    store.onDidSelect(update),
    live.onEvent(({ event }) => event.type === 'evaluation' && changed.fire()),
    vscode.commands.registerCommand(
      commands.openBenchmark,
      guarded(services, async (node?: Node) => {
        const file = node?.kind === 'benchmark' ? node.imported && questionsFile(node.imported) : node?.file;
        if (file !== undefined) {
          await vscode.window.showTextDocument(vscode.Uri.file(file));
        }
      }),
    ),
    vscode.commands.registerCommand(
      commands.deleteBenchmark,
      guarded(services, (node?: Node) => deleteNode(results, node)),
    ),
  ];
}

function benchmarkNodes({ store }: Services, results: EvaluationStore): BenchmarkNode[] {
  const ofRun = (store.selected ? store.evaluations(store.selected.dir) : []).map((evaluation) => ({ evaluation }));
  const all: { evaluation: Evaluation; file?: string }[] = [...ofRun, ...results.files()];
  const groups = Map.groupBy(
    all.sort((a, b) => a.evaluation.step - b.evaluation.step),
    ({ evaluation }) => benchmarkTitle(evaluation),
  );
  const nodes = [...groups].map(([name, entries]): BenchmarkNode => {
    const evaluations = entries.map(({ evaluation }) => evaluation);
    return {
      ...{ kind: 'benchmark', name },
      results: entries.map(({ evaluation, file }) => ({
        ...{ kind: 'evaluation', evaluation, before: evaluationBefore(evaluation, evaluations) },
        ...(file === undefined ? {} : { file }),
      })),
    };
  });
  const imports = results.imports();
  const named = nodes.map((node) => ({
    ...node,
    ...optional(
      'imported',
      imports.find(({ name }) => name === node.name),
    ),
  }));
  const unused = imports
    .filter(({ name }) => !groups.has(name))
    .map((imported): BenchmarkNode => ({ kind: 'benchmark', name: imported.name, imported, results: [] }));
  return [...named, ...unused];
}

async function deleteNode(results: EvaluationStore, node: Node | undefined): Promise<void> {
  if (!node || (node.kind === 'benchmark' ? !node.imported : node.file === undefined)) {
    return;
  }
  const name =
    node.kind === 'benchmark' ? node.name : `${benchmarkTitle(node.evaluation)}, ${policyWord(t, node.evaluation)}`;
  const confirm = vscode.l10n.t('Delete');
  const question =
    node.kind === 'benchmark'
      ? vscode.l10n.t('Delete the imported problems "{0}"? Results on them stay.', name)
      : vscode.l10n.t('Delete the result "{0}"?', name);
  if ((await vscode.window.showWarningMessage(question, { modal: true }, confirm)) === confirm) {
    await (node.kind === 'benchmark' ? results.removeImport(node.name) : results.remove(node.file ?? ''));
  }
}

function benchmarkItem({ name, imported, results }: BenchmarkNode): vscode.TreeItem {
  const state = results.length > 0 ? vscode.TreeItemCollapsibleState.Expanded : vscode.TreeItemCollapsibleState.None;
  const item = new vscode.TreeItem(name, state);
  item.iconPath = new vscode.ThemeIcon('beaker');
  const total = imported?.questions ?? results.at(-1)?.evaluation.total;
  item.description = [
    ...(total === undefined ? [] : [vscode.l10n.t('{0} problems', String(total))]),
    ...(imported ? [vscode.l10n.t('imported')] : []),
    ...(results.length === 0 ? [vscode.l10n.t('not evaluated yet')] : []),
  ].join(' · ');
  item.contextValue = imported ? 'benchmark.imported' : 'benchmark';
  if (imported) {
    item.tooltip = [...importText(t, imported), imported.source].join('\n');
  }
  return item;
}

function evaluationItem({ store }: Services, { evaluation, before, file }: ResultNode): vscode.TreeItem {
  const { adapter, accuracy, interval, model, meanScore } = evaluation;
  const item = new vscode.TreeItem(`${formatPercent(accuracy)} ${policyWord(t, evaluation)}`);
  const difference = before && accuracy - before.accuracy;
  const change = difference === undefined ? '' : ` · ${formatPoints(difference)}`;
  // A result that was asked for says of which run its adapter is.
  const run = file === undefined ? undefined : store.runs.find(({ dir }) => adapter?.startsWith(dir) === true)?.name;
  item.description = `${solvedText(t, evaluation)}${change} · ${run ?? modelWord(model)}`;
  item.iconPath = new vscode.ThemeIcon(
    difference === undefined || difference === 0 ? 'dash' : difference > 0 ? 'arrow-up' : 'arrow-down',
  );
  item.tooltip = [
    run === undefined ? model : `${run} · ${model}`,
    vscode.l10n.t(
      '95 % interval {0} to {1}, mean score {2}',
      formatPercent(interval[0]),
      formatPercent(interval[1]),
      meanScore.toFixed(3),
    ),
    new Date(evaluation.time).toLocaleString(vscode.env.language),
  ].join('\n');
  item.contextValue = file === undefined ? 'result' : 'result.stored';
  item.command = { command: internalCommands.openEvaluation, title: '', arguments: [evaluation, before] };
  return item;
}
