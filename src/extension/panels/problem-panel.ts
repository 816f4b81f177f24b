import * as vscode from 'vscode';
import * as z from 'zod';
import { BoundaryError } from '../../base/errors.ts';
import { setContext } from '../context.ts';
import { commands, internalCommands, panels } from '../contributions.ts';
import { answerUri } from '../documents.ts';
import { type RunArgument, pickRun } from '../run-commands.ts';
import { type Services, guarded, disposeAll, noProblemsYet } from '../services.ts';
import { type HostMessage, ProblemMessage } from '../../view/messages.ts';
import { problemOf } from '../../view/domains/coding.ts';
import { answersOf, narrowTitle, problemModel } from '../../view/problem-model.ts';
import { createPanel, loadPage, replaceRestored } from './page-html.ts';

/** Where a problem lies. */
export interface ProblemPlace {
  dir: string;
  step: number;
  id: string;
}

const PanelState = z.object({ dir: z.string(), step: z.number().int(), id: z.string() });

/** The problem inspector: one panel that shows the chosen problem, as a preview does. */
export class ProblemInspector implements vscode.Disposable, vscode.WebviewPanelSerializer {
  readonly #services: Services;
  readonly #subscriptions: vscode.Disposable[];
  #panel: vscode.WebviewPanel | undefined;
  #place: ProblemPlace | undefined;

  constructor(services: Services) {
    this.#services = services;
    this.#subscriptions = [
      vscode.window.registerWebviewPanelSerializer(panels.problem, this),
      vscode.commands.registerCommand(
        internalCommands.openProblem,
        guarded(services, (dir: string, step: number, id: string) => this.open({ dir, step, id })),
      ),
      vscode.commands.registerCommand(
        commands.inspectProblems,
        guarded(services, (argument: RunArgument) => this.#openLatest(argument)),
      ),
    ];
  }

  async deserializeWebviewPanel(panel: vscode.WebviewPanel, state: unknown): Promise<void> {
    if (this.#panel) {
      replaceRestored(panel, this.#panel);
      return;
    }
    const { data } = PanelState.safeParse(state);
    if (!data || !this.#services.store.find(data.dir)) {
      panel.dispose();
      return;
    }
    this.#place = data;
    this.#adopt(panel);
  }

  /** Shows a problem. Throws BoundaryError('run') when its record is gone or damaged. */
  open(place: ProblemPlace): void {
    this.#place = place;
    if (!this.#panel) {
      const panel = createPanel(panels.problem, vscode.l10n.t('Problem'));
      this.#adopt(panel);
      return;
    }
    this.#panel.reveal();
    this.#send();
  }

  dispose(): void {
    disposeAll(this.#subscriptions);
    this.#panel?.dispose();
  }

  #adopt(panel: vscode.WebviewPanel): void {
    const { extensionUri } = this.#services.context;
    this.#panel = panel;
    panel.iconPath = new vscode.ThemeIcon('inspect');
    loadPage(panel, extensionUri, 'problem');
    panel.webview.onDidReceiveMessage(guarded(this.#services, (message: unknown) => this.#receive(message)));
    panel.onDidChangeViewState(() => {
      if (panel.active && this.#place) {
        this.#services.store.select(this.#place.dir);
      }
    });
    panel.onDidDispose(() => (this.#panel = undefined));
  }

  /** The first accepted problem of the latest step. */
  async #openLatest(argument: RunArgument): Promise<void> {
    const entry = await pickRun(this.#services, argument ?? this.#services.store.selected?.dir);
    if (!entry) {
      return;
    }
    this.#services.store.select(entry.dir);
    const reader = this.#services.store.steps(entry.dir);
    for (const step of reader.steps().reverse()) {
      const entries = reader.feed(step);
      const first = entries.find(({ rejection }) => rejection === undefined) ?? entries[0];
      if (first) {
        this.open({ dir: entry.dir, step, id: first.id });
        return;
      }
    }
    throw noProblemsYet(entry);
  }

  #send(): void {
    const place = this.#place;
    if (!place || !this.#panel) {
      return;
    }
    const entry = this.#services.store.find(place.dir);
    const model =
      entry &&
      problemModel(
        { ...place, runName: entry.name, run: entry.run },
        this.#services.store.steps(place.dir).read(place.step),
      );
    const message: HostMessage = model
      ? { type: 'problem', model, answer: 0 }
      : {
          type: 'failure',
          message: vscode.l10n.t('This problem is no longer in the record of its run.'),
          remedy: vscode.l10n.t('Choose another one in the view Problems.'),
        };
    this.#panel.title = shortTitle(model?.title) ?? vscode.l10n.t('Problem');
    if (model) {
      setContext('inspected');
    }
    void this.#panel.webview.postMessage(message);
  }

  async #receive(value: unknown): Promise<void> {
    const message = ProblemMessage.parse(value);
    const place = this.#place;
    if (!place) {
      return;
    }
    switch (message.type) {
      case 'ready':
        this.#send();
        return;
      case 'move':
        this.#move(place, message.by);
        return;
      case 'openAnswer':
        await vscode.window.showTextDocument(this.#answerUri(place, message.answer), {
          viewColumn: vscode.ViewColumn.Beside,
        });
        return;
      case 'diffAnswers':
        await vscode.commands.executeCommand(
          'vscode.diff',
          this.#answerUri(place, message.left),
          this.#answerUri(place, message.right),
          vscode.l10n.t('Answer {0} ↔ Answer {1}', String(message.left + 1), String(message.right + 1)),
        );
        return;
      case 'copy':
        await this.#copy(place);
        return;
      case 'solve':
        await vscode.commands.executeCommand(commands.solveYourself, place);
        return;
    }
  }

  /** To the neighbour, over the border of a step where there is one. */
  #move(place: ProblemPlace, by: 1 | -1): void {
    const reader = this.#services.store.steps(place.dir);
    const ids = reader.feed(place.step).map(({ id }) => id);
    const next = ids[ids.indexOf(place.id) + by];
    if (next !== undefined) {
      this.open({ ...place, id: next });
      return;
    }
    const steps = reader.steps();
    const step = steps[steps.indexOf(place.step) + by];
    const neighbours = step === undefined ? [] : reader.feed(step);
    const id = neighbours.at(by === 1 ? 0 : -1)?.id;
    if (step !== undefined && id !== undefined) {
      this.open({ dir: place.dir, step, id });
    }
  }

  async #copy(place: ProblemPlace): Promise<void> {
    const { dir, step, id } = place;
    const question = this.#services.store
      .steps(dir)
      .questions(step)
      .find((line) => line.id === id);
    if (!question) {
      throw new BoundaryError('usage', vscode.l10n.t('A rejected proposal is not a problem.'), '');
    }
    await vscode.env.clipboard.writeText(JSON.stringify(problemOf(question.content) ?? question.content, null, 2));
    vscode.window.setStatusBarMessage(vscode.l10n.t('Problem copied as JSON'), 3000);
  }

  #answerUri(place: ProblemPlace, answer: number): vscode.Uri {
    const lines = this.#services.store.steps(place.dir).read(place.step);
    return answerUri(place, answer, answersOf(lines, place.id)[answer]?.detail?.kind === 'tests');
  }
}

/** Longest title of a tab, in characters: a statement is a whole sentence. */
const tabLength = 36;

function shortTitle(title: string | undefined): string | undefined {
  const narrow = title === undefined ? undefined : narrowTitle(title);
  return narrow !== undefined && narrow.length > tabLength ? `${narrow.slice(0, tabLength - 1).trimEnd()}…` : narrow;
}
