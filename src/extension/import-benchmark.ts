import * as vscode from 'vscode';
import * as z from 'zod';
import { ImportRecord } from '../protocol/imports.ts';
import { importText } from '../view/import.ts';
import { commands } from './contributions.ts';
import { showReport } from './documents.ts';
import type { EvaluationStore } from './evaluation-store.ts';
import { progressLines } from './selfq.ts';
import { type Services, guarded, runSelfq } from './services.ts';
import { t } from './translate.ts';

/** Arguments of the import command. */
export interface ImportArguments {
  /** A file, a folder of files, or `hub:ORG/NAME`. */
  source: string;
  name?: string;
  limit?: number;
}

/** What `selfq import --json` says. `missing`: how to install what its questions need. */
const Reply = ImportRecord.extend({ missing: z.string().optional() });

/** The data set of arXiv 2508.03682. */
const eurusOnHub = 'hub:PRIME-RL/Eurus-2-RL-Data';

/** Endings that `selfq import` reads; a dialog knows no double ones. */
const endings = ['parquet', 'jsonl', 'ndjson', 'json', 'gz'];

/** "Import a Benchmark…": questions of a file, a folder or the hub, as a benchmark beside the shipped ones. */
export function registerImport(services: Services, results: EvaluationStore): vscode.Disposable {
  return vscode.commands.registerCommand(
    commands.importBenchmark,
    guarded(services, (argument?: ImportArguments | vscode.Uri) => run(services, results, argument)),
  );
}

/** Resolves to the record of the import. */
async function run(
  services: Services,
  results: EvaluationStore,
  argument: ImportArguments | vscode.Uri | undefined,
): Promise<ImportRecord | undefined> {
  const given = argument && 'source' in argument ? argument : undefined;
  // A file of the Explorer comes as its address.
  const chosen = given ?? (argument instanceof vscode.Uri ? { source: argument.fsPath } : await chooseSource());
  if (chosen === undefined) {
    return undefined;
  }
  const { source, name, limit }: ImportArguments = chosen;
  const stdout = await vscode.window.withProgress(
    {
      location: vscode.ProgressLocation.Notification,
      title: vscode.l10n.t('Importing questions'),
      cancellable: true,
    },
    (progress, token) =>
      runSelfq(
        services,
        [
          ...['import', source, '--json'],
          ...(name === undefined ? [] : ['--name', name]),
          ...(limit === undefined ? [] : ['--limit', String(limit)]),
        ],
        { token, onLine: progressLines(progress) },
      ),
  );
  const { missing, ...record } = Reply.parse(JSON.parse(stdout));
  results.refresh();
  if (!given) {
    void tell(record, missing);
  }
  return record;
}

/** The counts, with the reasons one click away, and what comes next. */
async function tell(record: ImportRecord, missing: string | undefined): Promise<void> {
  const evaluate = vscode.l10n.t('Evaluate…');
  const details = vscode.l10n.t('Details');
  const leftOut = record.rows - record.questions;
  const words = [
    vscode.l10n.t(
      '{0}: {1} questions imported, {2} rows left out.',
      ...[record.name, record.questions, leftOut].map(String),
    ),
    ...(missing === undefined ? [] : [vscode.l10n.t('Python is missing. {0}', missing)]),
  ].join(' ');
  const actions = leftOut > 0 || record.expectUndefined > 0 ? [evaluate, details] : [evaluate];
  const chosen = await vscode.window.showInformationMessage(words, ...actions);
  if (chosen === evaluate) {
    await vscode.commands.executeCommand(commands.evaluate, { imported: record.name });
  } else if (chosen === details) {
    const lines = importText(t, record).map((line) => (line.startsWith('  ') ? `- ${line.trim()}` : `${line}\n`));
    await showReport(record.name, `# ${record.name}\n\n${lines.join('\n')}\n`);
  }
}

async function chooseSource(): Promise<ImportArguments | undefined> {
  type From = 'files' | 'folder' | 'hub';
  const items: (vscode.QuickPickItem & { from: From })[] = [
    {
      label: `$(file) ${vscode.l10n.t('A file on this machine…')}`,
      description: endings.map((ending) => `.${ending}`).join(' '),
      from: 'files',
    },
    { label: `$(folder-opened) ${vscode.l10n.t('A folder of files…')}`, from: 'folder' },
    {
      label: `$(cloud-download) ${vscode.l10n.t('The problems of Eurus-2, from the Hugging Face hub')}`,
      description: eurusOnHub.replace(/^hub:/, ''),
      from: 'hub',
    },
  ];
  const chosen = await vscode.window.showQuickPick(items, {
    title: vscode.l10n.t('Import a benchmark'),
    placeHolder: vscode.l10n.t('Where are the questions?'),
    matchOnDescription: true,
  });
  switch (chosen?.from) {
    case undefined:
      return undefined;
    case 'hub': {
      const limit = await chooseLimit();
      return limit && { source: eurusOnHub, ...limit };
    }
    case 'files':
    case 'folder': {
      const canSelectFolders = chosen.from === 'folder';
      const uris = await vscode.window.showOpenDialog({
        canSelectFolders,
        canSelectFiles: !canSelectFolders,
        ...(canSelectFolders ? {} : { filters: { [vscode.l10n.t('Questions')]: endings } }),
      });
      const source = uris?.[0]?.fsPath;
      return source === undefined ? undefined : { source };
    }
  }
}

/** The data set is large: without a limit all of it travels. */
async function chooseLimit(): Promise<{ limit?: number } | undefined> {
  const value = await vscode.window.showInputBox({
    prompt: vscode.l10n.t('How many problems at most? Empty: all of them.'),
    value: '200',
    validateInput: (text) => (/^([1-9]\d*)?$/.test(text.trim()) ? undefined : vscode.l10n.t('Give a whole number.')),
  });
  return value === undefined ? undefined : value.trim() === '' ? {} : { limit: Number(value) };
}
