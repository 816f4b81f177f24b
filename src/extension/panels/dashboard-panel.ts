import { optional } from '../../base/optional.ts';
import * as vscode from 'vscode';
import { BoundaryError } from '../../base/errors.ts';
import { ActionableError } from '../actionable-error.ts';
import { commands, internalCommands, panels } from '../contributions.ts';
import { type RunArgument, pickRun } from '../run-commands.ts';
import { isLive } from '../../protocol/run-state.ts';
import { type Services, guarded, disposeAll } from '../services.ts';
import { runView } from '../../view/dashboard-model.ts';
import { evaluationAt } from '../../view/evaluations.ts';
import { DashboardMessage, type FeedEntry, type HostMessage, type RunView } from '../../view/messages.ts';
import * as z from 'zod';
import { createPanel, loadPage, replaceRestored } from './page-html.ts';
import { saveFile } from './save-file.ts';
import { resultOfRun } from '../stored-results.ts';

/** At most four messages a second go to a page. */
const messageIntervalMs = 250;
const feedLength = 24;

/** What is kept of a panel over a restart of the window. */
const PanelState = z.object({ dir: z.string(), compared: z.array(z.string()).default([]) });

/** One panel for each run; opened by command, restored by the window. */
export class Dashboards implements vscode.Disposable, vscode.WebviewPanelSerializer {
  readonly #services: Services;
  readonly #panels = new Map<string, DashboardPanel>();
  readonly #subscriptions: vscode.Disposable[];

  constructor(services: Services) {
    this.#services = services;
    this.#subscriptions = [
      vscode.window.registerWebviewPanelSerializer(panels.dashboard, this),
      vscode.commands.registerCommand(
        commands.openDashboard,
        guarded(services, (argument: RunArgument) => this.#openFor(argument)),
      ),
      vscode.commands.registerCommand(
        commands.compareRuns,
        guarded(services, (argument: RunArgument) => this.#compare(argument)),
      ),
      vscode.commands.registerCommand(
        commands.compareSweep,
        guarded(services, (name: unknown) => this.#compareSweep(typeof name === 'string' ? name : undefined)),
      ),
    ];
  }

  async deserializeWebviewPanel(panel: vscode.WebviewPanel, state: unknown): Promise<void> {
    const { data } = PanelState.safeParse(state);
    if (!data || !this.#services.store.find(data.dir)) {
      panel.dispose();
      return;
    }
    const opened = this.#panels.get(data.dir);
    if (opened) {
      replaceRestored(panel, opened);
      return;
    }
    this.#adopt(panel, data.dir, data.compared);
  }

  dispose(): void {
    disposeAll(this.#subscriptions);
    this.#panels.forEach((panel) => panel.dispose());
  }

  async #openFor(argument: RunArgument): Promise<void> {
    const live = this.#services.store.runs.find(({ state }) => isLive(state));
    const entry = await pickRun(this.#services, argument ?? live?.dir ?? this.#services.store.selected?.dir);
    if (entry) {
      this.#services.store.select(entry.dir);
      this.#open(entry.dir);
    }
  }

  async #compare(argument: RunArgument): Promise<void> {
    const { store } = this.#services;
    const first = await pickRun(this.#services, argument ?? store.selected?.dir);
    if (!first) {
      return;
    }
    const items = store.runs
      .filter(({ dir }) => dir !== first.dir)
      .map((entry) => ({
        label: entry.name,
        description: new Date(entry.run.createdAt).toLocaleString(vscode.env.language),
        dir: entry.dir,
      }));
    if (items.length === 0) {
      throw new ActionableError(
        'usage',
        vscode.l10n.t('There is no other run to compare {0} with.', first.name),
        vscode.l10n.t('Start another one first.'),
        {
          title: vscode.l10n.t('Start Self-Questioning'),
          run: () => vscode.commands.executeCommand(commands.start),
        },
      );
    }
    const chosen = await vscode.window.showQuickPick(items, {
      canPickMany: true,
      placeHolder: vscode.l10n.t('Runs to lay over the curves of {0}', first.name),
    });
    if (chosen) {
      this.#open(
        first.dir,
        chosen.map(({ dir }) => dir),
      );
    }
  }

  /** All runs of a sweep over each other; asks which sweep where there is a choice and none is named. */
  async #compareSweep(name: string | undefined): Promise<void> {
    const { sweeps } = this.#services.store;
    if (sweeps.length === 0) {
      throw new BoundaryError(
        'usage',
        vscode.l10n.t('There is no run of a sweep here.'),
        vscode.l10n.t('A sweep is made with `selfq sweep FILE`; its runs lie in the folder runs of the workspace.'),
      );
    }
    const items = sweeps.map((sweep) => ({
      label: sweep.name,
      description: vscode.l10n.t('{0} runs', String(sweep.runs.length)),
      sweep,
    }));
    const chosen =
      items.find(({ label }) => label === name) ??
      (items.length === 1
        ? items[0]
        : await vscode.window.showQuickPick(items, { placeHolder: vscode.l10n.t('Choose a sweep') }));
    const [first, ...others] = chosen?.sweep.runs ?? [];
    if (first) {
      this.#services.store.select(first.dir);
      this.#open(
        first.dir,
        others.map(({ dir }) => dir),
      );
    }
  }

  /** `compared`: other runs to lay over the curves; left as they are without it. */
  #open(dir: string, compared?: readonly string[]): void {
    const known = this.#panels.get(dir);
    if (known) {
      known.compare(compared);
      known.reveal();
      return;
    }
    const panel = createPanel(panels.dashboard);
    this.#adopt(panel, dir, compared ?? []);
  }

  #adopt(panel: vscode.WebviewPanel, dir: string, compared: readonly string[]): void {
    this.#panels.set(dir, new DashboardPanel(this.#services, panel, dir, compared));
    panel.onDidDispose(() => this.#panels.delete(dir));
  }
}

/** Keeps one page up to date while it is visible: whole models on change, the stage as it moves. */
class DashboardPanel implements vscode.Disposable {
  readonly #services: Services;
  readonly #panel: vscode.WebviewPanel;
  readonly #dir: string;
  readonly #subscriptions: vscode.Disposable[];
  #compared: readonly string[];
  #timer: NodeJS.Timeout | undefined;
  #modelIsDue = true;

  constructor(services: Services, panel: vscode.WebviewPanel, dir: string, compared: readonly string[]) {
    this.#services = services;
    this.#panel = panel;
    this.#dir = dir;
    this.#compared = compared;
    const { extensionUri } = services.context;
    panel.iconPath = new vscode.ThemeIcon('graph-line');
    loadPage(panel, extensionUri, 'dashboard');
    this.#subscriptions = [
      panel.onDidDispose(() => this.dispose()),
      panel.onDidChangeViewState(() => {
        this.#schedule(true);
        // Commands without an argument are about the run in front.
        if (panel.active) {
          services.store.select(dir);
        }
      }),
      panel.webview.onDidReceiveMessage(guarded(services, (message: unknown) => this.#receive(message))),
      services.store.onDidChange(() => this.#schedule(true)),
      services.live.onEvent((event) => event.dir === this.#dir && this.#schedule(event.event.type !== 'stage')),
    ];
  }

  reveal(): void {
    this.#panel.reveal();
    this.#schedule(true);
  }

  compare(dirs: readonly string[] | undefined): void {
    this.#compared = dirs ?? this.#compared;
  }

  dispose(): void {
    clearTimeout(this.#timer);
    disposeAll(this.#subscriptions);
    this.#panel.dispose();
  }

  /** Messages to a hidden page would be lost: it is told everything when it comes back. */
  #schedule(model: boolean): void {
    this.#modelIsDue ||= model;
    if (!this.#panel.visible) {
      return;
    }
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      void this.#send();
    }, messageIntervalMs);
  }

  async #send(): Promise<void> {
    const post = (message: HostMessage): Thenable<boolean> => this.#panel.webview.postMessage(message);
    if (this.#modelIsDue) {
      this.#modelIsDue = false;
      const runs = await Promise.all([this.#dir, ...this.#compared].map((dir) => this.#view(dir)));
      const known = runs.filter((run) => run !== undefined);
      if (known.length === 0) {
        this.#panel.dispose();
        return;
      }
      this.#panel.title = known[0]!.name;
      await post({ type: 'dashboard', model: { runs: known, feed: this.#feed() } });
    }
    await post({ type: 'stage', stage: this.#services.live.stage(this.#dir) ?? null });
  }

  async #view(dir: string): Promise<RunView | undefined> {
    const { store } = this.#services;
    const entry = store.find(dir);
    if (!entry) {
      return undefined;
    }
    const requested = this.#services.live.requested(dir);
    return runView({
      ...{ ...entry, requested },
      ...{ metrics: await store.metrics(dir).read(), evaluations: store.evaluations(dir) },
    });
  }

  /** The latest proposals and questions, newest step first; those of the step in progress as they come. */
  #feed(): FeedEntry[] {
    const reader = this.#services.store.steps(this.#dir);
    const entries: FeedEntry[] = [...this.#services.live.feed(this.#dir)].reverse();
    for (const step of reader.steps().reverse()) {
      if (entries.length >= feedLength) {
        break;
      }
      try {
        entries.push(...reader.feed(step));
      } catch (error) {
        this.#services.log.warn(error instanceof Error ? error.message : String(error));
      }
    }
    return entries.slice(0, feedLength);
  }

  async #receive(value: unknown): Promise<void> {
    const message = DashboardMessage.parse(value);
    const { store } = this.#services;
    switch (message.type) {
      case 'ready':
        this.#modelIsDue = true;
        await this.#send();
        return;
      case 'action':
        await vscode.commands.executeCommand(commands[message.action], { dir: this.#dir });
        return;
      case 'open':
        await vscode.commands.executeCommand(internalCommands.openProblem, this.#dir, message.step, message.id);
        return;
      case 'evaluation': {
        const entry = store.find(this.#dir);
        const all = store.evaluations(this.#dir);
        const key = { benchmark: message.benchmark, step: message.step, ...optional('split', message.split) };
        const before = message.step === 0 ? undefined : evaluationAt(all, { ...key, step: 0 });
        const chosen = evaluationAt(all, key);
        if (entry && chosen) {
          const results = [chosen, ...(before ? [before] : [])].map((evaluation) => resultOfRun(entry, evaluation));
          await vscode.commands.executeCommand(internalCommands.openEvaluation, ...results);
        }
        return;
      }
      case 'save':
        await saveFile(`${message.name}.${message.format}`, message.content);
        return;
    }
  }
}
