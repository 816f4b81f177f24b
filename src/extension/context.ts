import * as vscode from 'vscode';
import { contextKeys } from './contributions.ts';

/** Sets a key of `when` clauses and of the walkthrough for this window. */
export function setContext(key: keyof typeof contextKeys, value = true): void {
  void vscode.commands.executeCommand('setContext', contextKeys[key], value);
}
