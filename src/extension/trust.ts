import * as vscode from 'vscode';
import { ActionableError } from './actionable-error.ts';

/** What was asked for needs a trusted workspace. */
export class UntrustedError extends ActionableError {
  constructor() {
    super(
      'usage',
      vscode.l10n.t('This workspace is not trusted.'),
      vscode.l10n.t('Trust it to start runs, evaluations and your own solutions; looking at runs works without.'),
      {
        title: vscode.l10n.t('Manage Workspace Trust'),
        run: () => vscode.commands.executeCommand('workbench.trust.manage'),
      },
    );
  }
}

/** Model-written programs run in sandboxes, but nothing that a workspace brought may start them unasked. */
export function requireTrust(): void {
  if (!vscode.workspace.isTrusted) {
    throw new UntrustedError();
  }
}
