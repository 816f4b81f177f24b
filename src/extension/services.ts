import * as vscode from 'vscode';
import { BoundaryError } from '../base/errors.ts';
import { commands } from './contributions.ts';
import type { LiveRuns } from './live-runs.ts';
import type { RunEntry, RunStore } from './run-store.ts';
import { ActionableError, type ErrorAction } from './actionable-error.ts';
import { type ChildOptions, selfq } from './selfq.ts';

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

/**
 * Shows a failure with what to do next; a cancellation is silent. Unknown failures are logged with their stack. What the
 * person can mend by a command of the editor is a warning with that command: there the log tells nothing.
 */
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
  if (error instanceof ActionableError) {
    await offer(vscode.window.showWarningMessage, text, [...actions, error.action]);
    return;
  }
  const showLog = { title: vscode.l10n.t('Show Log'), run: () => vscode.commands.executeCommand(commands.showLog) };
  await offer(vscode.window.showErrorMessage, text, [...actions, ...settingActions(text), showLog]);
}

async function offer(
  show: (text: string, ...titles: string[]) => Thenable<string | undefined>,
  text: string,
  actions: readonly ErrorAction[],
): Promise<void> {
  const chosen = await show(text, ...actions.map(({ title }) => title));
  await actions.find(({ title }) => title === chosen)?.run();
}

/** A message that names a setting leads to it. */
function settingActions(text: string): ErrorAction[] {
  const name = /selfQuestioning\.\w+/.exec(text)?.[0];
  const open = (): unknown => vscode.commands.executeCommand('workbench.action.openSettings', name);
  return name === undefined ? [] : [{ title: vscode.l10n.t('Open Settings'), run: open }];
}

/** The way out where a command needs a run and there is none. */
export class NoRunError extends ActionableError {
  constructor() {
    super('usage', vscode.l10n.t('There is no run to do this with.'), vscode.l10n.t('Start one first.'), {
      title: vscode.l10n.t('Start Self-Questioning'),
      run: () => vscode.commands.executeCommand(commands.start),
    });
  }
}

/** Why there is nothing to look at in a run whose first step is not finished. */
export function noProblemsYet({ dir, name }: RunEntry): ActionableError {
  return new ActionableError(
    'usage',
    vscode.l10n.t('{0} has no problems yet.', name),
    vscode.l10n.t('They appear when the first step is finished.'),
    {
      title: vscode.l10n.t('Open Dashboard'),
      run: () => vscode.commands.executeCommand(commands.openDashboard, dir),
    },
  );
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
      void showError(services, error);
      return undefined;
    }
  };
}
