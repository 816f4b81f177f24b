import { stat } from 'node:fs/promises';
import * as vscode from 'vscode';
import { diskUse } from '../../run/disk-use.ts';
import { runPaths } from '../../run/folder.ts';
import { type HostMessage, RunTableMessage } from '../../view/messages.ts';
import type { RunRow } from '../../view/run-rows.ts';
import { shownProgress } from '../../view/progress.ts';
import { runRow } from '../../view/run-table.ts';
import { commands, panels } from '../contributions.ts';
import type { RunEntry } from '../run-store.ts';
import { type Services, disposeAll, guarded } from '../services.ts';
import { t } from '../translate.ts';
import { createPanel, loadPage, replaceRestored } from './page-html.ts';

/** Reading all evaluations takes a while: several changes come as one. */
const settleMs = 500;

/** The table of all runs that this window knows: one panel. */
export class RunTablePanel implements vscode.Disposable, vscode.WebviewPanelSerializer {
  readonly #services: Services;
  readonly #subscriptions: vscode.Disposable[];
  /** Rows by folder, with what they were made of: only those of runs that changed are made again. */
  readonly #rows = new Map<string, { of: string; row: Promise<RunRow> }>();
  #panel: vscode.WebviewPanel | undefined;
  #settling: NodeJS.Timeout | undefined;

  constructor(services: Services) {
    this.#services = services;
    this.#subscriptions = [
      vscode.window.registerWebviewPanelSerializer(panels.runTable, this),
      vscode.commands.registerCommand(commands.openRunTable, () => this.#open()),
      services.store.onDidChange(() => this.#sendSoon()),
    ];
  }

  async deserializeWebviewPanel(panel: vscode.WebviewPanel): Promise<void> {
    if (this.#panel) {
      replaceRestored(panel, this.#panel);
      return;
    }
    this.#adopt(panel);
  }

  dispose(): void {
    clearTimeout(this.#settling);
    disposeAll(this.#subscriptions);
    this.#panel?.dispose();
  }

  #open(): void {
    if (this.#panel) {
      this.#panel.reveal();
      return;
    }
    const panel = createPanel(panels.runTable);
    this.#adopt(panel);
  }

  #adopt(panel: vscode.WebviewPanel): void {
    const { extensionUri } = this.#services.context;
    this.#panel = panel;
    panel.title = vscode.l10n.t('Runs');
    panel.iconPath = new vscode.ThemeIcon('table');
    loadPage(panel, extensionUri, 'run-table');
    panel.webview.onDidReceiveMessage(guarded(this.#services, (message: unknown) => this.#receive(message)));
    panel.onDidChangeViewState(() => this.#sendSoon());
    panel.onDidDispose(() => {
      this.#panel = undefined;
      this.#rows.clear();
    });
  }

  async #receive(value: unknown): Promise<void> {
    const message = RunTableMessage.parse(value);
    switch (message.type) {
      case 'ready':
        await this.#send();
        return;
      case 'open':
        await vscode.commands.executeCommand(commands.openDashboard, message.dir);
        return;
      case 'menu':
        await this.#showMenu(message.dir);
        return;
      case 'start':
        await vscode.commands.executeCommand(commands.start);
        return;
    }
  }

  async #showMenu(dir: string): Promise<void> {
    const entry = this.#services.store.find(dir);
    if (!entry) {
      return;
    }
    const items = [
      { label: `$(graph-line) ${vscode.l10n.t('Open Dashboard')}`, command: commands.openDashboard },
      { label: `$(edit) ${vscode.l10n.t('Rename Run')}`, command: commands.renameRun },
      { label: `$(tag) ${vscode.l10n.t('Edit Tags')}`, command: commands.tagRun },
      { label: `$(note) ${vscode.l10n.t('Edit Note')}`, command: commands.noteRun },
      { label: `$(folder-opened) ${vscode.l10n.t('Reveal Run Folder')}`, command: commands.revealRun },
      { label: `$(clear-all) ${vscode.l10n.t('Remove Old Checkpoints')}`, command: commands.cleanRun },
      { label: `$(trash) ${vscode.l10n.t('Delete Run')}`, command: commands.deleteRun },
    ];
    const chosen = await vscode.window.showQuickPick(items, { placeHolder: entry.name });
    if (chosen) {
      await vscode.commands.executeCommand(chosen.command, { dir });
    }
  }

  #sendSoon(): void {
    if (this.#panel?.visible) {
      this.#settling ??= setTimeout(() => {
        this.#settling = undefined;
        void this.#send();
      }, settleMs);
    }
  }

  async #send(): Promise<void> {
    const rows = await Promise.all(this.#services.store.runs.map((entry) => this.#row(entry)));
    const message: HostMessage = { type: 'runs', rows };
    void this.#panel?.webview.postMessage(message);
  }

  async #row(entry: RunEntry): Promise<RunRow> {
    const { dir, name, tags, note } = entry;
    const of = JSON.stringify([name, shownProgress(entry), tags, note, ...(await foldersChangedAt(dir))]);
    const known = this.#rows.get(dir);
    if (known?.of === of) {
      return known.row;
    }
    const evaluations = this.#services.store.evaluations(dir);
    const row = diskUse(dir).then((bytes) => runRow(t, { ...entry, evaluations, bytes }));
    this.#rows.set(dir, { of, row });
    return row;
  }
}

/** When something was last added to or removed from the folders of a run that grow and are cleaned, Unix time, milliseconds. */
async function foldersChangedAt(dir: string): Promise<number[]> {
  const { checkpoints, evals } = runPaths(dir);
  const changed = [checkpoints, evals].map((folder) =>
    stat(folder).then(
      ({ mtimeMs }) => mtimeMs,
      () => 0,
    ),
  );
  return Promise.all(changed);
}
