import * as vscode from 'vscode';
import { ActionableError } from './actionable-error.ts';
import { benchmarkTitle, isUntrained, policyWord } from '../view/evaluation.ts';
import { formatPercent } from '../view/format.ts';
import { modelWord } from '../view/run-name.ts';
import { commands } from './contributions.ts';
import type { EvaluationStore } from './evaluation-store.ts';
import type { Comparisons } from './panels/comparison-panel.ts';
import { type Services, guarded } from './services.ts';
import { allResults, type StoredResult, wayOf } from './stored-results.ts';
import { t } from './translate.ts';

/** "Compare Results…": two results of one benchmark; from the tree, the second for a result. */
export function registerCompare(
  services: Services,
  results: EvaluationStore,
  comparisons: Comparisons,
): vscode.Disposable {
  return vscode.commands.registerCommand(
    commands.compareResults,
    guarded(services, async (node?: { result?: StoredResult }) => {
      const all = allResults(services, results);
      const after = node?.result ?? (await chooseResult(all));
      const before = after && (await chooseOther(after, all));
      if (before) {
        comparisons.open(before, after);
      }
    }),
  );
}

async function chooseResult(all: readonly StoredResult[]): Promise<StoredResult | undefined> {
  if (all.length < 2) {
    throw new ActionableError(
      'usage',
      vscode.l10n.t('There are no two results to compare.'),
      vscode.l10n.t('Evaluate a model or a run first, or let a run finish.'),
      { title: vscode.l10n.t('Evaluate…'), run: () => vscode.commands.executeCommand(commands.evaluate) },
    );
  }
  return pick(all, vscode.l10n.t('Which result?'));
}

/** Of the same benchmark; the model before training first, as that is what most people want to know. */
async function chooseOther(after: StoredResult, all: readonly StoredResult[]): Promise<StoredResult | undefined> {
  const { benchmark, domain } = after.evaluation;
  const fitting = all.filter(
    ({ path, evaluation }) => path !== after.path && evaluation.benchmark === benchmark && evaluation.domain === domain,
  );
  if (fitting.length === 0) {
    throw new ActionableError(
      'usage',
      vscode.l10n.t('There is no other result on {0}.', benchmark),
      vscode.l10n.t('Evaluate another model or step on the same problems.'),
      { title: vscode.l10n.t('Evaluate…'), run: () => vscode.commands.executeCommand(commands.evaluate) },
    );
  }
  return pick(byFitness(after, fitting), vscode.l10n.t('Compared with which result on {0}?', benchmark));
}

/** Same questions count most, then the same model before training, then the same way of answering; newest first. */
function byFitness({ evaluation }: StoredResult, all: readonly StoredResult[]): StoredResult[] {
  const fitness = ({ evaluation: other }: StoredResult): number =>
    4 * Number(other.questionsHash === evaluation.questionsHash) +
    2 * Number(other.modelHash === evaluation.modelHash && isUntrained(other)) +
    Number(wayOf(other) === wayOf(evaluation));
  return [...all].sort((a, b) => fitness(b) - fitness(a));
}

async function pick(all: readonly StoredResult[], placeHolder: string): Promise<StoredResult | undefined> {
  const items = all.map((result) => ({ ...itemOf(result), result }));
  const chosen = await vscode.window.showQuickPick(items, {
    ...{ title: vscode.l10n.t('Compare Results'), placeHolder, matchOnDescription: true, matchOnDetail: true },
  });
  return chosen?.result;
}

function itemOf({ evaluation, name }: StoredResult): vscode.QuickPickItem {
  const { accuracy, total, samples, temperature, precision, model, time } = evaluation;
  const way = temperature === 0 ? vscode.l10n.t('greedy') : vscode.l10n.t('{0} samples', String(samples));
  return {
    label: `$(beaker) ${benchmarkTitle(evaluation)} · ${formatPercent(accuracy)}`,
    description: `${name ?? modelWord(model)}, ${policyWord(t, evaluation)}`,
    detail: [
      vscode.l10n.t('{0} problems', String(total)),
      ...[way, precision, new Date(time).toLocaleString(vscode.env.language)],
    ].join(' · '),
  };
}
