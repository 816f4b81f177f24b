import * as vscode from 'vscode';
import * as z from 'zod';
import { BoundaryError } from '../../base/errors.ts';
import { comparisonModel, pairAnswers } from '../../view/comparison-model.ts';
import { ComparisonMessage, type HostMessage } from '../../view/messages.ts';
import { panels } from '../contributions.ts';
import { comparedAnswerUri, keepComparison } from '../documents.ts';
import type { EvaluationStore } from '../evaluation-store.ts';
import { type Services, disposeAll, guarded } from '../services.ts';
import { resultAt, type StoredResult } from '../stored-results.ts';
import { t } from '../translate.ts';
import { createPanel, loadPage, replaceRestored } from './page-html.ts';
import { saveFile } from './save-file.ts';

/** What is kept of a panel over a restart of the window: the files of the results. */
const PanelState = z.object({ before: z.string(), after: z.string() });

/** Two results beside each other: one panel, which shows the pair that was asked for last. */
export class Comparisons implements vscode.Disposable, vscode.WebviewPanelSerializer {
  readonly #services: Services;
  readonly #results: EvaluationStore;
  readonly #subscription: vscode.Disposable;
  #panel: vscode.WebviewPanel | undefined;
  #pair: { before: StoredResult; after: StoredResult } | undefined;

  constructor(services: Services, results: EvaluationStore) {
    this.#services = services;
    this.#results = results;
    this.#subscription = vscode.window.registerWebviewPanelSerializer(panels.comparison, this);
  }

  async deserializeWebviewPanel(panel: vscode.WebviewPanel, state: unknown): Promise<void> {
    if (this.#panel) {
      replaceRestored(panel, this.#panel);
      return;
    }
    const { data } = PanelState.safeParse(state);
    const before = data && resultAt(this.#services, this.#results, data.before);
    const after = data && resultAt(this.#services, this.#results, data.after);
    if (!before || !after) {
      panel.dispose();
      return;
    }
    this.#pair = { before, after };
    this.#adopt(panel);
  }

  /** Shows two results. Throws BoundaryError('usage') where they cannot be compared; the page then stays as it was. */
  open(before: StoredResult, after: StoredResult): void {
    comparisonModel(t, before, after);
    this.#pair = { before, after };
    if (this.#panel) {
      this.#panel.reveal();
      this.#send();
      return;
    }
    const panel = createPanel(panels.comparison);
    this.#adopt(panel);
  }

  dispose(): void {
    disposeAll([this.#subscription]);
    this.#panel?.dispose();
  }

  #adopt(panel: vscode.WebviewPanel): void {
    const { extensionUri } = this.#services.context;
    this.#panel = panel;
    panel.title = vscode.l10n.t('Comparison');
    panel.iconPath = new vscode.ThemeIcon('diff');
    loadPage(panel, extensionUri, 'comparison');
    panel.webview.onDidReceiveMessage(guarded(this.#services, (message: unknown) => this.#receive(message)));
    panel.onDidDispose(() => (this.#panel = undefined));
  }

  #post(message: HostMessage): void {
    void this.#panel?.webview.postMessage(message);
  }

  #send(): void {
    const { before, after } = this.#pair ?? {};
    if (!before || !after || !this.#panel) {
      return;
    }
    try {
      const model = comparisonModel(t, before, after);
      this.#panel.title = vscode.l10n.t('Comparison: {0}', model.title);
      this.#post({ type: 'comparison', model, before: before.path, after: after.path });
    } catch (error) {
      if (!(error instanceof BoundaryError)) {
        throw error;
      }
      this.#post({ type: 'failure', message: error.message, remedy: error.remedy });
    }
  }

  async #receive(value: unknown): Promise<void> {
    const message = ComparisonMessage.parse(value);
    const pair = this.#pair;
    if (!pair) {
      return;
    }
    const [before, after] = [pair.before.evaluation, pair.after.evaluation];
    switch (message.type) {
      case 'ready':
        this.#send();
        return;
      case 'swap':
        this.#pair = { before: pair.after, after: pair.before };
        this.#send();
        return;
      case 'answers': {
        const answers = pairAnswers(before, after, message.id);
        if (answers) {
          this.#post({ type: 'answers', answers });
        }
        return;
      }
      case 'diffAnswers': {
        keepComparison(before, after);
        const uri = (side: 'before' | 'after'): vscode.Uri => comparedAnswerUri(side, message.id, message.sample);
        await vscode.commands.executeCommand('vscode.diff', uri('before'), uri('after'), message.id);
        return;
      }
      case 'save':
        await saveFile(`${message.name}.${message.format}`, message.content);
        return;
    }
  }
}
