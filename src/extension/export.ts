import { join } from 'node:path';
import * as vscode from 'vscode';
import { makeFolder } from '../base/make-folder.ts';
import { setContext } from './context.ts';
import { commands } from './contributions.ts';
import { type RunArgument, pickRun, revealPath } from './run-commands.ts';
import { progressLines } from './selfq.ts';
import { type Services, guarded, runSelfq } from './services.ts';

/** Arguments of the command Export. */
export interface ExportArguments {
  dir: string;
  format: string;
  out: string;
}

/** "Export…": the forms that `selfq export` writes. */
export function registerExport(services: Services): vscode.Disposable {
  return vscode.commands.registerCommand(
    commands.exportRun,
    guarded(services, (argument: RunArgument | ExportArguments) => exportRun(services, argument)),
  );
}

async function exportRun(services: Services, argument: RunArgument | ExportArguments): Promise<string | undefined> {
  const given = typeof argument === 'object' && 'format' in argument ? argument : undefined;
  const entry = await pickRun(services, argument ?? services.store.selected?.dir);
  const format = given?.format ?? (entry && (await chooseFormat()));
  if (!entry || format === undefined) {
    return undefined;
  }
  const out = given?.out ?? (await chooseTarget(entry.dir, format));
  if (out === undefined) {
    return undefined;
  }
  await vscode.window.withProgress(
    {
      location: vscode.ProgressLocation.Notification,
      title: vscode.l10n.t('Exporting {0}', entry.name),
      cancellable: true,
    },
    (progress, token) =>
      runSelfq(services, ['export', entry.dir, '--format', format, '--out', out, '--json'], {
        token,
        onLine: progressLines(progress),
      }),
  );
  setContext('measured');
  if (!given) {
    void tell(out);
  }
  return out;
}

async function chooseFormat(): Promise<string | undefined> {
  const items = [
    { label: 'peft', description: vscode.l10n.t('LoRA adapter as Python’s PEFT loads it') },
    { label: 'gguf-lora', description: vscode.l10n.t('LoRA adapter for llama.cpp and Ollama') },
    { label: 'dataset', description: vscode.l10n.t('problems and answers as JSON lines') },
    {
      label: 'pool',
      description: vscode.l10n.t('problems that some answers solved and others did not, to train on again'),
    },
    { label: 'harbor', description: vscode.l10n.t('problems as task folders for Harbor, to try agents on') },
    {
      label: 'merged',
      description: vscode.l10n.t('whole model with the adapter merged in, a folder with safetensors (bf16)'),
    },
    { label: 'report', description: vscode.l10n.t('one page with results and curves, to keep or to share') },
    { label: 'tensorboard', description: vscode.l10n.t('curves as TensorBoard events') },
  ];
  const chosen = await vscode.window.showQuickPick(items, { placeHolder: vscode.l10n.t('Export as') });
  return chosen?.label;
}

/** Formats that are one file; the others are folders. */
const fileNames: Readonly<Record<string, string>> = {
  dataset: 'dataset.jsonl',
  pool: 'pool.jsonl',
  report: 'report.html',
};

async function chooseTarget(dir: string, format: string): Promise<string | undefined> {
  const name = fileNames[format] ?? format;
  const folder = join(dir, 'export');
  // Dialogs propose a name only in a folder that is there; where it cannot be made, the person chooses another.
  await makeFolder(folder).catch(() => undefined);
  const target = await vscode.window.showSaveDialog({
    defaultUri: vscode.Uri.file(join(folder, name)),
    saveLabel: vscode.l10n.t('Export'),
  });
  return target?.fsPath;
}

async function tell(out: string): Promise<void> {
  const reveal = vscode.l10n.t('Reveal');
  if ((await vscode.window.showInformationMessage(vscode.l10n.t('Exported to {0}.', out), reveal)) === reveal) {
    await revealPath(out);
  }
}
