import { basename, extname, join } from 'node:path';
import * as vscode from 'vscode';
import * as z from 'zod';
import { BoundaryError } from '../base/errors.ts';
import { commands } from './contributions.ts';
import type { EvaluationStore } from './evaluation-store.ts';
import { runNode } from './selfq.ts';
import { type Services, guarded } from './services.ts';

const Line = z.union([
  z.object({ done: z.number() }),
  z.object({ rows: z.number(), totalRows: z.number(), problems: z.number() }),
]);

/** Arguments of the import command. */
export interface ImportArguments {
  /** A parquet file. */
  source: string;
  limit?: number;
}

/** "Import Codeforces Problems of Eurus-2…": from the hub or a parquet file, into a benchmark of the extension. */
export function registerEurusImport(services: Services, results: EvaluationStore): vscode.Disposable {
  return vscode.commands.registerCommand(
    commands.importEurus,
    guarded(services, (argument?: ImportArguments) => run(services, results, argument)),
  );
}

/** Resolves to the file of problems. */
async function run(
  services: Services,
  results: EvaluationStore,
  argument: ImportArguments | undefined,
): Promise<string | undefined> {
  const source = argument?.source ?? (await chooseSource());
  if (source === undefined) {
    return undefined;
  }
  const limit = argument ? (argument.limit ?? Infinity) : await chooseLimit();
  if (limit === undefined) {
    return undefined;
  }
  const out = results.benchmarkPath(source === 'hub' ? 'eurus-2-codeforces' : setName(source));
  const problems = await vscode.window.withProgress(
    {
      location: vscode.ProgressLocation.Notification,
      title: vscode.l10n.t('Importing Codeforces problems'),
      cancellable: true,
    },
    (progress, token) =>
      importInChild(services, [source, out, ...(limit === Infinity ? [] : [String(limit)])], progress, token),
  );
  if (problems === 0) {
    throw new BoundaryError(
      'usage',
      vscode.l10n.t('There are no Codeforces problems in {0}.', source),
      vscode.l10n.t('Choose a parquet file of Eurus-2-RL-Data (columns data_source, prompt, reward_model).'),
    );
  }
  results.refresh();
  if (!argument) {
    void offerEvaluation(problems, out);
  }
  return out;
}

/** A set is called like the file that it comes from, so that several can stay. */
function setName(source: string): string {
  return basename(source, extname(source))
    .replaceAll(/[^\w.-]+/g, '_')
    .slice(0, 80);
}

async function offerEvaluation(problems: number, benchmark: string): Promise<void> {
  const evaluate = vscode.l10n.t('Evaluate…');
  const chosen = await vscode.window.showInformationMessage(
    vscode.l10n.t('{0} Codeforces problems are ready for evaluation.', String(problems)),
    evaluate,
  );
  if (chosen === evaluate) {
    await vscode.commands.executeCommand(commands.evaluate, { file: benchmark });
  }
}

async function importInChild(
  services: Services,
  args: readonly string[],
  progress: vscode.Progress<{ message?: string; increment?: number }>,
  token: vscode.CancellationToken,
): Promise<number> {
  const { extensionPath } = services.context;
  let problems = 0;
  let reached = 0;
  await runNode([join(extensionPath, 'dist', 'import-eurus.js'), ...args], {
    ...{ extensionPath, log: services.log, token },
    onOutput(line) {
      const { data } = Line.safeParse(JSON.parse(line));
      if (data && 'done' in data) {
        problems = data.done;
      } else if (data) {
        const percent = (100 * data.rows) / data.totalRows;
        progress.report({
          message: vscode.l10n.t(
            '{0} problems in {1} of {2} rows',
            String(data.problems),
            String(data.rows),
            String(data.totalRows),
          ),
          increment: percent - reached,
        });
        reached = percent;
      }
    },
  });
  return problems;
}

async function chooseSource(): Promise<string | undefined> {
  const items = [
    {
      label: `$(cloud-download) ${vscode.l10n.t('From the Hugging Face hub')}`,
      description: 'PRIME-RL/Eurus-2-RL-Data',
      hub: true,
    },
    { label: `$(folder-opened) ${vscode.l10n.t('A parquet file on this machine…')}`, hub: false },
  ];
  const chosen = await vscode.window.showQuickPick(items, { placeHolder: vscode.l10n.t('Where are the problems?') });
  if (!chosen || chosen.hub) {
    return chosen && 'hub';
  }
  const files = await vscode.window.showOpenDialog({ filters: { Parquet: ['parquet'] } });
  return files?.[0]?.fsPath;
}

async function chooseLimit(): Promise<number | undefined> {
  const value = await vscode.window.showInputBox({
    prompt: vscode.l10n.t('How many problems at most? Empty: all of them.'),
    value: '200',
    validateInput: (text) => (/^\d*$/.test(text.trim()) ? undefined : vscode.l10n.t('Give a whole number.')),
  });
  return value === undefined ? undefined : value.trim() === '' ? Infinity : Number(value);
}
