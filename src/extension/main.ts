import * as vscode from 'vscode';
import { commands, internalCommands, walkthrough } from './contributions.ts';
import { registerDocuments } from './documents.ts';
import { registerHelp } from './doctor.ts';
import { registerEvaluate } from './evaluate.ts';
import { EvaluationStore } from './evaluation-store.ts';
import { registerImport } from './import-benchmark.ts';
import { registerExport } from './export.ts';
import { registerCompare } from './compare.ts';
import { LiveRuns } from './live-runs.ts';
import { Comparisons } from './panels/comparison-panel.ts';
import { Dashboards } from './panels/dashboard-panel.ts';
import { ProblemInspector } from './panels/problem-panel.ts';
import { RunTablePanel } from './panels/run-table-panel.ts';
import { registerPolicy } from './policy/policy.ts';
import { registerRunCommands } from './run-commands.ts';
import { RunStore } from './run-store.ts';
import type { Services } from './services.ts';
import { setting } from './settings.ts';
import { registerSolving } from './solve/solve.ts';
import { registerStart } from './start/start.ts';
import { registerStatusBar } from './status-bar.ts';
import { registerBenchmarksTree } from './trees/benchmarks-tree.ts';
import { ProblemsTree } from './trees/problems-tree.ts';
import { registerRunsTree } from './trees/runs-tree.ts';

let onDeactivate: (() => Promise<void>) | undefined;

/** What other extensions get. Runs are started by the command `selfQuestioning.start` with StartArguments. */
export interface ExtensionApi {
  /** Milliseconds that activation took. */
  activationMs: number;
}

/** What the extension consists of. The engine is a separate process; nothing native is loaded here. */
export function activate(context: vscode.ExtensionContext): ExtensionApi {
  const begun = performance.now();
  const log = vscode.window.createOutputChannel('Self-Questioning', { log: true });
  const store = new RunStore(context);
  const live = new LiveRuns(store, log, context.extensionPath);
  const services: Services = { context, log, store, live };
  const results = new EvaluationStore(context);
  const problems = new ProblemsTree(services);
  const comparisons = new Comparisons(services, results);

  context.subscriptions.push(
    ...[log, store, live, results, problems, comparisons],
    ...registerRunsTree(services),
    ...registerBenchmarksTree(services, results),
    ...registerStatusBar(services),
    ...registerStart(services),
    ...registerRunCommands(services),
    ...registerEvaluate(services, results, comparisons),
    registerCompare(services, results, comparisons),
    ...registerSolving(services),
    ...registerHelp(services),
    registerImport(services, results),
    registerExport(services),
    registerDocuments(services),
    new Dashboards(services),
    new ProblemInspector(services),
    new RunTablePanel(services),
    ...registerPolicy(services),
    vscode.commands.registerCommand(internalCommands.showOlderSteps, () => problems.showOlder()),
    vscode.commands.registerCommand(commands.openWalkthrough, () =>
      vscode.commands.executeCommand('workbench.action.openWalkthrough', `${context.extension.id}#${walkthrough}`),
    ),
    vscode.workspace.onDidChangeConfiguration(
      (change) => change.affectsConfiguration('selfQuestioning.runsFolder') && store.refresh(),
    ),
  );
  onDeactivate = async () => (setting('whenWindowCloses') === 'stop' ? live.stopStarted() : undefined);
  store.refresh();
  return { activationMs: performance.now() - begun };
}

/** VS Code waits at most 5 s for this when a window closes or reloads. */
export async function deactivate(): Promise<void> {
  await onDeactivate?.();
}
