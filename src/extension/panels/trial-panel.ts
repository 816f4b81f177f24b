import { randomInt } from 'node:crypto';
import * as vscode from 'vscode';
import * as z from 'zod';
import type { Prompt } from '../../protocol/runtime.ts';
import { latestCheckpoint } from '../../run/checkpoint.ts';
import { appendPreference } from '../../run/preferences.ts';
import { type HostMessage, TrialMessage } from '../../view/messages.ts';
import { modelWord } from '../../view/run-name.ts';
import { isPending } from '../../view/trial.ts';
import { TrialModel } from '../../view/trial-model.ts';
import { commands, panels } from '../contributions.ts';
import { type ModelInUse, policyOf } from '../policy/model-in-use.ts';
import { preferenceOf } from '../policy/preference.ts';
import { chooseQuestion, questionAt, type TrialQuestion } from '../policy/questions.ts';
import type { PolicyServer } from '../policy/server.ts';
import { Trial } from '../policy/trial.ts';
import { type RunArgument, pickRun } from '../run-commands.ts';
import { modelOf, type RunEntry } from '../run-store.ts';
import { type Services, disposeAll, guarded } from '../services.ts';
import { requireTrust } from '../trust.ts';
import { createPanel, loadPage, replaceRestored } from './page-html.ts';

/** At most four messages a second go to a page. */
const messageIntervalMs = 250;

/** What is kept of the panel over a restart of the window. */
const PanelState = z.object({ trial: TrialModel });

/** "Try the Model": one question, the answers of base and trained model beside each other. One panel. */
export class TrialPanel implements vscode.Disposable, vscode.WebviewPanelSerializer {
  readonly #services: Services;
  readonly #server: PolicyServer;
  readonly #inUse: ModelInUse;
  readonly #subscriptions: vscode.Disposable[];
  #panel: vscode.WebviewPanel | undefined;
  #model: TrialModel | undefined;
  #question: TrialQuestion | undefined;
  #trial: Trial | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(services: Services, server: PolicyServer, inUse: ModelInUse) {
    this.#services = services;
    this.#server = server;
    this.#inUse = inUse;
    this.#subscriptions = [
      vscode.window.registerWebviewPanelSerializer(panels.trial, this),
      server.onDidChange(() => this.#trial?.pending && this.#sendSoon()),
      services.store.onDidChange(() => this.#closeWithoutRun()),
      vscode.commands.registerCommand(
        commands.tryModel,
        guarded(services, (argument: RunArgument) => this.#openFor(argument)),
      ),
    ];
  }

  async deserializeWebviewPanel(panel: vscode.WebviewPanel, state: unknown): Promise<void> {
    if (this.#panel) {
      replaceRestored(panel, this.#panel);
      return;
    }
    const { data } = PanelState.safeParse(state);
    const entry = this.#services.store.find(data?.trial.dir);
    if (!data || !entry) {
      panel.dispose();
      return;
    }
    // What was on its way when the window closed does not come any more.
    const lasts = data.trial.sides?.some(isPending) === false;
    this.#model = { ...(lasts ? data.trial : withoutAnswers(data.trial)), ...namesOf(entry) };
    this.#adopt(panel);
  }

  dispose(): void {
    disposeAll(this.#subscriptions);
    this.#panel?.dispose();
  }

  async #openFor(argument: RunArgument): Promise<void> {
    requireTrust();
    const { store } = this.#services;
    const used = store.find(this.#inUse.chosen?.dir);
    const entry = await pickRun(this.#services, argument ?? used ?? store.selected);
    if (!entry) {
      return;
    }
    if (this.#model?.dir !== entry.dir) {
      this.#leave();
      this.#model = {
        ...{ dir: entry.dir, ...namesOf(entry), prompt: this.#model?.prompt ?? '', judged: false, temperature: 0 },
        ...{ left: 'base', blind: this.#model?.blind ?? false },
      };
    }
    if (this.#panel) {
      this.#panel.reveal();
      this.#send();
      return;
    }
    const panel = createPanel(panels.trial);
    this.#adopt(panel);
  }

  #adopt(panel: vscode.WebviewPanel): void {
    const { extensionUri } = this.#services.context;
    this.#panel = panel;
    panel.title = vscode.l10n.t('Try the Model');
    panel.iconPath = new vscode.ThemeIcon('split-horizontal');
    loadPage(panel, extensionUri, 'trial');
    panel.webview.onDidReceiveMessage(guarded(this.#services, (message: unknown) => this.#receive(message)));
    panel.onDidChangeViewState(() => this.#sendSoon());
    panel.onDidDispose(() => {
      this.#panel = undefined;
      this.#leave();
    });
  }

  /** A page about a run that was deleted has nobody to ask; its words are there again with the next run. */
  #closeWithoutRun(): void {
    if (this.#model && !this.#services.store.find(this.#model.dir)) {
      this.#panel?.dispose();
    }
  }

  /** Ends what is being answered and forgets the question. */
  #leave(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#trial?.dispose();
    this.#trial = this.#question = undefined;
  }

  /** Messages to a hidden page would be lost: it is told everything when it comes back. */
  #sendSoon(): void {
    if (this.#panel?.visible) {
      this.#timer ??= setTimeout(() => {
        this.#timer = undefined;
        this.#send();
      }, messageIntervalMs);
    }
  }

  #send(): void {
    if (!this.#model || !this.#panel) {
      return;
    }
    const { state } = this.#server;
    const { loading: _, ...model } = this.#model;
    const waits = this.#trial?.pending === true && state.is === 'loading';
    const message: HostMessage = {
      type: 'trial',
      model: {
        ...model,
        ...(this.#trial ? { sides: this.#trial.sides, pair: this.#trial.pair } : {}),
        ...(waits ? { loading: [vscode.l10n.t('Loading the model'), state.line].join(' ').trim() } : {}),
      },
    };
    this.#model = message.model;
    void this.#panel.webview.postMessage(message);
  }

  async #receive(value: unknown): Promise<void> {
    const message = TrialMessage.parse(value);
    const model = this.#model;
    if (!model) {
      return;
    }
    switch (message.type) {
      case 'ready':
        break;
      case 'ask':
        await this.#ask(model, message.prompt, message.temperature);
        return;
      case 'stop':
        this.#trial?.stop();
        return;
      case 'chooseProblem':
        await this.#chooseProblem(model);
        break;
      case 'ownPrompt':
        this.#forgetQuestion(model);
        break;
      case 'blind':
        this.#model = { ...model, blind: message.on };
        break;
      case 'prefer':
        await this.#prefer(model, message.choice);
        break;
      case 'use':
        await vscode.commands.executeCommand(commands.useModel, model.dir);
        return;
    }
    this.#send();
  }

  async #ask(model: TrialModel, prompt: string, temperature: number): Promise<void> {
    const entry = await pickRun(this.#services, model.dir);
    if (!entry) {
      return;
    }
    const question = await this.#questionOf(model);
    this.#trial?.dispose();
    // Who does not know which is which must not guess it by its place.
    const left: TrialModel['left'] = model.blind && randomInt(2) === 1 ? 'trained' : 'base';
    this.#model = { ...withoutAnswers(model), ...namesOf(entry), temperature, left, ...(question ? {} : { prompt }) };
    const request = {
      policy: policyOf(entry),
      prompt: question?.prompt ?? ownPrompt(prompt),
      temperature,
      left,
      ...(question ? { question } : {}),
    };
    const trial = new Trial(this.#services, request, () => this.#trial === trial && this.#sendSoon());
    this.#trial = trial;
    this.#send();
    await trial.run(this.#server);
    if (this.#trial === trial) {
      this.#send();
    }
  }

  async #chooseProblem(model: TrialModel): Promise<void> {
    const entry = await pickRun(this.#services, model.dir);
    const question = entry && (await chooseQuestion(this.#services, entry));
    if (question) {
      this.#forgetAnswers();
      this.#question = question;
      const { statement, place, problem } = question;
      this.#model = { ...withoutAnswers(model), prompt: statement, question: place, judged: problem !== undefined };
    }
  }

  #forgetQuestion(model: TrialModel): void {
    this.#forgetAnswers();
    this.#question = undefined;
    const { question: _, ...rest } = withoutAnswers(model);
    this.#model = { ...rest, prompt: '', judged: false };
  }

  #forgetAnswers(): void {
    this.#trial?.dispose();
    this.#trial = undefined;
  }

  /** Keeps the choice in the run's folder. */
  async #prefer(model: TrialModel, choice: NonNullable<TrialModel['preferred']>): Promise<void> {
    const entry = await pickRun(this.#services, model.dir);
    const question = await this.#questionOf(model);
    const prompt = question?.prompt ?? ownPrompt(model.prompt);
    const asked = { prompt, model: entry ? modelOf(entry) : '', time: new Date().toISOString() };
    const preference = preferenceOf(model, choice, asked);
    if (entry && preference) {
      appendPreference(entry.dir, preference);
      this.#model = { ...model, preferred: choice };
    }
  }

  /** The chosen question; read again after a restart of the window. */
  async #questionOf({ dir, question }: TrialModel): Promise<TrialQuestion | undefined> {
    this.#question = question && (this.#question ?? (await questionAt(this.#services, dir, question)));
    return this.#question;
  }
}

function withoutAnswers(model: TrialModel): TrialModel {
  const { sides: _, pair: __, preferred: ___, loading: ____, ...rest } = model;
  return rest;
}

function ownPrompt(content: string): Prompt {
  return { messages: [{ role: 'user', content }] };
}

/** What the page calls the run and its two models. */
function namesOf(entry: RunEntry): Pick<TrialModel, 'runName' | 'baseName' | 'trainedName'> {
  const base = modelWord(modelOf(entry));
  const step = latestCheckpoint(entry.dir)?.step ?? 0;
  return {
    runName: entry.name,
    baseName: vscode.l10n.t('{0} before training', base),
    trainedName: vscode.l10n.t('{0} after step {1}', base, String(step)),
  };
}
