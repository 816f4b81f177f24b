import * as vscode from 'vscode';
import { BoundaryError } from '../base/errors.ts';
import { commands } from './contributions.ts';
import type { LiveRuns } from './live-runs.ts';
import type { RunStore } from './run-store.ts';
import { type ChildOptions, selfq } from './selfq.ts';
import { UntrustedError } from './trust.ts';

/** What the parts of the extension share; made once in main.ts. */
export interface Services {
  context: vscode.ExtensionContext;
  log: vscode.LogOutputChannel;
  store: RunStore;
  live: LiveRuns;
}

/** Disposables that a feature returns. */
export type Disposables = { dispose(): unknown }[];

/** Disposes all parts, in their order. */
export function disposeAll(parts: Readonly<Disposables>): void {
  for (const part of parts) {
    part.dispose();
  }
}

/** Runs a command of the command line on behalf of the extension. */
export function runSelfq(
  { context, log }: Services,
  args: readonly string[],
  options: Omit<ChildOptions, 'extensionPath' | 'log'> = {},
): Promise<string> {
  return selfq(args, { ...options, extensionPath: context.extensionPath, log });
}

/** An action of the message of an error, besides "Show Log". */
export interface ErrorAction {
  title: string;
  run: () => unknown;
}

/** Shows a failure with what to do next; a cancellation is silent. Unknown failures are logged with their stack. */
export async function showError({ log }: Services, error: unknown, ...actions: ErrorAction[]): Promise<void> {
  if (error instanceof BoundaryError && error.boundary === 'interrupted') {
    return;
  }
  if (error instanceof vscode.CancellationError) {
    return;
  }
  log.error(error instanceof Error ? error : String(error));
  const known = error instanceof BoundaryError;
  const message = error instanceof Error ? error.message : String(error);
  const text = known && error.remedy !== '' ? `${message} ${error.remedy}` : message;
  const all = [
    ...actions,
    ...settingActions(text),
    { title: vscode.l10n.t('Show Log'), run: () => vscode.commands.executeCommand(commands.showLog) },
  ];
  const chosen = await vscode.window.showErrorMessage(text, ...all.map(({ title }) => title));
  await all.find(({ title }) => title === chosen)?.run();
}

/** A message that names a setting leads to it. */
function settingActions(text: string): ErrorAction[] {
  const name = /selfQuestioning\.\w+/.exec(text)?.[0];
  const open = (): unknown => vscode.commands.executeCommand('workbench.action.openSettings', name);
  return name === undefined ? [] : [{ title: vscode.l10n.t('Open Settings'), run: open }];
}

/** The way out where a command needs a run and there is none. */
export class NoRunError extends BoundaryError {
  constructor() {
    super('usage', vscode.l10n.t('There is no run to do this with.'), vscode.l10n.t('Start one first.'));
  }
}

/** Wraps a command: what it throws is shown, not swallowed and not left to the host. */
export function guarded<Args extends unknown[], Result>(
  services: Services,
  work: (...args: Args) => Promise<Result> | Result,
): (...args: Args) => Promise<Result | undefined> {
  return async (...args) => {
    try {
      return await work(...args);
    } catch (error) {
      void showError(services, error, ...actionsFor(error));
      return undefined;
    }
  };
}

function actionsFor(error: unknown): ErrorAction[] {
  if (error instanceof NoRunError) {
    return [
      { title: vscode.l10n.t('Start Self-Questioning'), run: () => vscode.commands.executeCommand(commands.start) },
    ];
  }
  if (error instanceof UntrustedError) {
    const manage = (): unknown => vscode.commands.executeCommand('workbench.trust.manage');
    return [{ title: vscode.l10n.t('Manage Workspace Trust'), run: manage }];
  }
  return [];
}
