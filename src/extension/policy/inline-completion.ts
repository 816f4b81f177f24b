import * as vscode from 'vscode';
import { BoundaryError } from '../../base/errors.ts';
import { type Disposables, type Services, disposeAll, showError } from '../services.ts';
import { setting } from '../settings.ts';
import { abortedBy } from './abort.ts';
import { fillingLimits, gapAt, isGap, tidied } from './gap.ts';
import type { ModelInUse } from './model-in-use.ts';
import type { PolicyServer } from './server.ts';

/** Time without a key before the model is asked, milliseconds. */
const debounceMs = 250;
/** After a failure, completions that nobody asked for rest so long, milliseconds. */
const restMs = 60_000;

const documents = ['file', 'untitled', 'vscode-notebook-cell'].map((scheme) => ({ scheme }));

/** Completions at the cursor by the model in use: only where the setting is on and the workspace is trusted. */
export function registerInlineCompletion(services: Services, server: PolicyServer, inUse: ModelInUse): Disposables {
  const completer = new InlineCompleter(services, server, inUse);
  let registered: Disposables = [];
  const register = (): void => {
    const wanted = setting('inlineCompletion') && vscode.workspace.isTrusted;
    if (wanted !== registered.length > 0) {
      disposeAll(registered);
      registered = wanted ? [vscode.languages.registerInlineCompletionItemProvider(documents, completer)] : [];
    }
  };
  register();
  return [
    { dispose: () => disposeAll(registered) },
    vscode.workspace.onDidGrantWorkspaceTrust(register),
    vscode.workspace.onDidChangeConfiguration(
      (change) => change.affectsConfiguration('selfQuestioning.inlineCompletion') && register(),
    ),
    inUse.onDidChange(() => completer.wake()),
  ];
}

class InlineCompleter implements vscode.InlineCompletionItemProvider {
  readonly #services: Services;
  readonly #server: PolicyServer;
  readonly #inUse: ModelInUse;
  #restsUntil = 0;

  constructor(services: Services, server: PolicyServer, inUse: ModelInUse) {
    this.#services = services;
    this.#server = server;
    this.#inUse = inUse;
  }

  /** Ends the rest after a failure. */
  wake(): void {
    this.#restsUntil = 0;
  }

  async provideInlineCompletionItems(
    document: vscode.TextDocument,
    position: vscode.Position,
    { triggerKind }: vscode.InlineCompletionContext,
    token: vscode.CancellationToken,
  ): Promise<vscode.InlineCompletionItem[]> {
    const isAsked = triggerKind === vscode.InlineCompletionTriggerKind.Invoke;
    if (!this.#inUse.chosen || (!isAsked && Date.now() < this.#restsUntil)) {
      return [];
    }
    const gap = gapAt(document.getText(), document.offsetAt(position));
    if (!isGap(gap)) {
      return [];
    }
    if (!isAsked) {
      await new Promise((resolve) => setTimeout(resolve, debounceMs));
    }
    if (token.isCancellationRequested) {
      return [];
    }
    try {
      const text = tidied(await this.#fill(gap, abortedBy(token)), gap.suffix);
      return text.trim() === '' ? [] : [new vscode.InlineCompletionItem(text, new vscode.Range(position, position))];
    } catch (error) {
      if (!(error instanceof BoundaryError) || error.boundary !== 'interrupted') {
        // Said once: the next key would bring it again.
        this.#restsUntil = Date.now() + restMs;
        void showError(this.#services, error);
      }
      return [];
    }
  }

  async #fill(gap: { prefix: string; suffix: string }, signal: AbortSignal): Promise<string> {
    const { policy } = this.#inUse;
    return policy === undefined
      ? ''
      : this.#server.use(policy, signal, ({ client, base, trained }) =>
          client.fill(trained?.name ?? base, { ...gap, ...fillingLimits }, signal),
        );
  }
}
