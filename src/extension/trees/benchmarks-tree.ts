import * as vscode from 'vscode';
import { BoundaryError } from '../../base/errors.ts';
import { optional } from '../../base/optional.ts';
import { questionsFile } from '../../benchmarks/imported.ts';
import type { ImportRecord } from '../../protocol/imports.ts';
import { benchmarkTitle, policyWord, solvedText } from '../../view/evaluation.ts';
import { formatPercent, formatPoints } from '../../view/format.ts';
import { importText } from '../../view/import.ts';
import { modelWord } from '../../view/run-name.ts';
import { labelText, visibleText } from '../../view/visible-text.ts';
import { commands, internalCommands, views } from '../contributions.ts';
import type { EvaluationStore } from '../evaluation-store.ts';
import { baseFor, resultOfFile, resultOfRun, type StoredResult } from '../stored-results.ts';
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
  result: StoredResult;
  before: StoredResult | undefined;
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
    getTreeItem: (node) => (node.kind === 'benchmark' ? benchmarkItem(node) : evaluationItem(node)),
  };
  const tree = vscode.window.createTreeView(views.benchmarks, { treeDataProvider: provider });
  const update = (): void => {
    tree.description = store.selected?.name ?? '';
    changed.fire();
  };
  /** VS Code no longer knows a row that was chosen while the view was refreshed, and passes nothing for it. */
  const onNode = (command: string, work: (node: Node) => Promise<void>): vscode.Disposable =>
    vscode.commands.registerCommand(
      command,
      guarded(services, async (node?: Node) => {
        if (node) {
          return work(node);
        }
        changed.fire();
        throw new BoundaryError(
          'usage',
          vscode.l10n.t('The list of benchmarks has changed.'),
          vscode.l10n.t('It is up to date now: choose from it again.'),
        );
      }),
    );
  return [
    tree,
    changed,
    results.onDidChange(update),
    store.onDidSelect(update),
    live.onEvent(({ event }) => event.type === 'evaluation' && changed.fire()),
    onNode(commands.openBenchmark, async (node) => {
      const file = node.kind === 'benchmark' ? node.imported && questionsFile(node.imported) : node.file;
      if (file !== undefined) {
        await vscode.window.showTextDocument(vscode.Uri.file(file));
      }
    }),
    onNode(commands.deleteBenchmark, (node) => deleteNode(results, node)),
  ];
}

function benchmarkNodes(services: Services, results: EvaluationStore): BenchmarkNode[] {
  const { selected } = services.store;
  const ofRun = selected
    ? services.store.evaluations(selected.dir).map((evaluation) => ({ result: resultOfRun(selected, evaluation) }))
    : [];
  const asked = results
    .files()
    .map(({ file, evaluation }) => ({ file, result: resultOfFile(services, file, evaluation) }));
  const all: { result: StoredResult; file?: string }[] = [...ofRun, ...asked];
  const groups = Map.groupBy(
    all.sort((a, b) => a.result.evaluation.step - b.result.evaluation.step),
    ({ result }) => benchmarkTitle(result.evaluation),
  );
  const nodes = [...groups].map(([name, entries]): BenchmarkNode => {
    const known = entries.map(({ result }) => result);
    return {
      ...{ kind: 'benchmark', name },
      results: entries.map(({ result, file }) => ({
        ...{ kind: 'evaluation', result, before: baseFor(result, known) },
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

async function deleteNode(results: EvaluationStore, node: Node): Promise<void> {
  if (node.kind === 'benchmark' ? !node.imported : node.file === undefined) {
    return;
  }
  const name = node.kind === 'benchmark' ? node.name : resultTitle(node.result);
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
  const item = new vscode.TreeItem(labelText(name), state);
  item.iconPath = new vscode.ThemeIcon('beaker');
  const total = imported?.questions ?? results.at(-1)?.result.evaluation.total;
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

function resultTitle({ evaluation }: StoredResult): string {
  return `${benchmarkTitle(evaluation)}, ${policyWord(t, evaluation)}`;
}

function evaluationItem({ result, before, file }: ResultNode): vscode.TreeItem {
  const { evaluation } = result;
  const { accuracy, interval, model, meanScore } = evaluation;
  const item = new vscode.TreeItem(`${formatPercent(accuracy)} ${policyWord(t, evaluation)}`);
  const difference = before && accuracy - before.evaluation.accuracy;
  const change = difference === undefined ? '' : ` · ${formatPoints(difference)}`;
  // A result that was asked for says of which run its adapter is.
  const run = file === undefined ? undefined : result.name;
  item.description = `${solvedText(t, evaluation)}${change} · ${run ?? labelText(modelWord(model))}`;
  item.iconPath = new vscode.ThemeIcon(
    difference === undefined || difference === 0 ? 'dash' : difference > 0 ? 'arrow-up' : 'arrow-down',
  );
  item.tooltip = [
    visibleText(run === undefined ? model : `${run} · ${model}`),
    vscode.l10n.t(
      '95 % interval {0} to {1}, mean score {2}',
      formatPercent(interval[0]),
      formatPercent(interval[1]),
      meanScore.toFixed(3),
    ),
    new Date(evaluation.time).toLocaleString(vscode.env.language),
  ].join('\n');
  item.contextValue = file === undefined ? 'result' : 'result.stored';
  item.command = { command: internalCommands.openEvaluation, title: '', arguments: [result, before] };
  return item;
}
