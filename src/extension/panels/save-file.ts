import { homedir } from 'node:os';
import { join } from 'node:path';
import * as vscode from 'vscode';

/** Asks where to, and writes a text there. */
export async function saveFile(name: string, content: string): Promise<void> {
  const folder = vscode.workspace.workspaceFolders?.find(({ uri }) => uri.scheme === 'file')?.uri.fsPath ?? homedir();
  const target = await vscode.window.showSaveDialog({ defaultUri: vscode.Uri.file(join(folder, name)) });
  if (target) {
    await vscode.workspace.fs.writeFile(target, new TextEncoder().encode(content));
  }
}
