import * as vscode from 'vscode';
import { defaultModelId } from '../../model/catalogue.ts';
import { findCheckpoint, latestCheckpoint } from '../../run/checkpoint.ts';
import { modelWord } from '../../view/run-name.ts';
import { commands, internalCommands } from '../contributions.ts';
import { type RunArgument, pickRun } from '../run-commands.ts';
import type { RunEntry } from '../run-store.ts';
import { type Disposables, type Services, guarded } from '../services.ts';
import { setSetting, setting } from '../settings.ts';
import { requireTrust } from '../trust.ts';
import { basePolicyOf, type ModelInUse, policyOf } from './model-in-use.ts';
import type { Policy, PolicyServer } from './server.ts';

/** What the commands about the model in use work with. */
interface Tools {
  services: Services;
  server: PolicyServer;
  inUse: ModelInUse;
}

/** "Use This Model", "Stop Using the Model", and the status bar that says which one is on. */
export function registerUseModel(services: Services, server: PolicyServer, inUse: ModelInUse): Disposables {
  const tools = { services, server, inUse };
  const item = vscode.window.createStatusBarItem('selfQuestioning.model', vscode.StatusBarAlignment.Left, 9);
  item.name = vscode.l10n.t('Model in Use');
  item.command = internalCommands.showModelMenu;
  const show = (): void => showItem(item, tools);
  show();
  return [
    item,
    inUse.onDidChange(show),
    server.onDidChange(show),
    vscode.commands.registerCommand(
      commands.useModel,
      guarded(services, (argument: RunArgument) => useModel(tools, argument)),
    ),
    vscode.commands.registerCommand(commands.stopUsingModel, () => stopUsing(tools)),
    vscode.commands.registerCommand(
      internalCommands.showModelMenu,
      guarded(services, () => showMenu(tools)),
    ),
  ];
}

async function useModel(tools: Tools, argument: RunArgument): Promise<void> {
  requireTrust();
  const named = argument === undefined ? undefined : await pickRun(tools.services, argument);
  const policy = named ? policyOf(named) : argument === undefined ? await choosePolicy(tools.services) : undefined;
  if (policy) {
    await takeIntoUse(tools, policy);
  }
}

/** The trained models, newest first, and the base model alone. */
async function choosePolicy({ store }: Services): Promise<Policy | undefined> {
  const trained = store.runs.flatMap((entry) => {
    const step = trainedStep(entry);
    return step === undefined ? [] : [{ entry, step }];
  });
  const base = { model: setting('model') || defaultModelId, device: setting('device') };
  const items = [
    ...trained.map(({ entry, step }) => ({
      label: `$(sparkle) ${entry.name}`,
      description: vscode.l10n.t('after step {0}', String(step)),
      detail: modelWord(basePolicyOf(entry).model),
      policy: policyOf(entry),
    })),
    { label: `$(chip) ${modelWord(base.model)}`, description: vscode.l10n.t('before training'), policy: base },
  ];
  const chosen = await vscode.window.showQuickPick<vscode.QuickPickItem & { policy: Policy }>(items, {
    title: vscode.l10n.t('Use This Model'),
    placeHolder: vscode.l10n.t('Which model should answer in chat and at the cursor?'),
    matchOnDescription: true,
    matchOnDetail: true,
  });
  return chosen?.policy;
}

/** The step of the latest checkpoint; undefined where there is none that can be read. */
function trainedStep({ dir }: RunEntry): number | undefined {
  try {
    return latestCheckpoint(dir)?.step;
  } catch {
    return undefined;
  }
}

/** Keeps the choice and loads the model, so that what is wrong with it is said now; then it is not in use. */
async function takeIntoUse({ inUse, server }: Tools, policy: Policy): Promise<void> {
  if (policy.dir !== undefined) {
    findCheckpoint(policy.dir);
  }
  const before = inUse.chosen;
  inUse.choose(policy);
  try {
    await server.use(policy, new AbortController().signal, async () => undefined);
  } catch (error) {
    // Another choice may have been made meanwhile.
    if (inUse.chosen === policy) {
      inUse.choose(before);
    }
    throw error;
  }
  void offerWays(inUse.name);
}

async function offerWays(name: string): Promise<void> {
  const tryIt = vscode.l10n.t('Try the Model');
  const complete = vscode.l10n.t('Turn On Completions');
  const said = vscode.l10n.t(
    '{0} is in use: it is in the list of chat models, and answers beside its base model.',
    name,
  );
  const actions = setting('inlineCompletion') ? [tryIt] : [tryIt, complete];
  const chosen = await vscode.window.showInformationMessage(said, ...actions);
  if (chosen === tryIt) {
    await vscode.commands.executeCommand(commands.tryModel);
  } else if (chosen === complete) {
    await setSetting('inlineCompletion', true);
  }
}

function stopUsing({ inUse, server }: Tools): void {
  inUse.choose(undefined);
  server.stop();
}

function showItem(item: vscode.StatusBarItem, { inUse, server }: Tools): void {
  if (!inUse.chosen) {
    item.hide();
    return;
  }
  const { state } = server;
  const { gone } = inUse;
  if (gone !== undefined) {
    item.text = `$(warning) ${clipped(inUse.name)}`;
    item.tooltip = vscode.l10n.t('The run whose model is in use is gone: {0}.', gone);
    item.accessibilityInformation = { label: item.tooltip, role: 'button' };
    item.show();
    return;
  }
  const icon = state.is === 'loading' ? 'loading~spin' : inUse.chosen.dir === undefined ? 'chip' : 'sparkle';
  item.text = `$(${icon}) ${clipped(inUse.name)}`;
  item.tooltip = [vscode.l10n.t('Model in use: {0}', inUse.name), kindText(inUse), stateText(server)].join('\n');
  item.accessibilityInformation = { label: item.tooltip, role: 'button' };
  item.show();
}

/** Longest name in the status bar, in characters. */
const nameLength = 28;

function clipped(name: string): string {
  return name.length > nameLength ? `${name.slice(0, nameLength - 1).trimEnd()}…` : name;
}

function kindText({ chosen, step }: ModelInUse): string {
  return chosen?.dir === undefined
    ? vscode.l10n.t('base model, before training')
    : vscode.l10n.t('{0} after step {1}', modelWord(chosen.model), String(step ?? 0));
}

function stateText({ state }: PolicyServer): string {
  switch (state.is) {
    case 'off':
      return vscode.l10n.t('It is loaded with the next question.');
    case 'loading':
      return [vscode.l10n.t('It is being loaded.'), state.line].join(' ').trim();
    case 'on':
      return vscode.l10n.t('It is loaded.');
  }
}

/** A click on the item. */
async function showMenu(tools: Tools): Promise<void> {
  const { inUse } = tools;
  const { chosen: policy } = inUse;
  const completes = setting('inlineCompletion');
  const run = (command: string) => (): unknown => vscode.commands.executeCommand(command);
  const items: (vscode.QuickPickItem & { act: () => unknown })[] = [
    { label: `$(split-horizontal) ${vscode.l10n.t('Try the Model')}`, act: run(commands.tryModel) },
    {
      label: completes
        ? `$(circle-slash) ${vscode.l10n.t('Turn Off Completions')}`
        : `$(edit) ${vscode.l10n.t('Turn On Completions')}`,
      act: () => setSetting('inlineCompletion', !completes),
    },
    ...(policy?.dir === undefined
      ? []
      : [
          {
            label: `$(chip) ${vscode.l10n.t('Use the Base Model Instead')}`,
            act: () => takeIntoUse(tools, { model: policy.model, device: policy.device }),
          },
        ]),
    { label: `$(list-selection) ${vscode.l10n.t('Use Another Model…')}`, act: run(commands.useModel) },
    { label: `$(debug-stop) ${vscode.l10n.t('Stop Using the Model')}`, act: run(commands.stopUsingModel) },
  ];
  const chosen = await vscode.window.showQuickPick(items, { placeHolder: inUse.name });
  await chosen?.act();
}
