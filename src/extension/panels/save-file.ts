import { homedir } from 'node:os';
import { basename, join } from 'node:path';
import * as vscode from 'vscode';
import { revealPath } from '../run-commands.ts';

/** Asks where to, writes a text there, and says so with a way to it. */
export async function saveFile(name: string, content: string): Promise<void> {
  const folder = vscode.workspace.workspaceFolders?.find(({ uri }) => uri.scheme === 'file')?.uri.fsPath ?? homedir();
  const target = await vscode.window.showSaveDialog({ defaultUri: vscode.Uri.file(join(folder, name)) });
  if (target) {
    await vscode.workspace.fs.writeFile(target, new TextEncoder().encode(content));
    void tell(target);
  }
}

async function tell(target: vscode.Uri): Promise<void> {
  const [open, reveal] = [vscode.l10n.t('Open'), vscode.l10n.t('Reveal')];
  const said = vscode.l10n.t('Saved {0}.', basename(target.fsPath));
  const chosen = await vscode.window.showInformationMessage(said, open, reveal);
  if (chosen === open) {
    await vscode.commands.executeCommand('vscode.open', target);
  } else if (chosen === reveal) {
    await revealPath(target.fsPath);
  }
}
